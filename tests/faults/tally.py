"""What a programme did, one line a part: docs/reliability.md has its counts from artifacts/faults.log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from tests.conftest import SEED

LOG = Path(__file__).resolve().parents[2] / "artifacts" / "faults.log"


def tally(programme: str, told: str) -> None:
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("a", encoding="utf-8") as file:
        file.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} seed {SEED} {programme}: {told}\n")
