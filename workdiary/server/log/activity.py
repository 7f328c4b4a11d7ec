"""When a client was last here, and which process of this server speaks to the witnesses.

One row for all processes. Without witness and time stamper nothing is written: nobody asks.
"""

from __future__ import annotations

import threading

from django.db.models import Q

from workdiary.server.log.models import Watch
from workdiary.server.store.database import writing
from workdiary.server.store.runtime import runtime

# Clients come in bursts (a record, its image, the checkpoint); one write stands for all of a few seconds.
_SAME_MS = 5_000
# Another process takes over so long after the one that had it ended without a word.
LEASE_MS = 40_000
_ROW = 1
NEWS = threading.Event()


def watched() -> bool:
    """Whether this installation has anyone outside who says what time it is."""
    settings = runtime().settings
    return bool(settings.witnesses) or settings.tsa is not None


def client_here() -> None:
    """A client asked for or brought something: its next records deserve a recent beacon."""
    if not watched():
        return
    now_ms = runtime().now_ms()
    row, _ = Watch.objects.get_or_create(pk=_ROW)
    if not 0 <= now_ms - row.active_ms < _SAME_MS:
        with writing():
            Watch.objects.filter(pk=_ROW).update(active_ms=now_ms)
    NEWS.set()


def active_ms() -> int:
    """When a client was last here, UTC ms; 0 if never."""
    row = Watch.objects.filter(pk=_ROW).first()
    return 0 if row is None else row.active_ms


def take_lease(holder: str) -> bool:
    """Be the process that speaks to the witnesses, or stay it; False while another one is."""
    now_ms = runtime().now_ms()
    row = Watch.objects.filter(pk=_ROW).first()
    if row is None:
        row, _ = Watch.objects.get_or_create(pk=_ROW)
    mine = row.holder == holder
    if mine and now_ms + LEASE_MS // 2 < row.until_ms <= now_ms + LEASE_MS:
        return True
    over = Q(holder=holder) | Q(until_ms__lt=now_ms) | Q(until_ms__gt=now_ms + LEASE_MS)
    with writing():
        taken = Watch.objects.filter(over, pk=_ROW).update(holder=holder, until_ms=now_ms + LEASE_MS)
    return taken == 1


def leave_lease(holder: str) -> None:
    """Let another process go on at once."""
    with writing():
        Watch.objects.filter(pk=_ROW, holder=holder).update(until_ms=0)
