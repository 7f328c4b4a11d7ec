"""One measured line, as `./dev bench --json` writes it (docs/interfaces.md) and as the table prints it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Result:
    """value and reference_value in `unit`; ratio = value ÷ reference_value; met: whether the goal holds.

    met is None where a line only informs. samples holds what the median was taken of.
    """

    id: str
    what: str
    value: float
    unit: str
    reference: str = ""
    reference_value: float | None = None
    goal: str = ""
    met: bool | None = None
    samples: list[float] = field(default_factory=list)
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The ratio value ÷ reference_value, None without a reference."""
        return self.value / self.reference_value if self.reference_value else None

    def to_json(self) -> dict[str, Any]:  # Any: JSON
        """The object of docs/interfaces.md."""
        return asdict(self) | {"ratio": self.ratio}


def at_most(bound: float, value: float, reference: float) -> bool:
    """Whether value ≤ bound × reference."""
    return value <= bound * reference


def table(results: list[Result]) -> str:
    """Lines for people."""
    rows = [("id", "what", "value", "reference", "ratio", "goal", "met")]
    for r in results:
        reference = f"{r.reference_value:.4g} {r.unit} {r.reference}" if r.reference_value else r.reference
        ratio = f"{r.ratio:.2f}×" if r.ratio is not None else ""
        met = {True: "yes", False: "NO", None: ""}[r.met]
        rows.append((r.id, r.what, f"{r.value:.4g} {r.unit}", reference, ratio, r.goal, met))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    notes = [f"{r.id} {r.what}: {r.note}" for r in results if r.note]
    return "\n".join([*lines, "", *notes])


def dump(results: list[Result]) -> str:
    """The JSON document."""
    return json.dumps([r.to_json() for r in results], indent=1)
