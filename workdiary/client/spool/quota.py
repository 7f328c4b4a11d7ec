"""Room on disk: the quota on unsent images and the reserve file that is freed when the disk is full."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Health:
    """used/limit: bytes of what is not sent yet; warn: 0, 80 or 95 percent passed; full: stop tracking visibly."""

    used: int
    limit: int
    warn: int
    full: bool
    reason: str
