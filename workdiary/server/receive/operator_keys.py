"""What the operator does to an account's keys, in its name and labelled so: end one, let a new root stand.

Both are logged records like everybody's (`on_behalf`); what follows is what follows from the record.
"""

from __future__ import annotations

import json

from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.envelope import parse
from workdiary.server.accounts.keys import ROOT_DELAY_MS
from workdiary.server.accounts.models import Device, RootClaim
from workdiary.server.log.tree import current, origin
from workdiary.server.receive.effects import apply_to_keys
from workdiary.server.receive.models import Record
from workdiary.server.receive.operator_stream import Statement, state
from workdiary.server.store.runtime import runtime
from workdiary.wire.known import ExitCode, KnownError

OPERATOR = "operator"


def revoke_key(kid: str) -> Record:
    """End a key by the operator's word. Raises KnownError if there is none, or it ended already."""
    device = Device.objects.filter(kid=kid).first()
    if device is None or device.revoked_ms is not None:
        raise _none("No such key counts here", "Its name is in `workdiary keys`, or it was ended already.")
    account = str(device.account_id)
    return _say("revoke", account, {"kid": kid, "why": OPERATOR})


def replace_root(kid: str) -> Record:
    """Let the root that was asked for take the lost one's place, once everybody could see the claim.

    kid: of the new root, whose words were compared with its owner. Raises KnownError.
    """
    claim = RootClaim.objects.filter(kid=kid).first()
    if claim is None:
        raise _none(
            "Nobody asks for this root", "`workdiary keys root --replace` does, on the owner's computer."
        )
    left_ms = claim.made_ms + ROOT_DELAY_MS - runtime().now_ms()
    if left_ms > 0:
        hours = -(-left_ms // 3_600_000)
        raise _refused(
            "It is too early", f"Everybody can see the claim for 72 hours first: {hours} h are left."
        )
    if claim.log != origin(current().epoch):
        raise _refused(
            "The claim was made for an earlier log",
            "A new epoch began since; the owner asks again, and the time begins anew.",
        )
    jwk: JsonObject = json.loads(claim.jwk)
    clear: JsonObject = {"old": claim.old, "jwk": jwk, "proof": claim.proof}
    return _say("rotate", str(claim.account_id), clear)


def claims() -> list[RootClaim]:
    """Who waits for a new root, oldest first."""
    return list(RootClaim.objects.select_related("account").order_by("made_ms"))


def _say(kind: str, account: str, clear: JsonObject) -> Record:
    statement = Statement(kind, {"account": account, "on_behalf": account, **clear})

    def also(record: Record) -> None:
        apply_to_keys(record, parse(record.jws).payload)

    return state(None, lambda _head: statement, also)


def _none(title: str, message: str) -> KnownError:
    return KnownError(title, message, exit_code=ExitCode.NOT_FOUND)


def _refused(title: str, message: str) -> KnownError:
    return KnownError(title, message, exit_code=ExitCode.REFUSED)
