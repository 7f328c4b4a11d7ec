"""The weekly limit: the instants of its warnings, and the one at which tracking stops (product.md, Limits).

The instants are reckoned once for each segment, on the monotonic clock: a second costs two comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.events import LimitView
from workdiary.rules.policy import PolicySet
from workdiary.rules.rounding import limit_warning

_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Use:
    """What a week of a contract has used of its limit: ms without the open segment; week: its name."""

    contract: str
    week: str
    used_ms: int
    limit_s: int | None

    @property
    def left_ms(self) -> int | None:
        """What is left of the limit, negative past it; None without one."""
        return None if self.limit_s is None else self.limit_s * 1_000 - self.used_ms


@dataclass(slots=True)
class Limits:
    """What the limit means for the open segment.

    stop_ms: the total monotonic instant at which it is used up, None without a limit, or past one by the
    person's word, which holds for the rest of the week; reason: what its end means, in words.
    """

    policy: PolicySet
    stop_ms: int | None = None
    reason: str = ""
    _marks: tuple[int, ...] = ()
    _allowed: set[tuple[str, str]] = field(default_factory=set)

    def allow(self, use: Use) -> None:
        """The person wants to go on past the limit this week."""
        self._allowed.add((use.contract, use.week))

    def is_allowed(self, use: Use) -> bool:
        """Whether they said so."""
        return (use.contract, use.week) in self._allowed

    def check(self, use: Use) -> None:
        """Raises `KnownError` (exit 7) where nothing is left and nobody wants to go on past it."""
        left = use.left_ms
        if left is not None and left <= 0 and not self.is_allowed(use):
            raise KnownError(
                "The week's limit is reached",
                f"{words(use.limit_s)} Go on all the same with --over-limit.",
                exit_code=ExitCode.REFUSED,
            )

    def arm(self, use: Use, mono0: int) -> None:
        """A segment began at that instant of the total clock, or what the week has used was read again."""
        left, self.reason = use.left_ms, words(use.limit_s)
        if left is None or use.limit_s is None:
            self.stop_ms, self._marks = None, ()
        else:
            self.stop_ms = None if self.is_allowed(use) else mono0 + left
            limit_ms = use.limit_s * 1_000
            marks = (-(-limit_ms * mark // 100) - use.used_ms for mark in self.policy.limit_warn_pct)
            self._marks = tuple(mono0 + mark for mark in marks if mark > 0)

    def marked(self, total_ms: int) -> bool:
        """Whether a warning became due, each once."""
        if not self._marks or total_ms < self._marks[0]:
            return False
        passed = tuple(mark for mark in self._marks if mark <= total_ms)
        self._marks = self._marks[len(passed) :]
        return bool(passed)

    def view(self, use: Use, live_ms: int) -> LimitView | None:
        """What is to be shown, None before the first mark; live_ms: of the open segment."""
        used = use.used_ms + live_ms
        mark = limit_warning(used, use.limit_s, self.policy)
        if mark is None or use.limit_s is None:
            return None
        return LimitView(used, use.limit_s, mark, over=self.is_allowed(use))


def words(limit_s: int | None) -> str:
    """What the end of the limit means, for a person."""
    minutes = (limit_s or 0) // _MINUTES
    hours, rest = divmod(minutes, _MINUTES)
    length = f"{hours} h {rest} min" if rest else f"{hours} h"
    return (
        f"The client allows {length} this week, and they are used. What is tracked past that is neither "
        "billed nor protected unless the client raises the limit."
    )
