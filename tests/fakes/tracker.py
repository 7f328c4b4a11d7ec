"""A tracker without a pipeline: it keeps one snapshot and the calls it was given."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.events import (
    AnnotationKind,
    CellView,
    ContractView,
    IdleAnswer,
    IdleView,
    Listener,
    OutboxView,
    ShotView,
    Snapshot,
    StripCell,
)

NOW = 1_795_191_768_000  # Fri 20 Nov 2026, 16:22:48 UTC: the day of the design's pictures
MINUTE = 60_000
CELL = 10 * MINUTE
DEMO = ContractView("c-demo", "demo", "full", 2500, "USD", 2, None)
BOOKING = ContractView("c-booking", "Booking API", "full", 4800, "EUR", 2, 30 * 3600)


def stopped(**changes: object) -> Snapshot:
    """A tracker that just started, with two contracts and nothing tracked."""
    plain = Snapshot(
        at_ms=NOW, state="stopped", sync="ok", contract=DEMO, contracts=(DEMO, BOOKING), key_class="SOFTWARE"
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def day_strip() -> tuple[StripCell, ...]:
    """A working day: from 08:10 to now, a locked screen for 47 min, half an hour of idle claim."""
    start = NOW - NOW % (24 * 60 * MINUTE)
    cells = []
    for k in range(49, 98):
        at = start + k * CELL
        if 72 <= k <= 75:
            cells.append(StripCell(at, 3 * MINUTE if k == 72 else 0, "tracked" if k == 72 else "", "lock"))
        elif 88 <= k <= 90:
            cells.append(StripCell(at, CELL, "idle-claim"))
        elif k == 60:
            cells.append(StripCell(at, 5 * MINUTE, "tracked", "pause"))
        else:
            cells.append(StripCell(at, CELL, "tracked"))
    return (*cells, StripCell(start + 98 * CELL, NOW % CELL, "tracked"))


def tracking(**changes: object) -> Snapshot:
    """In the middle of a working day."""
    cell = NOW - NOW % CELL
    plain = Snapshot(
        at_ms=NOW,
        state="tracking",
        sync="waiting",
        contract=BOOKING,
        contracts=(DEMO, BOOKING),
        memo="Load test of the booking queue",
        session_ms=5_570_000,
        today_ms=18_445_000,
        week_ms=102_840_000,
        today_amount=24_593,
        week_amount=137_120,
        week_limit_s=30 * 3600,
        cell=CellView(cell, cell + CELL, ("active", "active", "quiet", *("future",) * 7)),
        strip=day_strip(),
        outbox=OutboxView(waiting=3, oldest_ms=NOW - 100_000, last_receipt_ms=NOW - 130_000, images=1),
        key_class="SOFTWARE",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def shot(**changes: object) -> ShotView:
    """A shot taken 22 s ago with 38 s left to decide."""
    plain = ShotView("shot-1", NOW - 22_000, NOW + 38_000, 1, None, 231_000, 308)
    return replace(plain, **changes)  # type: ignore[arg-type]


def question(**changes: object) -> IdleView:
    """Away from the desk for 24 minutes, back a moment ago."""
    plain = IdleView(
        id="segment-1",
        since_ms=NOW - 25 * MINUTE,
        until_ms=NOW - MINUTE,
        price=1_920,
        billed_ms=24 * MINUTE,
        memo="Load test of the booking queue",
        currency="EUR",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


class FakeTracker:
    """`client.tracker.events.Tracker` in memory; `calls` holds what was asked, `fails` what to raise next."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.fails: Exception | None = None
        self.history = ["Load test of the booking queue", "Load balancer notes", "Review of the price rules"]
        self.picture: bytes | None = None
        self._now = snapshot or stopped()
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def tell(self, snapshot: Snapshot) -> None:
        """The state becomes this; listeners hear of it on the calling thread, as the engine's would."""
        with self._lock:
            self._now = snapshot
            listeners = list(self._listeners)
        for listener in listeners:
            listener(snapshot)

    def change(self, **changes: object) -> None:
        """`tell` with some fields changed."""
        self.tell(replace(self.snapshot(), **changes))  # type: ignore[arg-type]

    @property
    def listening(self) -> int:
        """How many listeners there are."""
        return len(self._listeners)

    def snapshot(self) -> Snapshot:
        with self._lock:
            return self._now

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        with self._lock:
            self._listeners.append(listener)

        def undo() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return undo

    def start(
        self, contract: str | None, memo: str | None, label: str | None, *, over_limit: bool = False
    ) -> None:
        self.asked("start", contract, memo, label, *(["over-limit"] if over_limit else []))
        now = self.snapshot()
        chosen = next((c for c in now.contracts if contract in (c.id, c.name)), now.contract)
        if contract is not None and contract not in [x for c in now.contracts for x in (c.id, c.name)]:
            raise KnownError(
                "Unknown contract", "Choose one of yours.", subject=contract, exit_code=ExitCode.NOT_FOUND
            )
        text = memo if memo is not None else now.memo
        if not text.strip():
            raise KnownError("No memo", "Say what you are working on.", exit_code=ExitCode.USAGE)
        begun = now.at_ms - now.at_ms % CELL
        cell = CellView(begun, begun + CELL, ("quiet", *("future",) * 9))
        self.change(state="tracking", contract=chosen, memo=text, label=label, reason="", cell=cell)

    def stop(self) -> None:
        self.asked("stop")
        self.change(state="stopped", session_ms=0, cell=None)

    def pause(self) -> None:
        self.asked("pause")
        self.change(state="paused", cell=None)

    def set_memo(self, memo: str, label: str | None) -> None:
        self.asked("set_memo", memo, label)
        self.change(memo=memo, label=label)

    def decide(self, shot_id: str, choice: str) -> None:
        self.asked("decide", shot_id, choice)
        held = self.snapshot().shot
        if held is not None and held.shot_id == shot_id:
            self.change(shot=replace(held, choice=choice))  # type: ignore[arg-type]

    @property
    def corrections(self) -> FakeCorrections:
        return FakeCorrections(self)

    @property
    def idle(self) -> FakeIdleDesk:
        return FakeIdleDesk(self)

    def thumbnail(self, shot_id: str) -> bytes | None:
        self.asked("thumbnail", shot_id)
        return self.picture

    def memos(self, contract: str | None, prefix: str) -> list[str]:
        self.asked("memos", contract, prefix)
        return [memo for memo in self.history if memo.casefold().startswith(prefix.casefold())]

    def asked(self, *call: object) -> None:
        self.calls.append(call)
        if self.fails is not None:
            error, self.fails = self.fails, None
            raise error


