"""Whose word counts: signers by role and account (evidence.md, Authority), and what was erased."""

from __future__ import annotations

from collections.abc import Iterable

from workdiary.rules.agreement import TermsBook
from workdiary.rules.entries import Entry
from workdiary.verify.authority import OWN_TIME_KINDS, may_sign, may_speak


class Speakers:
    """The signers of a contract's records, given in order.

    unauthorised: rids of records that their signers may not make.
    """

    def __init__(self, book: TermsBook, entries: Iterable[Entry]) -> None:
        # As agreed when it spoke: no later word takes back what an agency did, or makes it right.
        growing = book.growing()
        self._agencies: dict[str, str | None] = {}
        entries = list(entries)
        for entry in entries:
            if entry.role == "agency":
                terms = growing.at(entry.place, entry.number("start", entry.number("at")))
                self._agencies[entry.rid] = None if terms is None else terms.agency
        self.unauthorised = frozenset(entry.rid for entry in entries if not self._may(entry))

    def speaks(self, target: Entry, entry: Entry) -> bool:
        """Whether the signer of `entry` may speak of what `target` recorded."""
        return may_speak(entry.voice, target.account, self._agency(entry))

    def _may(self, entry: Entry) -> bool:
        if not may_sign(entry.kind, entry.voice):
            return False
        return entry.kind not in OWN_TIME_KINDS or may_speak(entry.voice, None, self._agency(entry))

    def _agency(self, entry: Entry) -> str | None:
        return self._agencies.get(entry.rid)


def erased_ids(entries: Iterable[Entry]) -> frozenset[str]:
    """Ids of records of which only the place is left, by the operator's `erase`."""
    found: set[str] = set()
    for entry in entries:
        if entry.kind == "erase" and may_sign("erase", entry.voice):
            found.update(tgt for item in entry.objects("items") if isinstance(tgt := item.get("id"), str))
    return frozenset(found)
