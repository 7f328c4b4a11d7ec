"""The snapshot: one truth for window, tray, `status --json` and tests, built on the engine's thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, TypeVar

from workdiary.client.capture.permissions import windows_note
from workdiary.client.capture.port import NO_BACKEND, Backends, Choice, Refusal
from workdiary.client.segment.clock import read
from workdiary.client.segment.trusted import PlacingClock, skew_words
from workdiary.client.tracker.camera import Camera
from workdiary.client.tracker.events import (
    BackendView,
    IdleView,
    OutboxView,
    ShotView,
    Snapshot,
    State,
    Sync,
)
from workdiary.client.tracker.holds import Holds
from workdiary.client.tracker.ledger import Ledger, Piece
from workdiary.client.tracker.limits import Limits, Use
from workdiary.client.tracker.machine import Mode
from workdiary.client.tracker.outgoing import Outgoing
from workdiary.client.tracker.recorder import Recorder
from workdiary.client.tracker.terms import Agreement
from workdiary.client.tracker.timer import Timer
from workdiary.rules.money import line_amount, part_value
from workdiary.rules.policy import PolicySet
from workdiary.rules.shots import takes_images
from workdiary.rules.spans import Span
from workdiary.rules.weeks import Week, local_date, local_day, week_of

T = TypeVar("T")
_STATES: Final[dict[Mode, State]] = {
    Mode.STOPPED: "stopped",
    Mode.TRACKING: "tracking",
    Mode.PAUSED: "paused",
    Mode.IDLE: "idle",
    Mode.AWAY: "paused",
    Mode.BLOCKED: "blocked",
}
_COUNT_NOTES: Final = {
    "full": "",
    "active-only": "Your desktop reports only whether you were active, not key or click counts.",
    "none": "Your desktop does not report input: no counts are recorded.",
}
NO_SHOTS: Final = (
    "This desktop does not let apps capture the screen. Time is recorded without screenshots and shown to "
    "the client as such."
)
NO_TITLES: Final = "Window title not available on this desktop."


@dataclass(frozen=True, slots=True)
class Shown:
    """The parts a snapshot is made of."""

    clock: PlacingClock
    policy: PolicySet
    timer: Timer
    recorder: Recorder
    camera: Camera
    holds: Holds
    outgoing: Outgoing
    backends: Backends
    limits: Limits


@dataclass(frozen=True, slots=True)
class Around:
    """What changes rarely: contracts, the week's ledger, zone, key class, the diary's address."""

    agreements: tuple[Agreement, ...] = ()
    agreement: Agreement | None = None
    ledger: Ledger | None = None
    session: str | None = None  # the session shown: the present one, else the last
    zone: str = "UTC"
    key_class: str = ""
    diary_url: str | None = None
    notice: str = ""  # what needs somebody and is no state
    flags: tuple[str, ...] = ()
    question: IdleView | None = None
    quiet_until_ms: int | None = None

    def use(self, week: Week) -> Use | None:
        """What the shown contract has used of a week's limit, without the open segment."""
        if self.ledger is None or self.agreement is None or self.ledger.contract != self.agreement.id:
            return None
        limit_s = self.agreement.limit_s(week, self.ledger.policy)
        return Use(self.agreement.id, week.iso, self.ledger.used_ms((week.start, week.end)), limit_s)


def snapshot(shown: Shown, around: Around) -> Snapshot:
    """The present state."""
    now = read(shown.clock)
    live = _live(shown, around)
    sync, why = _sync(shown.outgoing)
    skew_ms = shown.clock.skew_ms()
    work = shown.timer.work
    plain = Snapshot(
        at_ms=now.wall_ms,
        state=_STATES[shown.timer.mode],
        sync=sync,
        reason=shown.timer.reason or around.notice or shown.recorder.note or why or skew_words(skew_ms),
        flags=(*around.flags, *(("after-lock",) if shown.outgoing.counts.after_lock else ())),
        after_lock=shown.outgoing.counts.after_lock,
        hints=shown.camera.hints.words,
        skew_ms=skew_ms,
        contract=None if around.agreement is None else around.agreement.view(),
        contracts=tuple(agreement.view() for agreement in around.agreements),
        memo="" if work is None else work.memo,
        label=None if work is None else work.label,
        shot=_shot(shown, around, live),
        outbox=_outbox(shown.outgoing),
        backends=backend_views(shown.backends, shown.recorder),
        key_class=around.key_class,
        diary_url=around.diary_url,
        demo=shown.policy.demo,
        question=around.question,
        quiet_until_ms=around.quiet_until_ms,
    )
    if around.ledger is None:
        return plain
    return _with_totals(_with_limit(plain, shown, around, live), around, around.ledger, live)


