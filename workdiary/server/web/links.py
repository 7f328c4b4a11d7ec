"""Addresses of the diary's pages, all made here: a zone once chosen stays chosen."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class DayLinks:
    """Addresses around one day of one contract; zone is None where it is the reader's own."""

    contract: str
    day: str
    zone: str | None = None

    def here(self, cell: str | None = None, show: str | None = None, anchor: str = "") -> str:
        """The same day, a cell of it open, or only what a filter shows."""
        return self.on(self.day, cell, show) + (f"#{anchor}" if anchor else "")

    def on(self, day: str, cell: str | None = None, show: str | None = None) -> str:
        """Another day."""
        asked = {"zone": self.zone, "show": show, "cell": cell}
        query = urlencode({name: value for name, value in asked.items() if value}, safe=":/")
        path = reverse("day", args=[self.contract, day])
        return f"{path}?{query}" if query else path

    def cell(self, key: str, show: str | None = None) -> str:
        """A cell's detail; the anchor brings it into view where it is a sheet of its own."""
        return self.here(key, show, f"c-{key}")

    def shot(self, digest: str) -> str:
        """The full-size picture's page."""
        return reverse("shot_page", args=[digest]) + (
            f"?{urlencode({'zone': self.zone}, safe='/')}" if self.zone else ""
        )

    def record(self, rid: str) -> str:
        """The raw record and its proof."""
        return reverse("record", args=[rid])