class FakeIdleDesk:
    """`client.tracker.events.IdleDesk` of a fake tracker."""

    def __init__(self, tracker: FakeTracker) -> None:
        self._tracker = tracker

    def answer(self, choice: IdleAnswer, memo: str | None = None) -> None:
        self._tracker.asked("answer", choice, memo)
        asked = self._tracker.snapshot().question
        if asked is None or asked.answer is not None:
            raise KnownError("There is no question", "Nobody was missed.", exit_code=ExitCode.NOT_FOUND)
        state = "stopped" if choice == "stop" else "tracking"
        self._tracker.change(question=replace(asked, answer=choice), state=state, reason="")

    def undo(self, span: str | None = None) -> None:
        self._tracker.asked("undo", span)
        asked = self._tracker.snapshot().question
        if asked is None:
            raise KnownError("There is nothing to undo", "", exit_code=ExitCode.NOT_FOUND)
        self._tracker.change(question=replace(asked, answer=None))

    def announce(self, kind: AnnotationKind, minutes: int, text: str | None = None) -> None:
        self._tracker.asked("announce", kind, minutes, text)
        self._tracker.change(quiet_until_ms=self._tracker.snapshot().at_ms + minutes * MINUTE)


class FakeCorrections:
    """`client.tracker.events.Corrections` of a fake tracker."""

    def __init__(self, tracker: FakeTracker) -> None:
        self._tracker = tracker

    def redact(self, rids: list[str], scope: str = "shots") -> int:
        self._tracker.asked("redact", *rids, *([] if scope == "shots" else [scope]))
        return len(rids)

    def discard(self, rids: list[str], part: tuple[int, int] | None = None) -> int:
        self._tracker.asked("discard", *rids, *([] if part is None else [part]))
        return len(rids)

    def blur(self, rids: list[str]) -> int:
        self._tracker.asked("blur", *rids)
        return len(rids)

    def set_memo(self, rids: list[str], memo: str, label: str | None) -> int:
        self._tracker.asked("set_memo_of", *rids, memo, label)
        return len(rids)

    def move(
        self,
        rids: list[str],
        to: str,
        memo: str | None,
        label: str | None = None,
        *,
        over_limit: bool = False,
    ) -> list[str]:
        self._tracker.asked("move", *rids, to, memo, label, over_limit)
        return [f"moved-{rid}" for rid in rids]
