"""Beacon leaves: notes with cosignatures that nobody could know earlier: what follows is not older than they.

One is due when a client was here since the last one, at most once a minute. The note a beacon makes is
nobody's visit, so no beacon follows from a beacon.
"""

from __future__ import annotations

from workdiary.evidence.leaves import beacon_leaf
from workdiary.evidence.log import leaf_hash
from workdiary.server.log.activity import active_ms
from workdiary.server.log.models import Beacon, Leaf, Note
from workdiary.server.log.sequencer import SEQUENCER
from workdiary.server.store.runtime import runtime

# evidence.md, Protocol 4: "at most one a minute while clients are active".
MINUTE_MS = 60_000
# A client that was not here for so long is not active: nobody is asked for a time that no record will use.
ACTIVE_MS = 15 * MINUTE_MS


class _TooSoonError(Exception):
    """Another process was first, or the log began a new epoch meanwhile."""


def due(epoch: int) -> bool:
    """Whether a beacon would help anyone now."""
    now_ms, active = runtime().now_ms(), active_ms()
    last = _last_ms(epoch)
    return now_ms - ACTIVE_MS < active and last < active and not 0 <= now_ms - last < MINUTE_MS


def log_beacon(note: Note, text: str, token: bytes | None) -> Beacon | None:
    """Append the beacon first in the next group; None if another process has just done so.

    text: the note with its fresh cosignatures; token: an RFC 3161 response over it where those are too few.
    """
    leaf = beacon_leaf(text, token)
    kept: list[Beacon] = []

    def keep(row: Leaf) -> None:
        now_ms = runtime().now_ms()
        if row.epoch != note.epoch or 0 <= now_ms - _last_ms(note.epoch) < MINUTE_MS:
            raise _TooSoonError
        place = {"epoch": row.epoch, "index": row.index}
        kept.append(Beacon.objects.create(**place, size=note.size, leaf=leaf, at_ms=now_ms))

    try:
        SEQUENCER.append(leaf_hash(leaf), keep, first=True)
    except _TooSoonError:
        return None
    return kept[-1]


def _last_ms(epoch: int) -> int:
    last = Beacon.objects.filter(epoch=epoch).order_by("-index").first()
    return -MINUTE_MS if last is None else last.at_ms
