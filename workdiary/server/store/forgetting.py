"""What was redacted leaves the write-ahead log, too; owed until it did, across readers and restarts."""

from __future__ import annotations

from workdiary.server.store import events
from workdiary.server.store.database import forget_journal

FORGET = "forget-journal"


def owe_forgetting() -> None:
    """Inside the transaction that destroyed something."""
    events.post(FORGET, {})


def forget_owed() -> None:
    """Empty the write-ahead log if something in it has to go; while a reader is in the way, it stays owed.

    Called after each admission and at the start: nobody waits for this.
    """
    newest = events.newest(FORGET)
    if newest is not None and forget_journal():
        events.drop(FORGET, newest)
