"""The base of all rows."""

from __future__ import annotations

from django.db import models


class Row(models.Model):
    """A row that names itself by its key only: tracebacks and logs print rows, and rows hold content."""

    class Meta:
        """Not a table."""

        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.label_lower} {self.pk}"
