"""Receipts: for a logged record, the proof that it is in the tree of a signed note."""

from __future__ import annotations

from typing import Protocol

from workdiary.server.log.models import Leaf


class Logged(Protocol):
    """Anything that is in the log (receive's Record)."""

    leaf: Leaf


def receipt_for(record: Logged) -> str:
    """The tlog-proof text of a record, the same every time it is asked for."""
    from workdiary.server.log.proofs import receipt_of_leaf  # noqa: PLC0415

    return receipt_of_leaf(record.leaf)
