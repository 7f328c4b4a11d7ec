"""`--require log=WITNESSED,…`: what a reader demands of every record beyond what the exit code says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workdiary.evidence.errors import EvidenceError
from workdiary.verify.judged import Judged
from workdiary.verify.words import NOT_APPLICABLE, VERDICTS, rank_of

_COUNTED = re.compile(r"WITNESSED\(([0-9]{1,3})/([0-9]{1,3})\)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A word that nothing on this axis may fall below."""

    axis: str
    word: str

    def __str__(self) -> str:
        return f"{self.axis}={self.word}"

    def failing(self, judged: Judged) -> int:
        """How many records, and findings about what is not here, are less."""
        words = [record.axes.words[self.axis] for record in judged.records]
        words += [finding.word for finding in judged.findings if finding.axis == self.axis and finding.word]
        return sum(not self.holds(word) for word in words)

    def holds(self, word: str) -> bool:
        """Whether a word is at least this one: the tables list words from best to worst."""
        if word == NOT_APPLICABLE:
            return True
        demanded, given = _COUNTED.match(self.word), _COUNTED.match(word)
        if demanded is not None and given is not None:
            return int(given[1]) >= int(demanded[1])
        return rank_of(self.axis, word) <= rank_of(self.axis, self.word)


def parse_requirements(text: str) -> tuple[Requirement, ...]:
    """Read `axis=WORD,axis=WORD`. Raises `EvidenceError` ("field") naming what is wrong."""
    found: list[Requirement] = []
    for part in text.split(","):
        axis, equals, word = part.strip().partition("=")
        if not equals or axis not in VERDICTS:
            raise EvidenceError("field", f"not axis=WORD with an axis of {', '.join(VERDICTS)}")
        known = word in VERDICTS[axis] or (axis == "log" and _COUNTED.match(word) is not None)
        if not known:
            raise EvidenceError("field", f"{axis} has the words {', '.join(VERDICTS[axis])}")
        found.append(Requirement(axis, word))
    return tuple(found)
