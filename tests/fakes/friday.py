"""A Friday with everything a day can show, told through `DiaryServer`: what pages are tested and drawn on."""

from __future__ import annotations

import random

from tests.fakes.diary_days import NOON, DiaryServer, Worked
from tests.fakes.screens import picture
from workdiary.evidence.envelope import SignedRecord

MINUTE = 60_000
CELL = 10 * MINUTE
MIDNIGHT = NOON - 12 * 60 * MINUTE  # 2026-11-20T00:00:00Z
RETRY, REVIEW = "Retry booking calls on carrier timeout", "Review PR #412 with Tomás"
CALL, MATRIX = "Call with Maersk carrier desk", "Lane test matrix for the rollout"
QUEUE = "Load test of the booking queue"


def at(clock: str) -> int:
    """UTC ms of `09:40` or `09:40:30` on that Friday."""
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return MIDNIGHT + ((hours * 60 + minutes) * 60 + (seconds[0] if seconds else 0)) * 1_000


def counts(seed: int, busy: float, buckets: int = 10) -> list[tuple[int, int, int, int, int, int]]:
    """Plausible counts: `busy` is the share of minutes with input."""
    dice = random.Random(seed)
    found = []
    for _bucket in range(buckets):
        if dice.random() > busy:
            found.append((0, 0, 0, 0, 0, 0))
            continue
        seconds = dice.randrange(12, 60)
        found.append(
            (
                dice.randrange(20, 130),
                dice.randrange(0, 9),
                dice.randrange(0, 30),
                dice.randrange(20, 90),
                seconds,
                0,
            )
        )
    return found


class Friday:
    """Signs the day; `records` by the clock time they start at."""

    def __init__(self, server: DiaryServer) -> None:
        self.server = server
        self.records: dict[str, SignedRecord] = {}

    def tell(self) -> Friday:
        """The whole day, 05:12 to 13:36 UTC (08:12 in Nairobi)."""
        self.server.begin(at("05:10"))
        self._morning()
        self._call_and_lock()
        self._idle_and_load()
        self._afternoon()
        return self

    def _morning(self) -> None:
        self.work("05:12", "05:20", RETRY, open="start", busy=0.9)
        for clock in ("05:20", "05:30", "05:40", "05:50"):
            self.cell(clock, RETRY, busy=0.85)
        self.cell("06:00", RETRY, screens=("editor", "document"), busy=0.8)
        self.cell("06:10", RETRY, screens=("document",), busy=0.7)
        self.cell("06:20", RETRY, busy=0.9)
        self.cell("06:30", RETRY, screens=("terminal",), busy=0.9)
        self.cell("06:40", RETRY, busy=0.8, edit="masked")
        self.cell("06:50", RETRY, screens=(), no_shot="private-app", busy=0.8)
        self.cell("07:00", RETRY, busy=0.8)
        self.work("07:10", "07:14", RETRY, close="pause", busy=0.9)
        self.work("07:31", "07:40", REVIEW, open="resume", screens=("document",), busy=0.9)
        self.cell("07:40", REVIEW, screens=("document",), busy=0.7)
        self.cell("07:50", REVIEW, busy=0.8)

    def _call_and_lock(self) -> None:
        self.cell("08:00", CALL, screens=("document",), busy=0.1, label="call")
        self.cell("08:10", CALL, screens=("document",), busy=0.2, label="call")
        self.work("08:20", "08:24", CALL, screens=(), close="memo", busy=0.3, label="call")
        self.work("08:24", "08:30", RETRY, open="memo", busy=0.9)
        self.cell("08:30", RETRY, busy=0.8)
        self.cell("08:40", RETRY, busy=0.9)
        self.cell("08:50", RETRY, screens=("terminal",), busy=0.8)
        self.work("09:00", "09:04:30", RETRY, close="lock", screens=(), no_shot="locked", busy=0.9)
        self.work("09:51:10", "10:00", MATRIX, open="resume", screens=("sheet",), busy=0.9)

    def _idle_and_load(self) -> None:
        self.cell("10:00", MATRIX, screens=("sheet",), busy=0.7)
        self.cell("10:10", MATRIX, screens=("sheet",), busy=0.5)
        self.cell("10:20", MATRIX, screens=("sheet",), busy=0.0, close="idle")
        self.cell("10:40", MATRIX, screens=("sheet",), open="resume", busy=0.8)
        self.cell("10:50", MATRIX, screens=("sheet",), busy=0.9, stored=False)
        for clock in ("11:00", "11:10", "11:20"):
            self.cell(clock, QUEUE, screens=("terminal",), busy=0.8)
        self.work("11:30", "11:37", QUEUE, close="stop", screens=("terminal",), busy=0.8)

    def _afternoon(self) -> None:
        self.server.manual(at("13:00"), at("13:30"), "Whiteboard session with Jonas, Berlin office")
        self.cell("13:30", QUEUE, open="start", screens=("editor",), busy=0.9)
        self.cell("13:40", QUEUE, screens=(), close="crash", no_shot="crash", busy=0.6)
        self.work("13:52", "14:00", QUEUE, open="resume", screens=("editor",), busy=0.9)
        self.cell("14:00", QUEUE, screens=("editor",), busy=1.0)
        self.work("14:10", "14:16:20", QUEUE, close="stop", screens=("terminal",), busy=0.7)
        self.server.redact(self.records["08:30"], "shot.0", at("15:02"))
        self.server.discard(self.records["11:10"], at("15:03"))
        self.server.discard(self.records["10:20"], at("15:03"), why="idle")

    def cell(self, clock: str, memo: str, **more: object) -> SignedRecord:
        """A whole cell."""
        return self.work(clock, None, memo, **more)

    def work(self, clock: str, until: str | None, memo: str, **more: object) -> SignedRecord:
        """A segment. screens: what its shot shows; busy: share of minutes with input; stored: it arrived."""
        start = at(clock)
        end = start + CELL if until is None else at(until)
        seed = start // MINUTE
        screens = more.pop("screens", ("editor",))
        stored = more.pop("stored", True)
        pictures = [picture(kind, seed + k) for k, kind in enumerate(screens)]
        buckets = -(-end // MINUTE) - start // MINUTE
        worked = Worked(
            start,
            end,
            memo,
            counts(seed, more.pop("busy", 0.8), buckets),
            pictures,
            **more,
        )
        record = self.server.segment(worked)
        if stored:
            self.server.store(record, pictures)
        self.records[clock] = record
        return record
