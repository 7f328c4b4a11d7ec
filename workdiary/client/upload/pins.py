"""Whom this device relies on beside the server's own word: witnesses, k of them, and time stampers.

A server must not be able to replace them unseen. What is pinned without asking can only make a witnessed note
harder to get: the first set there is, and further witnesses if even without any of the new ones at least as
many of the old ones have to agree as before. Everything else (one removed, a lower k, another time stamper)
is shown to the person and changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

from workdiary.client.account import Enrolment, Offer
from workdiary.wire.messages import Installation


def pinned(known: Enrolment, shown: Installation) -> Enrolment:
    """The enrolment with what may be pinned of what the server shows."""
    if not (known.witnesses or known.tsas):
        return replace(known, witnesses=shown.witnesses, k=shown.k, tsas=shown.tsas)
    if known.witnesses and _only_harder(known, shown):
        return replace(known, witnesses=shown.witnesses, k=shown.k)
    return known


def offered(known: Enrolment, shown: Installation, now_ms: int) -> Offer | None:
    """What the server names otherwise than it is pinned now, None if nothing."""
    same = (frozenset(known.witnesses), known.k) == (frozenset(shown.witnesses), shown.k)
    if same and frozenset(known.tsas) == frozenset(shown.tsas):
        return None
    return Offer(shown.witnesses, shown.k, shown.tsas, now_ms)


def _only_harder(known: Enrolment, shown: Installation) -> bool:
    added = len(shown.witnesses) - len(known.witnesses)
    return set(known.witnesses) <= set(shown.witnesses) and shown.k - added >= known.k
