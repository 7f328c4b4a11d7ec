"""The stages before the tracker, in memory: spool, journal, uploader, contracts, alarms and workers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.fakes.past import FakePast
from workdiary.client.account import Contract
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.clock import Clock
from workdiary.client.segment.model import (
    HoldChoice,
    SegmentClose,
    SegmentProgress,
    SegmentStart,
    ShotImage,
    ShotSet,
)
from workdiary.client.sign.held import Annotation, DiscardWhy, IdleClaim, RedactScope, Span
from workdiary.client.spool.outbox import OutboxCounts
from workdiary.client.spool.quota import Health
from workdiary.client.spool.store import RecoveredSegment
from workdiary.client.upload.uploader import SyncReport
from workdiary.rules.entries import Entry
from workdiary.rules.policy import PolicySet

FULL = KnownError("The disk is full", "Free some space.", permanent=False)


@dataclass
class Row:
    """One segment as the fake spool keeps it."""

    start: SegmentStart
    progress: SegmentProgress | None = None
    close: SegmentClose | None = None
    shots: list[ShotSet] = field(default_factory=list)
    signed: bool = False

    @property
    def tracked_ms(self) -> int:
        assert self.close is not None
        return self.close.progress.tracked_ms

    @property
    def span(self) -> tuple[int, int]:
        assert self.close is not None
        return self.start.start_ms, self.close.progress.end_ms

    def total(self, name: str) -> int:
        assert self.close is not None
        return sum(getattr(bucket, name) for bucket in self.close.progress.buckets)


class FakeStore:
    """The spool in memory; set `failure` to make every write raise it, `fails` to name which ones."""

    def __init__(self, folder: Path) -> None:
        self.image_folder = folder
        self.rows: dict[str, Row] = {}
        self.instants: dict[tuple[str, int], int] = {}
        self.checkpoints = 0
        self.failure: KnownError | None = None
        self.fails: set[str] = set()
        self.full = Health(used=0, limit=100, warn=0, full=False, reason="")
        self.history: list[str] = []
        self.past = FakePast(self)

    def _write(self, name: str) -> None:
        self.history.append(name)
        if self.failure is not None and (not self.fails or name in self.fails):
            raise self.failure

    @property
    def closed(self) -> list[Row]:
        """Closed segments in the order they began."""
        return [row for row in self.rows.values() if row.close is not None]

    def begin(self, start: SegmentStart) -> None:
        self._write("begin")
        self.rows[start.rid] = Row(start)

    def checkpoint(self, rid: str, progress: SegmentProgress) -> None:
        self._write("checkpoint")
        self.checkpoints += 1
        assert self.rows[rid].close is None
        self.rows[rid].progress = progress

    def close_segment(self, rid: str, close: SegmentClose) -> None:
        self._write("close_segment")
        assert self.rows[rid].close is None, "closed twice"
        self.rows[rid].close = close

    def add_shots(self, rid: str, shots: ShotSet) -> None:
        self._write("add_shots")
        assert not self.rows[rid].signed
        self.rows[rid].shots.append(shots)

    def replace_images(self, shot_id: str, images: tuple[ShotImage, ...]) -> None:
        self._change(shot_id, images=images)

    def extend_hold(self, shot_id: str, hold_until_ms: int) -> None:
        self._change(shot_id, hold_until_ms=hold_until_ms)

    def decide(self, shot_id: str, choice: HoldChoice) -> None:
        shots = self.shot(shot_id)
        if shots is None:
            raise KnownError("No such shot", "", subject=shot_id, exit_code=ExitCode.NOT_FOUND)
        if self.rows[shots.rid].signed:
            if choice == "keep":
                return
            raise KnownError("Signed already", "", subject=shot_id, exit_code=ExitCode.REFUSED)
        self._change(shot_id, choice=choice)

    def _change(self, shot_id: str, **changes: object) -> None:
        for row in self.rows.values():
            row.shots = [
                replace(s, **changes) if s.shot_id == shot_id else s  # type: ignore[arg-type]
                for s in row.shots
            ]

    def open_segments(self) -> list[RecoveredSegment]:
        return [
            RecoveredSegment(row.start, row.progress, tuple(row.shots))
            for row in self.rows.values()
            if row.close is None
        ]

    def on_hold(self, row: Row, now_ms: int, *, force: bool) -> bool:
        due = any(s.choice == "blur" and any(i.edit != "blurred" for i in s.images) for s in row.shots)
        waits = any(s.choice is None and s.hold_until_ms > now_ms for s in row.shots)
        return due or (waits and not force)

    def holds(self) -> list[ShotSet]:
        return [
            s
            for row in self.rows.values()
            for s in row.shots
            if not row.signed and (s.choice is None or s.choice == "blur")
        ]

    def shot(self, shot_id: str) -> ShotSet | None:
        return next((s for row in self.rows.values() for s in row.shots if s.shot_id == shot_id), None)

    def instant(self, contract: str, cell_start_ms: int) -> int | None:
        return self.instants.get((contract, cell_start_ms))

    def put_instant(self, contract: str, cell_start_ms: int, instant_ms: int) -> None:
        self._write("put_instant")
        self.instants[contract, cell_start_ms] = instant_ms

    def entries(self, contract: str, start_ms: int, end_ms: int, *, verdicts: bool = True) -> list[Entry]:
        return [
            _entry(row)
            for row in self.rows.values()
            if row.start.contract == contract and start_ms <= row.start.start_ms < end_ms
        ]

    def memos(self, contract: str | None, prefix: str) -> list[str]:
        found = [row.start.memo for row in self.rows.values() if row.start.memo.startswith(prefix)]
        return list(dict.fromkeys(reversed(found)))

    def health(self) -> Health:
        return self.full

    def counts(self, open_from_ms: int = 0) -> OutboxCounts:
        """The outbox's numbers: what is signed and was not sent by anybody."""
        waiting = sum(row.signed for row in self.rows.values())
        return OutboxCounts(waiting=waiting, quarantined=0, oldest_ms=None, last_receipt_ms=None, images=0)


