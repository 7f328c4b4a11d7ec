"""The verdict axes: their words, what each word means, and which exit code it allows.

Level 0 can end in exit 0, 1 is partial, 2 is broken; the exit code of a set of records is the highest level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

CLAIM = (
    "It proves what was recorded, by which key, in which window of time, and that nothing has been changed "
    "or left out since. It does not prove that work was done."
)

# For kinds that an axis says nothing about: a certificate has no working time, a consent no amount.
NOT_APPLICABLE = "NOT-APPLICABLE"


@dataclass(frozen=True, slots=True)
class Word:
    """One verdict: its level and one sentence for people."""

    level: int
    meaning: str


def _words(*rows: tuple[int, str, str]) -> Mapping[str, Word]:
    return MappingProxyType({word: Word(level, meaning) for level, word, meaning in rows})


# Words with a parameter, such as WITNESSED(2/3) or LATE(3 h), are looked up without it.
VERDICTS: Mapping[str, Mapping[str, Word]] = MappingProxyType(
    {
        "integrity": _words(
            (0, "VALID", "The record is whole and its signature is true."),
            (1, "UNSUPPORTED", "Signed and whole, but of a kind or version this program cannot read."),
            (1, "DANGLING", "It speaks about a record that is not here."),
            (1, "FOREIGN-REPORT", "The report enclosed is not the one these records give."),
            (2, "INVALID", "The record is not what its key signed, or not as the format demands."),
        ),
        "chain": _words(
            (0, "CONTIGUOUS", "Nothing is missing between the first record and the seal."),
            (0, "RESUMED", "The stream continues another and says so; nothing is missing since."),
            (1, "OPEN", "Nothing is missing so far; no seal says yet where the stream ends."),
            (1, "FORK(resolved)", "Two records claimed one place; the account's root named both."),
            (1, "GAP(refused)", "Only records are missing that the server refused in writing."),
            (1, "GAP", "Records are missing before this one."),
            (2, "FORK", "Two different records claim one place: the key was copied, or a spool restored."),
        ),
        "log": _words(
            (0, "WITNESSED", "Enough independent witnesses have seen the log that holds this record."),
            (1, "LOGGED", "The operator's log holds it; no independent witness has confirmed that log."),
            (1, "SELF-ASSERTED", "Nobody outside this computer has witnessed it."),
            (1, "INCOMPARABLE", "The two copies show different logs that cannot be compared."),
            (2, "EQUIVOCATION", "The operator has signed two stories."),
            (2, "BAD-RECEIPT", "The receipt does not prove that the log holds this record."),
        ),
        "time": _words(
            (0, NOT_APPLICABLE, "It claims no working time; its place in the log says when it counts."),
            (0, "LIVE", "Recorded within an hour of the time it claims, by clocks of others."),
            (0, "LATE", "Its time lies in a wider window, by clocks of others."),
            (1, "UNBOUNDED", "Only the device's own clock says when; nobody else has confirmed it."),
            (1, "CLOCK-UNSURE", "The device's clock was wrong, and no later contact has placed the time."),
            (2, "CONTRADICTED", "What it says about its time cannot be."),
        ),
        "content": _words(
            (0, NOT_APPLICABLE, "It has nothing that could be left out."),
            (0, "FULL", "Everything recorded is here."),
            (0, "REDACTED", "Something was removed by its owner, and the removal is signed."),
            (0, "REPLACED", "An image was replaced by its owner, and the replacement is signed."),
            (0, "EXPIRED", "Something was removed because its retention ended."),
            (0, "MANUAL", "Entered by hand, not recorded."),
            (1, "WITHHELD", "Something was recorded that is not shown here, and no record says why."),
            (1, "BLOB-MISSING", "An image is not here."),
            (1, "ERASED", "Only the record's place is left."),
            (2, "MISMATCH", "Something shown is not what was recorded."),
        ),
        "key": _words(
            (0, "HW-ATTESTED", "Signed inside a device's security chip, as its maker attests."),
            (0, "HW-CLAIMED", "Signed inside a device's security chip, as the device says."),
            (0, "SOFTWARE", "Signed with a key of the device that the account's root has certified."),
            (0, "BROWSER", "Signed in a browser."),
            (1, "VOUCHED", "Only the operator says whose key it is."),
            (1, "OPERATOR", "Signed by the operator in a party's name."),
            (1, "REVOKED", "Signed with a key that was revoked before the log received the record."),
            (1, "ROOT-UNPINNED", "Certified by a root that you have not compared."),
            (2, "CERT-INVALID", "The key's certificate is not true."),
        ),
        "pay": _words(
            (0, NOT_APPLICABLE, "It stands for no amount."),
            (0, "MATCHES", "The amounts follow from the records, terms and rules."),
            (1, "NOT-STATED", "No amount is stated that could be checked."),
            (2, "DIFFERS", "The amounts do not follow from the records, terms and rules."),
        ),
    }
)
AXES = tuple(VERDICTS)
# Parties that have no account root: for them a key nobody certified is as good as it gets.
ROOTLESS = frozenset({"client", "staff", "operator"})


@dataclass(frozen=True, slots=True)
class Axes:
    """The verdict on one record: a word for each axis, and the level of the worst."""

    words: Mapping[str, str]
    level: int


def word_of(axis: str, verdict: str) -> Word:
    """The row of a verdict, with or without a parameter in parentheses. KeyError for an unknown word."""
    rows = VERDICTS[axis]
    return rows[verdict] if verdict in rows else rows[verdict.partition("(")[0]]


def level_of(axis: str, verdict: str, role: str = "freelancer") -> int:
    """0, 1 or 2; VOUCHED is no shortcoming for parties that have no root."""
    if (axis, verdict) == ("key", "VOUCHED") and role in ROOTLESS:
        return 0
    return word_of(axis, verdict).level


def join(words: Mapping[str, str], *, role: str = "freelancer", demo: bool = False) -> Axes:
    """Join one word for each axis to a verdict. The demo policy never reaches level 0."""
    if words.keys() != VERDICTS.keys():
        raise ValueError("a verdict has one word for each axis")
    worst = max(level_of(axis, word, role) for axis, word in words.items())
    return Axes(dict(words), max(worst, int(demo)))


def exit_code(verdicts: Iterable[Axes]) -> int:
    """The exit code of `verify` for a set of records: the highest level; nothing proved is partial."""
    return max((verdict.level for verdict in verdicts), default=1)


def worst_words(verdicts: Iterable[Axes]) -> dict[str, str]:
    """For each axis the worst word among the records; among equals the one the table lists later."""
    return worst_of((axis, word) for verdict in verdicts for axis, word in verdict.words.items())


def worst_of(words: Iterable[tuple[str, str]]) -> dict[str, str]:
    """As `worst_words`, of single (axis, word)."""
    worst: dict[str, str] = {}
    for axis, word in words:
        if axis not in worst or rank_of(axis, word) > rank_of(axis, worst[axis]):
            worst[axis] = word
    return {axis: worst[axis] for axis in VERDICTS if axis in worst}


def plain(word: str) -> str:
    """A word as the table has it, without its parameter: WITNESSED(2/3) is WITNESSED."""
    return word if any(word in rows for rows in VERDICTS.values()) else word.partition("(")[0]


def rank_of(axis: str, word: str) -> int:
    """How far down its axis a word stands: a higher rank is never better. KeyError for an unknown word."""
    rows = VERDICTS[axis]
    return list(rows).index(word if word in rows else word.partition("(")[0])
