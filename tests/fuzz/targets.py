"""The fuzz targets of parsers by name; whole verdicts, which cost more, are in verdict_targets."""

from __future__ import annotations

from tests.fuzz import evidence_targets, wire_targets
from tests.fuzz.target import Target

TARGETS: dict[str, Target] = {**evidence_targets.TARGETS, **wire_targets.TARGETS}


def _planted(data: bytes) -> None:
    raise RuntimeError(f"a parser that breaks on {len(data)} bytes")


# What the harness itself is tested with.
PLANTED = {"planted": Target(_planted, lambda: [b"anything"])}
