"""The ledger itself: what the desk says it typed is what a terminal received."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.desk import Desk, wait_for


def test_every_key_the_ledger_holds_reached_the_terminal(desk: Desk, tmp_path: Path) -> None:
    desk.work(2)
    keys = [e for e in desk.sent if e.kind == "keys"]
    desk._do("other", "key", "Return")  # the terminal hands a line on when it is complete
    typed = tmp_path / "typed"
    assert wait_for(lambda: typed.exists() and len(typed.read_text().strip()) >= len(keys), 5, "the line")
    assert len(typed.read_text().strip()) == len(keys) > 5
