"""What time it is, by whom that is believed, and what of it is in doubt (product.md, Time 2; ADR 022).

The wall clock of the computer is believed until it is set or a server says otherwise. From then on time is
counted on the monotonic clock from the last instant that was believed, so that nothing that is recorded ever
lies over anything else, and what was begun meanwhile says that its clock is unsure.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from workdiary.client.errors import KnownError
from workdiary.client.segment.clock import Clock, Reading, read
from workdiary.rules.policy import DAY, MINUTE, STANDARD

_LOG = logging.getLogger(__name__)
STEP_MS: Final = STANDARD.clock_step_ms
TOLERANCE_MS: Final = STANDARD.time_tolerance_ms
# Without a server's word: a computer unused for longer than this may be right, or its clock may be.
AHEAD_MS: Final = 60 * DAY
# A contact that says nothing new is written again after this long: the newest time that is known for certain.
KEEP_MS: Final = 10 * MINUTE
SLEWED_MS: Final = STEP_MS // 4  # by as much a wall may drift from what is kept of it


@dataclass(frozen=True, slots=True)
class Contact:
    """A server's time in one boot: `server_ms` when the total monotonic clock showed `total_ms`.

    boot: digest of the OS boot id; wall_ms: what the computer said then; bound_ms: how far off `server_ms`
    may be, since nobody knows when between question and answer it was read.
    """

    boot: str
    total_ms: int
    server_ms: int
    wall_ms: int
    bound_ms: int

    def at(self, total_ms: int) -> int:
        """The server's time at another instant of the same boot."""
        return self.server_ms + total_ms - self.total_ms


@dataclass(frozen=True, slots=True)
class Known:
    """What outlives a process.

    last_ms: the newest server time there was; seen_ms: how far what was recorded before it reached by a clock
    that it corrected, 0 if no further.
    """

    contact: Contact | None = None
    last_ms: int = 0
    seen_ms: int = 0

    def tells(self, other: Known) -> bool:
        """Whether whoever starts with `other` would know something else: not if only the readings moved."""
        mine, kept = self.contact, other.contact
        if mine is None or kept is None or mine.boot != kept.boot or self.seen_ms != other.seen_ms:
            return True
        slewed = (mine.wall_ms - mine.total_ms) - (kept.wall_ms - kept.total_ms)
        return (
            kept.at(mine.total_ms) != mine.server_ms
            or abs(slewed) > SLEWED_MS
            or not 0 <= self.last_ms - other.last_ms < KEEP_MS
        )


class PlacingClock(Clock, Protocol):
    """A clock that knows where to place what begins now."""

    def begin(self, now: Reading, *, fresh: bool) -> tuple[Reading, bool]:
        """`now` as what begins is to be placed, and whether that is in doubt; fresh: it begins a session."""
        ...

    def unsure(self) -> bool:
        """Whether what goes on as it was placed is in doubt now."""
        ...

    def recorded(self, end_ms: int) -> None:
        """A segment has ended there."""
        ...

    def likely_ms(self) -> int:
        """The wall time, or where it cannot be right the newest that is known to have passed."""
        ...

    def skew_ms(self) -> int:
        """By how much the computer's wall clock is ahead of the server's; 0 for what counts as the same."""
        ...


