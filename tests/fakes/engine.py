"""What runs behind the window, around a fake tracker."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.tracker import FakeTracker

NOTICE = Path(__file__).parents[2] / "resources" / "notices" / "solo-en.txt"
ADDRESS = "http://127.0.0.1:40123/signin/once"


class FakeEngine:
    """`client.desktop.desk.Engine`; `agreed_to` holds the contracts whose notice was agreed to."""

    def __init__(self, tracker: FakeTracker, *, agreed: tuple[str, ...] = ("c-demo", "c-booking")) -> None:
        self.tracker = tracker
        self.agreed_to = list(agreed)
        self.told: tuple[str, ...] = ()
        self.fails: Exception | None = None
        self.closed = 0

    def notice(self) -> str:
        return NOTICE.read_text("utf-8")

    def diary_address(self) -> str:
        if self.fails is not None:
            raise self.fails
        return ADDRESS

    def agreed(self, contract: str) -> bool:
        return contract in self.agreed_to

    def agree(self, contract: str) -> None:
        self.agreed_to.append(contract)

    def close(self) -> None:
        self.closed += 1
