"""Shots: when they are drawn, what a missing one is called, and what satisfies `evidence` (product.md Shots).

`random_int(n)` draws uniformly from [0, n) by a CSPRNG; it is an argument, nothing here draws by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from workdiary.rules.policy import PolicySet

RandomInt = Callable[[int], int]

IMAGE_MODES: Final = frozenset({"full", "blurred", "window"})
IMAGELESS_MODES: Final = frozenset({"activity", "none"})
MODES: Final = IMAGE_MODES | IMAGELESS_MODES

# Reasons by what they do for `evidence`: satisfied alone, with a readable shot near by, or never.
SATISFYING: Final = frozenset({"mode", "too-short"})
NEEDS_NEIGHBOUR: Final = frozenset({"locked", "private-app", "error", "suspend", "shutdown", "crash"})
NEVER_SATISFYING: Final = frozenset({"permission", "unsupported", "blank-frame", "removed-by-owner"})
NO_SHOT: Final = SATISFYING | NEEDS_NEIGHBOUR | NEVER_SATISFYING

# Closes after which nobody could be shown a notice, and the reason each leaves.
_NO_CLOSING_SHOT: Final = {
    "lock": "locked",
    "switch-user": "locked",
    "suspend": "suspend",
    "shutdown": "shutdown",
    "crash": "crash",
}


def draw_instant(start_ms: int, end_ms: int, random_int: RandomInt) -> int:
    """The instant of a shot, uniform over the whole cell [start, end), whether or not it will be tracked."""
    return start_ms + random_int(end_ms - start_ms)


def draw_instants(start_ms: int, end_ms: int, count: int, random_int: RandomInt) -> tuple[int, ...]:
    """`count` independent instants of a cell in the order drawn; the first is the one `hit` speaks of."""
    return tuple(draw_instant(start_ms, end_ms, random_int) for _ in range(count))


def redraw(now_ms: int, end_ms: int, random_int: RandomInt) -> int | None:
    """An instant that passed untracked, drawn once more over the rest of the cell; None when none is left."""
    return draw_instant(now_ms, end_ms, random_int) if now_ms < end_ms else None


def further_shot(now_ms: int, end_ms: int, policy: PolicySet, random_int: RandomInt) -> int | None:
    """After a shot: with the policy's probability one more in the rest of the cell, else None."""
    if now_ms >= end_ms or random_int(1_000) >= policy.further_shot_milli:
        return None
    return draw_instant(now_ms, end_ms, random_int)


def takes_images(mode: str) -> bool:
    """Whether a capture mode takes pictures at all."""
    return mode in IMAGE_MODES


def owes_shot(mode: str, tracked_ms: int, policy: PolicySet) -> bool:
    """Whether tracking this long in a cell owes a shot or a typed reason."""
    return takes_images(mode) and tracked_ms >= policy.shot_duty_ms


def closing_reason(close: str) -> str | None:
    """Why no closing shot can be taken at this close, or None if one can."""
    return _NO_CLOSING_SHOT.get(close)


def reason_without_shot(mode: str, tracked_ms: int, close: str, policy: PolicySet) -> str | None:
    """`no_shot` where tracking in a cell ends without any shot; None means: a closing shot is due.

    tracked_ms: of the contract in the whole cell.
    """
    if not takes_images(mode):
        return "mode"
    if not owes_shot(mode, tracked_ms, policy):
        return "too-short"
    return closing_reason(close)