def _entry(row: Row) -> Entry:
    progress = row.close.progress if row.close is not None else row.progress
    end = row.start.start_ms if progress is None else progress.end_ms
    clear = {
        "session": row.start.session,
        "start": row.start.start_ms,
        "end": end,
        "tracked": 0 if progress is None else progress.tracked_ms,
        "open": row.start.open,
        "close": None if row.close is None else row.close.close,
        "mode": row.start.mode,
        "shots": sum(len(shots.images) for shots in row.shots),
        "backend_counts": row.start.backend_counts,
    }
    state = "open" if row.close is None else "held"
    return Entry(
        None, None, row.start.rid, "segment", "", None, "", "freelancer", clear, {"memo": row.start.memo},
        state=state,
    )  # fmt: skip


class FakeJournal:
    """Signs what the fake store has ready, per contract strictly in order."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store
        self.signed: list[str] = []
        self.streams: list[str] = []
        self.discards: list[tuple[str, tuple[Span, ...], str]] = []
        self.redacted: list[str] = []
        self.claims: list[tuple[str, str, tuple[Span, ...], IdleClaim]] = []
        self.undone: list[tuple[str, str]] = []
        self.annotations: list[tuple[str, Annotation]] = []
        self.named: list[tuple[str, tuple[str, ...], str, str | None]] = []
        self.replaced: list[tuple[str, str, str, ShotImage]] = []
        self.failure: KnownError | None = None

    def ensure_stream(self, contract: str, policy: PolicySet, since_ms: int | None = None) -> None:
        if contract not in self.streams:
            self.streams.append(contract)

    def sign_due(self, now_ms: int, *, force: bool = False) -> list[str]:
        if self.failure is not None:
            raise self.failure
        done: list[str] = []
        waiting: set[str] = set()
        for rid, row in self._store.rows.items():
            if row.signed or row.start.contract in waiting:
                continue
            if row.close is None or self._store.on_hold(row, now_ms, force=force):
                waiting.add(row.start.contract)
                continue
            row.signed = True
            done.append(rid)
        self.signed += done
        return done

    def redact(
        self, contract: str, rids: Sequence[str], why: str = "owner", scope: RedactScope = "shots"
    ) -> list[str]:
        self.redacted += rids
        return list(rids)

    def discard(self, contract: str, spans: Sequence[Span], why: DiscardWhy = "owner") -> str:
        self.discards.append((contract, tuple(spans), why))
        return f"pending-{len(self.discards)}"

    def remove(self, contract: str, span: Span) -> bool:
        self.discards.append((contract, (span,), "owner"))
        return True

    def claim_idle(self, contract: str, discard: str, spans: Sequence[Span], claim: IdleClaim) -> str:
        self.claims.append((contract, discard, tuple(spans), claim))
        return f"pending-claim-{len(self.claims)}"

    def undo_claim(self, contract: str, claim: str) -> str:
        self.undone.append((contract, claim))
        return ""

    def annotate(self, contract: str, annotation: Annotation) -> str:
        self.annotations.append((contract, annotation))
        return f"annotation-{len(self.annotations)}"

    def set_memo(self, contract: str, rids: Sequence[str], memo: str, label: str | None) -> list[str]:
        self.named.append((contract, tuple(rids), memo, label))
        return list(rids)

    def undisturbed(self, work: Callable[[], None]) -> None:
        work()

    def boot_of(self, rid: str) -> str:
        return self._store.rows[rid].start.boot_id

    def replace(self, contract: str, rid: str, slot: str, image: ShotImage) -> str:
        self.replaced.append((contract, rid, slot, image))
        return f"replace-{len(self.replaced)}"


class FakeUploader:
    """Reports what it is told to; `runs` counts the passes."""

    def __init__(self) -> None:
        self.report = SyncReport("ok", 0, 0, 0, 30.0, "")
        self.runs = 0
        self.links = 0

    def run_once(self) -> SyncReport:
        self.runs += 1
        return self.report

    def link_up(self) -> None:
        self.links += 1

    def close(self) -> None:
        """Nothing runs."""


TERMS = {
    "rev": 1,
    "from": 0,
    "status": "active",
    "kind": "hourly",
    "span": {"start": 0, "end": None},
    "mode": "full",
    "shots": 1,
    "limit_s": None,
    "idle": 600_000,
    "rounding": "exact",
    "manual": False,
    "labels": "optional",
    "activity": 3,
    "assistive": False,
    "apps": "none",
    "detail": "bucket",
    "rate": {"amount": 2500, "currency": "USD", "exponent": 2},
}


class FakeContracts:
    """Two contracts, `demo` and `other`; `terms` holds each one's."""

    def __init__(self) -> None:
        self.terms = {"demo": dict(TERMS), "other": dict(TERMS)}

    def contracts(self) -> tuple[Contract, ...]:
        return tuple(Contract(f"id-{name}", name, terms) for name, terms in self.terms.items())

    def contract(self, id_or_name: str) -> Contract:
        for contract in self.contracts():
            if id_or_name in (contract.id, contract.name):
                return contract
        raise KnownError("No such contract", "", subject=id_or_name, exit_code=ExitCode.NOT_FOUND)


class FakeAlarms:
    """Alarms that ring when a test says so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.pending: dict[str, tuple[int, Callable[[], None]]] = {}
        self.woken = 0

    def set(self, name: str, at_ms: int, ring: Callable[[], None]) -> None:
        self.pending[name] = (at_ms, ring)

    def cancel(self, name: str) -> None:
        self.pending.pop(name, None)

    def wake(self) -> None:
        self.woken += 1

    def close(self) -> None:
        self.pending.clear()

    def ring_due(self) -> None:
        """Ring what is due now."""
        now = self._clock.wall_ms()
        for name in [name for name, (at_ms, _) in self.pending.items() if at_ms <= now]:
            _, ring = self.pending.pop(name)
            ring()


class ManualWorker:
    """Jobs run when a test says so."""

    def __init__(self) -> None:
        self.jobs: deque[Callable[[], None]] = deque()
        self.closed = False

    def submit(self, job: Callable[[], None]) -> None:
        self.jobs.append(job)

    def run(self) -> None:
        """Run everything submitted so far."""
        while self.jobs:
            self.jobs.popleft()()

    def close(self) -> None:
        self.run()
        self.closed = True
