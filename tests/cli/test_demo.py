"""`demo` on a real screen: it fills cells by itself, says so, and ends on a page that shows the work."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell
from tests.fakes.xserver import XServer, screen
from workdiary.cli.demo import first_with_work

__all__ = ["screen"]


@pytest.mark.timeout(200)
def test_a_demo_without_anybody_ends_on_a_page_that_shows_it(shell: Shell, screen: XServer) -> None:
    terminal = screen.xterm(script="echo A terminal to picture; exec cat")
    shell.env |= {"DISPLAY": screen.display}
    done = shell.run("demo", "--no-input", "--cells", "1")
    screen.end(terminal)
    assert done.code == 0, done.err
    found = done.json()
    day = found["day"]
    assert day["shots"] >= 1
    assert day["keys"] >= 10
    assert day["injected"] == day["keys"] + day["clicks"] + day["scrolls"]
    assert 29_000 <= day["totals"]["tracked_ms"] <= 33_000
    assert found["status"]["outbox"]["waiting"] == 0
    assert "Its counts are marked as injected" in done.err
    assert "was opened and shows the work" in done.err
    assert found["bundle"]["exit"] == 1, "a demo never proves everything"
    assert found["bundle"]["axes"]["integrity"] == "VALID"
    assert found["bundle"]["axes"]["chain"] == "CONTIGUOUS"
    assert "nothing in it is false" in done.err


@pytest.mark.parametrize(("worked_on", "shown"), [("2026-11-22", "2026-11-22"), ("2026-11-23", "2026-11-23")])
def test_a_demo_across_midnight_shows_the_day_it_worked_on(worked_on: str, shown: str) -> None:
    def read(name: str | None) -> dict[str, object]:
        day = name or "2026-11-23"
        return {"day": day, "segments": [{}] if day == worked_on else []}

    before_midnight = 1_795_391_990_000  # Sun 22 Nov 2026, 23:59:50 UTC
    assert first_with_work(read, before_midnight, "UTC")["day"] == shown