class TrustedTime:
    """The computer's clocks, the wall corrected where it is known better. Thread-safe.

    known: from earlier runs; floor_ms: no time before it can be true (0: nothing is known); own: whether the
    server is on this computer, and goes by the very clock that may be wrong.
    """

    def __init__(
        self,
        clock: Clock,
        known: Known | None = None,
        floor_ms: int = 0,
        keep: Callable[[Known], None] = lambda _known: None,
        *,
        own: Callable[[], bool] = lambda: False,
    ) -> None:
        self._clock = clock
        self._known = self._kept = known or Known()
        self._keep = keep
        self._floor = floor_ms
        self._until = floor_ms  # nothing new is placed before it, while that is only a little later than now
        self._boot = boot_digest(clock.boot_id())
        contact = self._known.contact
        self._contact = contact if contact is not None and contact.boot == self._boot else None
        self._anchor: Reading | None = None  # the first reading of this run that was believed
        self._offset: int | None = None  # wall against total when it was last believed or met
        self._stepped = False  # the wall was set since, and no server has spoken
        self._sound = False  # what is recorded now lies where it was believed to be
        self._own = own
        self._correction = 0
        self._lock = threading.Lock()

    def wall_ms(self) -> int:
        """UTC, as far as it is known: the computer's wall clock as it was corrected at the last `begin`."""
        return self._clock.wall_ms() + self._correction

    def awake_ms(self) -> int:
        """See `Clock.awake_ms`."""
        return self._clock.awake_ms()

    def total_ms(self) -> int:
        """See `Clock.total_ms`."""
        return self._clock.total_ms()

    def boot_id(self) -> str:
        """See `Clock.boot_id`."""
        return self._clock.boot_id()

    @property
    def contact(self) -> Contact | None:
        """The server's time in this boot."""
        return self._contact

    def raw(self) -> Reading:
        """The computer's own clocks."""
        return read(self._clock)

    def begin(self, now: Reading, *, fresh: bool) -> tuple[Reading, bool]:
        """See `PlacingClock`. `now` is one of this clock's readings."""
        with self._lock:
            own = replace(now, wall_ms=now.wall_ms - self._correction)
            self._notice(own)
            plausible = self._plausible(own.wall_ms)
            base = self._best(own, fresh=fresh and plausible)
            met = self._contact
            lead = self._until - base
            if (met is not None or (fresh and plausible)) and 0 < lead <= 2 * TOLERANCE_MS:
                base += lead
            placed = replace(own, wall_ms=base)
            self._sound = met is not None or (plausible and not self._stepped)
            if self._sound and self._anchor is None:
                self._anchor = placed
            self._correction = base - own.wall_ms
            return placed, self._doubtful(own)

    def _best(self, own: Reading, *, fresh: bool) -> int:
        """The time by the server, where the wall says another one."""
        met = self._contact
        if met is None or abs(own.wall_ms - met.at(own.total_ms)) <= STEP_MS:
            return own.wall_ms
        if fresh and self._own():
            self._contact = None  # nobody outside knows better: a new session takes the wall as it is
            return own.wall_ms
        return met.at(own.total_ms)

    def unsure(self) -> bool:
        """See `PlacingClock`."""
        own = self.raw()
        with self._lock:
            self._notice(own)
            return self._doubtful(own)

    def recorded(self, end_ms: int) -> None:
        """See `PlacingClock`."""
        with self._lock:
            if self._sound:
                self._until = max(self._until, end_ms)

    def met(self, contact: Contact) -> bool:
        """The server has told its time; whether it is believed.

        Durable on return but where nothing can be written: then at a later contact, since sending what waits
        is what makes room.
        """
        with self._lock:
            known = self._contact
            if self._own() and not (self._plausible(contact.server_ms) and _agree(known, contact)):
                return False
            if known is None or not _agree(known, contact):
                self._contact = self._settled(contact)
            else:
                self._contact = replace(
                    contact, server_ms=known.at(contact.total_ms), bound_ms=known.bound_ms
                )
            self._offset, self._stepped = contact.wall_ms - contact.total_ms, False
            newest, reached = contact.server_ms, max(self._until, self._known.seen_ms)
            if self._until > newest + TOLERANCE_MS:
                self._until = newest
            self._floor = newest
            self._known = known_now = Known(self._contact, newest, reached if reached > newest else 0)
        if known_now.tells(self._kept):
            try:
                self._keep(known_now)
                self._kept = known_now
            except KnownError as error:
                _LOG.warning("the server's time is not kept: %s", error.title)
        return True

    def likely_ms(self) -> int:
        """See `PlacingClock`."""
        own = self.raw()
        with self._lock:
            if self._contact is not None:
                return self._contact.at(own.total_ms)
            return own.wall_ms if self._plausible(own.wall_ms) else self._floor

    def skew_ms(self) -> int:
        """See `PlacingClock`."""
        contact, own = self._contact, self.raw()
        if contact is None:
            return 0
        skew = own.wall_ms - contact.at(own.total_ms)
        return skew if abs(skew) > max(STEP_MS, contact.bound_ms) else 0

    def _settled(self, contact: Contact) -> Contact:
        """The server's time; where what was recorded cannot be told from it, by the clock of that."""
        anchor = self._anchor
        if self._contact is None and anchor is not None:
            ours = anchor.wall_ms + contact.total_ms - anchor.total_ms
            if abs(ours - contact.server_ms) <= max(STEP_MS, contact.bound_ms):
                return replace(contact, server_ms=ours)
        return contact

    def _plausible(self, wall_ms: int) -> bool:
        if self._floor == 0:
            return True
        return self._floor - TOLERANCE_MS <= wall_ms <= self._floor + AHEAD_MS

    def _notice(self, own: Reading) -> None:
        """Whether the wall was set since it was last looked at."""
        offset = own.wall_ms - own.total_ms
        if self._offset is not None and abs(offset - self._offset) > STEP_MS:
            self._stepped = True
        if self._contact is not None:
            # A server has spoken: what counts is where it found the wall.
            self._stepped = abs(offset - self._contact.wall_ms + self._contact.total_ms) > STEP_MS
        self._offset = offset

    def _doubtful(self, own: Reading) -> bool:
        if self._stepped:
            return True
        contact = self._contact
        if contact is not None:
            return abs(own.wall_ms - contact.at(own.total_ms)) > TOLERANCE_MS
        return not self._plausible(own.wall_ms)


class Signing:
    """The clock that records are signed by: a doubtful wall is replaced by what is known of the time."""

    def __init__(self, time: TrustedTime) -> None:
        self._time = time

    def wall_ms(self) -> int:
        """See `PlacingClock.likely_ms`."""
        return self._time.likely_ms()

    def total_ms(self) -> int:
        """See `Clock.total_ms`."""
        return self._time.total_ms()

    def boot_id(self) -> str:
        """See `Clock.boot_id`."""
        return self._time.boot_id()


def _agree(known: Contact | None, contact: Contact) -> bool:
    """Whether a server says what it, or its predecessor in this boot, said before."""
    if known is None:
        return True
    off = abs(known.at(contact.total_ms) - contact.server_ms)
    return off <= STEP_MS + known.bound_ms + contact.bound_ms


def skew_words(skew_ms: int) -> str:
    """What is said of a wall clock, "" for one that is right enough that nobody has to act."""
    off_s = abs(skew_ms) // 1000
    if abs(skew_ms) <= TOLERANCE_MS:
        return ""
    for unit, many in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if off_s >= 2 * unit:
            way = "ahead of" if skew_ms > 0 else "behind"
            return (
                f"This computer's clock is {off_s // unit} {many} {way} the diary server's: set it right. "
                "Time is recorded where the server says."
            )
    return ""


def boot_digest(boot_id: str) -> str:
    """Names a boot in the home's files without telling it."""
    return hashlib.sha256(f"workdiary boot {boot_id}".encode()).hexdigest()[:32]