def _with_limit(plain: Snapshot, shown: Shown, around: Around, live: Piece | None) -> Snapshot:
    week = week_of(plain.at_ms)
    use = around.use(week)
    if use is None:
        return plain
    return replace(plain, limit=shown.limits.view(use, _inside(live, (week.start, week.end))))


def _with_totals(plain: Snapshot, around: Around, ledger: Ledger, live: Piece | None) -> Snapshot:
    now = plain.at_ms
    today: Span = local_day(local_date(now, around.zone), around.zone)
    week = week_of(now)
    today_ms = ledger.tracked_ms(today) + _inside(live, today)
    week_ms = ledger.tracked_ms((week.start, week.end)) + _inside(live, (week.start, week.end))
    rate = 0 if around.agreement is None else around.agreement.terms.rate or 0
    return replace(
        plain,
        session_ms=ledger.session_ms(around.session) + (0 if live is None else live.time.total),
        today_ms=today_ms,
        week_ms=week_ms,
        today_amount=part_value(max(week_ms, today_ms), today_ms, rate),
        week_amount=line_amount(week_ms, rate),
        week_limit_s=None if around.agreement is None else around.agreement.limit_s(week, ledger.policy),
        cell=ledger.cell_view(now, live) if plain.state == "tracking" else None,
        strip=ledger.strip(today, live),
    )


def _live(shown: Shown, around: Around) -> Piece | None:
    """The open segment as far as it has come."""
    segment = shown.recorder.segment
    if segment is None or around.ledger is None:
        return None
    now = read(shown.clock)
    return around.ledger.piece(segment.start, segment.progress(segment.place(now), shown.camera.hit_ms))


def _inside(live: Piece | None, window: Span) -> int:
    return 0 if live is None else live.time.between(*window)


def _sync(outgoing: Outgoing) -> tuple[Sync, str]:
    report = outgoing.report
    if report is None:
        return ("waiting" if outgoing.counts.waiting else "ok"), ""
    if report.sync == "ok" and outgoing.counts.waiting:
        return "waiting", ""
    return report.sync, report.reason


def _outbox(outgoing: Outgoing) -> OutboxView:
    counts = outgoing.counts
    return OutboxView(
        waiting=counts.waiting,
        quarantined=counts.quarantined,
        oldest_ms=counts.oldest_ms,
        last_receipt_ms=counts.last_receipt_ms,
        images=counts.images,
        unwitnessed=counts.unwitnessed,
    )


def _shot(shown: Shown, around: Around, live: Piece | None) -> ShotView | None:
    """The last shot with the price of each choice."""
    shots = shown.holds.last
    if shots is None:
        return None
    piece = None if around.ledger is None else around.ledger.pieces.get(shots.rid)
    if piece is None and live is not None and live.rid == shots.rid:
        piece = live
    time_ms = 0 if piece is None else piece.time.total
    week = week_of(shots.at_ms)
    week_ms = time_ms if around.ledger is None else around.ledger.tracked_ms((week.start, week.end))
    if live is not None:
        week_ms += _inside(live, (week.start, week.end))
    rate = 0 if around.agreement is None else around.agreement.terms.rate or 0
    mode = "full" if around.agreement is None else around.agreement.terms.mode
    return ShotView(
        shot_id=shots.shot_id,
        at_ms=shots.at_ms,
        hold_until_ms=shots.hold_until_ms,
        images=len(shots.images),
        choice=shots.choice,
        time_ms=time_ms,
        time_price=part_value(max(week_ms, time_ms), time_ms, rate),
        unprotects=takes_images(mode),
        blur_failed=shown.holds.blur_failed,
    )


def backend_views(backends: Backends, recorder: Recorder | None = None) -> tuple[BackendView, ...]:
    """Every capability with what it cannot do, in words."""
    counts = backends.input.backend.counts
    note = "" if recorder is None else recorder.note
    shot_note = NO_SHOTS if backends.shot == NO_BACKEND else ""
    return (
        BackendView("shot", backends.shot, shot_note, _refused(backends.shot_refused)),
        _view("input", backends.input, note or _COUNT_NOTES[counts]),
        _view("idle", backends.idle, ""),
        _view("window", backends.window, NO_TITLES if backends.window.name == NO_BACKEND else ""),
        BackendView("windows", backends.windows, windows_note(backends), _refused(backends.windows_refused)),
        _view("session", backends.session, ""),
    )


def _view(capability: str, choice: Choice[T], note: str) -> BackendView:
    return BackendView(capability, choice.name, note, _refused(choice.refused))


def _refused(refused: tuple[Refusal, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((refusal.backend, refusal.reason) for refusal in refused)
