"""Who may say what (evidence.md, Authority): by role, and for somebody's own time also by account."""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.evidence.kinds.time import TIME_KINDS
from workdiary.evidence.records import KINDS

OWN_TIME_KINDS = frozenset(kind.name for kind in TIME_KINDS)


@dataclass(frozen=True, slots=True)
class Voice:
    """Who signed: the role and account (None: unknown) of the key, and the account it acts for."""

    role: str
    account: str | None = None
    on_behalf: str | None = None


def may_sign(kind: str, voice: Voice) -> bool:
    """Whether a key of this role may make a record of this kind at all.

    The table says who (`kinds.base.Kind.may_sign`). A kind of a later version says nothing here, so nobody is
    kept from it.
    """
    row = KINDS.get(kind)
    if row is None:
        return True
    return row.may_sign(voice.role, voice.on_behalf)


def may_speak(voice: Voice, about: str | None, agency: str | None) -> bool:
    """Whether that key may speak of the own time of account `about`.

    agency: the account that the terms in force name as the freelancer's agency; None if they name none. What
    is unknown (None) is no contradiction: the log vouches that a contract has one freelancer.
    """
    if voice.role == "agency":
        return agency is not None and voice.account in {None, agency} and voice.on_behalf in {None, about}
    if voice.role != "freelancer":
        return False
    mine = about is None or voice.account is None or about == voice.account
    return mine and (voice.on_behalf is None or voice.on_behalf in {voice.account, about})
