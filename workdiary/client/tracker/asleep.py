"""The snapshot of a home whose app does not run: read from its disk, nothing changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.clock import Clock, SystemClock
from workdiary.client.tracker.events import OutboxView, Snapshot, Sync
from workdiary.client.tracker.homefiles import HomeFiles, reading
from workdiary.client.tracker.ledger import Ledger
from workdiary.client.tracker.standing import flags, stopped
from workdiary.client.tracker.terms import Agreement
from workdiary.client.tracker.zone import computer_zone
from workdiary.client.upload.skew import known_skew
from workdiary.rules.deadlines import first_open
from workdiary.rules.policy import by_name
from workdiary.rules.weeks import local_date, local_day, week_of


def asleep_snapshot(path: Path, env: Mapping[str, str], reason: str, clock: Clock | None = None) -> Snapshot:
    """State stopped, with what waits and what was tracked. Raises `KnownError` (a damaged or newer home)."""
    now = (clock or SystemClock()).wall_ms()
    plain = Snapshot(at_ms=now, state="stopped", sync="ok", reason=reason)
    try:
        with reading(path, env) as files:
            return _read(files, env, plain)
    except KnownError as error:
        if error.exit_code is ExitCode.NOT_FOUND:
            return plain
        raise


def _read(files: HomeFiles, env: Mapping[str, str], plain: Snapshot) -> Snapshot:
    enrolment = files.account.enrolment
    policy = by_name(files.settings.values.policy)
    counts = files.spool.outbox.counts(first_open(plain.at_ms, policy))
    why = stopped(files.account)
    waiting: Sync = "waiting" if counts.waiting or counts.images else "ok"
    late = ("after-lock",) if counts.after_lock else ()
    agreements = tuple(Agreement.of(c) for c in (() if enrolment is None else enrolment.contracts))
    shown = Snapshot(
        at_ms=plain.at_ms,
        state="stopped",
        sync="halted" if why else waiting,
        reason=" ".join(word for word in (plain.reason, why) if word),
        flags=(*flags(files.account, files.spool, plain.at_ms), *late),
        after_lock=counts.after_lock,
        contracts=tuple(agreement.view() for agreement in agreements),
        outbox=OutboxView(
            counts.waiting,
            counts.quarantined,
            counts.oldest_ms,
            counts.last_receipt_ms,
            counts.images,
            counts.unwitnessed,
        ),
        key_class=files.keys.key_class,
        skew_ms=known_skew(files.home, SystemClock()) or 0,
    )
    return _with_totals(files, env, shown, agreements[0]) if agreements else shown


def _with_totals(files: HomeFiles, env: Mapping[str, str], shown: Snapshot, agreement: Agreement) -> Snapshot:
    now = shown.at_ms
    zone = files.settings.values.zone or computer_zone(env)
    entries = partial(files.spool.entries, verdicts=False)
    ledger = Ledger.read(agreement.id, by_name(files.settings.values.policy), now, entries)
    week = week_of(now)
    return replace(
        shown,
        contract=agreement.view(),
        today_ms=ledger.tracked_ms(local_day(local_date(now, zone), zone)),
        week_ms=ledger.tracked_ms((week.start, week.end)),
        week_limit_s=agreement.terms.limit_s,
    )
