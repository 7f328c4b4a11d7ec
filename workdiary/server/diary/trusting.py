"""The trust file of a contract: what a verifier may pin, once it was compared by another way."""

from __future__ import annotations

from workdiary.server.accounts.models import Device
from workdiary.server.contracts.models import Contract, Party
from workdiary.server.log.tree import signer
from workdiary.server.receive.operator_stream import operator_signer
from workdiary.server.receive.seals import PARTIES
from workdiary.server.store.runtime import runtime
from workdiary.verify.trust import Trust, TrustedRoot

_ROOT = "root"


def trust_of(contract: Contract) -> Trust:
    """Log, operator, witnesses time stampers of this installation, and the roots of both parties."""
    settings = runtime().settings
    return Trust(
        name=contract.name,
        installation=runtime().secrets.installation,
        log_key=signer(0).vkey.public,
        solo=runtime().solo,
        operator=operator_signer().kid,
        witnesses=settings.vkeys,
        k=settings.k,
        tsas=() if settings.tsa is None else (settings.tsa.pem,),
        roots=tuple(_roots(contract)),
    )


def _roots(contract: Contract) -> list[TrustedRoot]:
    parties = Party.objects.select_related("account").filter(contract=contract, role__in=PARTIES)
    by_account = {party.account_id: party for party in parties}
    keys = Device.objects.filter(account__in=list(by_account), kind=_ROOT, revoked_ms=None).order_by("kid")
    return [
        TrustedRoot(
            kid=key.kid,
            account=str(key.account_id),
            role=by_account[key.account_id].role,
            name=by_account[key.account_id].account.name,
        )
        for key in keys
    ]
