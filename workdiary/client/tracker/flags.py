"""What the flags of a snapshot mean, in words for whoever has no window."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

WORDS: Final = MappingProxyType(
    {
        "after-lock": "Some of what waits is from a week that is locked: it goes on a later invoice.",
        "update": "An update is available.",
        "no-root": "No recovery code yet: workdiary keys root makes one.",
        "new-log": "The server lost part of its log and began a new one; what it lost is sent again.",
        "witnesses": "The server names other witnesses than this computer relies on. Nothing was changed "
        "here: compare them with their operators, then enrol this computer anew.",
        "terms-left-out": "The server leaves out terms that were signed. Those known here stay in force; "
        "whoever signed them can send them again.",
        "resumed": "This home was put back from a backup, copied or moved. Its records go on in a new stream "
        "that says so; if another copy is still in use, stop one of them.",
    }
)


def in_words(flags: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each; the flag itself where a newer app set it."""
    return tuple(WORDS.get(flag, flag) for flag in flags)
