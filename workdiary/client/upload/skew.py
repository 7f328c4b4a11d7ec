"""Meeting a server's time: measured by the round trip, kept, and told to whom a wrong clock has recorded for.

Only the answer of the installation that this device pinned counts: a captive portal tells no time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import partial
from typing import Any, Final

from workdiary.client.account import Account, Enrolment
from workdiary.client.errors import DamagedError
from workdiary.client.segment.clock import Clock
from workdiary.client.segment.model import SegmentStart
from workdiary.client.segment.trusted import (
    STEP_MS,
    TOLERANCE_MS,
    Contact,
    Known,
    TrustedTime,
    boot_digest,
)
from workdiary.client.settings import Home
from workdiary.client.sign.journal import Journal
from workdiary.client.sign.signer import DeviceKeys
from workdiary.client.spool.store import Spool
from workdiary.client.upload.server import DiaryServer
from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.streams import boot_mac
from workdiary.verify.checks import same_installation

# A slower answer tells too little: half of it is how far off the time may be.
SLOWEST_MS: Final = 20_000
_FILE: Final = "clock.json"


@dataclass(frozen=True, slots=True)
class MeetingParts:
    """What a meeting needs."""

    time: TrustedTime
    spool: Spool
    keys: DeviceKeys
    account: Account
    journal: Journal


class Meeting:
    """One device and its server's time, pass after pass."""

    def __init__(self, parts: MeetingParts, server: DiaryServer) -> None:
        self._parts = parts
        self._server = server
        self._placed: set[str] = set()
        self._unsure = 0
        self._certain: dict[str, int] = {}  # per stream: the newest seq up to which nothing is to be placed

    def meet(self, enrolment: Enrolment) -> bool:
        """Ask what time it is, mark and place what a wrong clock recorded; whether any of it is placed now.

        Raises as `answers` says, `KnownError` for this computer.
        """
        time = self._parts.time
        before = time.raw()
        shown = self._server.installation()
        after = time.raw()
        spent = after.total_ms - before.total_ms
        pinned = shown.operator_jwk == enrolment.operator_jwk
        ours = pinned and same_installation(shown.origin, enrolment.origin)
        stood = abs((after.wall_ms - before.wall_ms) - spent) <= STEP_MS
        if not (ours and stood and spent <= SLOWEST_MS):
            return False
        contact = Contact(
            boot=boot_digest(time.boot_id()),
            total_ms=before.total_ms + spent // 2,
            server_ms=shown.time_ms,
            wall_ms=before.wall_ms + spent // 2,
            bound_ms=spent // 2 + 1,
        )
        time.met(contact)
        return self._place()

    def _place(self) -> bool:
        parts, contact = self._parts, self._parts.time.contact
        if contact is None:
            return False
        boot_id = parts.time.boot_id()
        parts.spool.clocks.doubt(
            lambda start: start.boot_id == boot_id and _off(start, contact) > TOLERANCE_MS
        )
        told = False
        for scope, stream, _ in parts.spool.queue.streams():
            if stream not in self._placed and self._is_owed(scope, stream, contact):
                said: JsonObject = {"server_time": contact.server_ms, "mono": contact.total_ms}
                parts.journal.sign_amendment("clock-place", scope, said, {})
                self._placed.add(stream)
                told = True
        # What was signed since the last pass is placed from now on, too.
        before, self._unsure = self._unsure, parts.spool.clocks.unsure(boot_id)
        return told or self._unsure < before

    def _is_owed(self, scope: str, stream: str, contact: Contact) -> bool:
        """Whether this boot recorded something here by a doubtful clock and nothing places it yet."""
        parts, boot_id = self._parts, self._parts.time.boot_id()
        if all(scope != contract.id for contract in parts.account.contracts()):
            return False  # an account's stream holds no time
        waiting = (start for start in parts.spool.clocks.unsigned(scope) if start.boot_id == boot_id)
        owed = any(start.clock_unsure for start in waiting)
        boot, newest = boot_mac(parts.keys.stream_key(stream), boot_id), None
        for kind, said in parts.spool.clocks.signed(stream):
            newest = _int(said["seq"]) if newest is None else newest
            if said["boot"] != boot or _int(said["seq"]) <= self._certain.get(stream, -1):
                break
            if kind == "clock-place":
                self._placed.add(stream)
                return False
            owed = owed or _is_doubtful(kind, said, contact)
        if not owed and newest is not None:
            self._certain[stream] = newest
        return owed


def _off(start: SegmentStart, contact: Contact) -> int:
    return abs(contact.at(start.mono0) - start.start_ms)


def _is_doubtful(kind: str, said: JsonObject, contact: Contact) -> bool:
    """A record whose clock was unsure, or that says a time which its own monotonic clock contradicts."""
    said_at = [("mono", "at"), ("mono0", "start")] if kind == "segment" else [("mono", "at")]
    off = max(abs(contact.at(_int(said[mono])) - _int(said[at])) for mono, at in said_at)
    return off > TOLERANCE_MS or (kind == "segment" and said["clock_unsure"] is True)


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def open_time(home: Home, account: Account, spool: Spool, clock: Clock) -> TrustedTime:
    """The time as this home knows it from before; what it kept is no loss where it cannot be read."""
    try:
        known = _known(home.read_json(_FILE))
    except DamagedError:
        known = Known()
    enrolment = account.enrolment
    floor = known.last_ms or (0 if enrolment is None else enrolment.enrolled_ms)
    newest = spool.clocks.newest_certain_end()
    if newest > known.seen_ms:
        floor = max(floor, newest)
    keep = partial(_keep, home)
    return TrustedTime(clock, known, floor, keep, own=lambda: _is_own(account.enrolment))


def known_skew(home: Home, clock: Clock) -> int | None:
    """The wall clock against the server's, ms, as last met in this boot; None where it was not met.

    Raises `KnownError`.
    """
    time = TrustedTime(clock, _known(home.read_json(_FILE)))
    return None if time.contact is None else time.skew_ms()


def _keep(home: Home, known: Known) -> None:
    home.write_json(_FILE, asdict(known))


def _is_own(enrolment: Enrolment | None) -> bool:
    return enrolment is not None and enrolment.server == "solo"


def _known(value: Mapping[str, Any] | None) -> Known:
    """What was kept. Raises DamagedError for anything else (Any: JSON)."""
    if value is None:
        return Known()
    met = value.get("contact")
    try:
        contact = None if met is None else Contact(**{f.name: met[f.name] for f in fields(Contact)})
        known = Known(contact, value["last_ms"], value["seen_ms"])
    except (KeyError, TypeError) as error:
        raise DamagedError(_FILE, "It does not hold what this version writes.") from error
    numbers = [known.last_ms, known.seen_ms]
    numbers += (
        [] if contact is None else [contact.total_ms, contact.server_ms, contact.wall_ms, contact.bound_ms]
    )
    if not all(isinstance(number, int) for number in numbers):
        raise DamagedError(_FILE, "It does not hold what this version writes.")
    return known
