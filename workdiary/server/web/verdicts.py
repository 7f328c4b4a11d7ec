"""From verdict axes to what a page shows: rows in plain sentences, and the one badge of a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from workdiary.server.web.verdict_words import AXES, VERDICTS, Verdict
from workdiary.server.web.words import Text
from workdiary.verify.axes import level_of

LEVEL_NAMES: Final = ("verified", "partial", "broken")
ICONS: Final = MappingProxyType(
    {
        "verified": "shield-tick",
        "partial": "shield-half",
        "broken": "shield-cross",
        "pending": "cloud-waiting",
    }
)


@dataclass(frozen=True, slots=True)
class AxisRow:
    """An axis of one record as a page lists it; code is the verdict as verify gave it."""

    axis: str
    code: str
    level: str
    icon: str
    title: Text
    sentence: Text


@dataclass(frozen=True, slots=True)
class Badge:
    """What a cell carries: level (verified, partial, broken, pending), word, meaning, its anchor."""

    level: str
    icon: str
    word: Text
    meaning: Text
    slug: str


VERIFIED: Final = Badge(
    "verified",
    ICONS["verified"],
    _("Verified"),
    _("Unchanged, nothing missing, witnessed outside this installation, made when it says."),
    "verified",
)
INTACT: Final = Badge(
    "partial",
    ICONS["partial"],
    _("Intact, unwitnessed"),
    _("Intact and continuous; nobody outside this installation has witnessed it."),
    "intact",
)
LATE: Final = Badge(
    "partial",
    ICONS["partial"],
    _("Late"),
    _("Intact, but it could have been made at any time in a wider window, printed with the record."),
    "late",
)
PENDING: Final = Badge(
    "pending",
    ICONS["pending"],
    _("Not yet logged"),
    _("On its owner's computer only: not signed or not sent yet, so there is nothing to verify."),
    "pending",
)
BY_HAND: Final = Badge(
    "verified",
    ICONS["verified"],
    _("Signed by hand"),
    _("Time added by hand: signed and unchanged, but nothing was recorded by the app."),
    "by-hand",
)


def base(code: str) -> str:
    """`WITNESSED(2/3)` -> `WITNESSED`."""
    return code.partition("(")[0].strip()


def verdict(axis: str, code: str) -> Verdict:
    """The words for a verdict; one this version does not know is partial at best and shown as it is."""
    words = VERDICTS.get(axis, {})
    known = words.get(code) or words.get(base(code))
    return known or Verdict(code, _("A verdict this version of the page has no words for."), code)


def level(axis: str, code: str) -> int:
    """0 whole, 1 partial, 2 broken, as verify says; partial for a word it does not know."""
    try:
        return level_of(axis, code)
    except KeyError:
        return 1


def rows(axes: Mapping[str, str]) -> tuple[AxisRow, ...]:
    """Every axis of a record in reading order."""
    found = []
    for axis in (*AXES, *(a for a in axes if a not in AXES)):
        if axis in axes:
            words = verdict(axis, axes[axis])
            name = LEVEL_NAMES[level(axis, axes[axis])]
            found.append(AxisRow(axis, axes[axis], name, ICONS[name], words.title, words.sentence))
    return tuple(found)


def badge(axes: Mapping[str, str], *, logged: bool, manual: bool = False) -> Badge:
    """The one badge of a record: the worst that is worth a word, else intact, else verified."""
    if not logged or not axes:
        return PENDING
    worst = max(level(axis, code) for axis, code in axes.items())
    for axis, code in axes.items():
        words = verdict(axis, code)
        if worst and level(axis, code) == worst and words.badge is not None:
            name = LEVEL_NAMES[worst]
            return Badge(name, ICONS[name], words.badge, words.sentence, anchor(axis, code))
    if base(axes.get("time", "")) == "LATE":
        return LATE
    if worst:
        return INTACT
    return BY_HAND if manual else VERIFIED


def anchor(axis: str, code: str) -> str:
    """The id of a verdict's row on the page of meanings."""
    known = code if code in VERDICTS.get(axis, {}) else base(code)
    return f"{axis}-{slugify(known)}"


def worst_of(badges: Iterable[Badge]) -> Badge:
    """The badge of a cell with several segments: the worst; pending counts between whole and partial."""
    return max(badges, key=badness)


def badness(found: Badge) -> tuple[int, int]:
    """What worse badges are sorted by: level, then whether it says that something is wrong or missing."""
    order = {"verified": 0, "pending": 1, "partial": 2, "broken": 3}
    calm = {INTACT.slug: 0, LATE.slug: 1}
    return order[found.level], calm.get(found.slug, 2)
