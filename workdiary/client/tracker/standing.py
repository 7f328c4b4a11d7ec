"""How a home stands with its server, as its disk says: flags, and why nothing is sent."""

from __future__ import annotations

from typing import Final

from workdiary.client.account import Account
from workdiary.client.spool.store import Spool

RESUMED_SHOWN_MS: Final = 7 * 24 * 3_600_000


def flags(account: Account, spool: Spool, now_ms: int) -> tuple[str, ...]:
    """`Account.flags`, and `resumed` for a week after a stream had to be begun anew."""
    begun = spool.outbox.resumed(now_ms - RESUMED_SHOWN_MS)
    return (*account.flags(now_ms), *(("resumed",) if begun else ()))


def stopped(account: Account) -> str:
    """Why nothing is sent until somebody acts, in words; "" if nothing stands in the way."""
    halt = account.halted()
    return account.trust.refused if halt is None else halt.reason()
