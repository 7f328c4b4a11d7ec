"""The page of meanings: every badge and every verdict of every axis, from the same tables the pages use."""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.server.web.verdict_words import AXES, VERDICTS
from workdiary.server.web.verdicts import (
    BY_HAND,
    ICONS,
    INTACT,
    LATE,
    LEVEL_NAMES,
    PENDING,
    VERIFIED,
    Badge,
    anchor,
    level,
)
from workdiary.server.web.words import Text


@dataclass(frozen=True, slots=True)
class Meaning:
    """A verdict with its place on the page."""

    id: str
    level: str
    icon: str
    code: str
    title: Text
    sentence: Text


@dataclass(frozen=True, slots=True)
class Group:
    """An axis: the question it answers and its possible verdicts, best first."""

    axis: str
    question: Text
    meanings: tuple[Meaning, ...]


def badge_meanings() -> tuple[Badge, ...]:
    """The badges that stand for a whole record."""
    return (VERIFIED, BY_HAND, INTACT, LATE, PENDING)


def groups() -> tuple[Group, ...]:
    """Every axis."""
    return tuple(Group(axis, AXES[axis], _meanings(axis)) for axis in AXES)


def _meanings(axis: str) -> tuple[Meaning, ...]:
    found = []
    for code, words in VERDICTS[axis].items():
        name = LEVEL_NAMES[level(axis, code)]
        found.append(Meaning(anchor(axis, code), name, ICONS[name], code, words.title, words.sentence))
    return tuple(sorted(found, key=lambda m: LEVEL_NAMES.index(m.level)))
