"""The trust file of a home's own diary: from its server, checked against what the home pinned itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workdiary.cli.export import reachable_server
from workdiary.client.account import Enrolment
from workdiary.client.errors import OfflineError
from workdiary.client.tracker.homefiles import HomeFiles, reading
from workdiary.client.upload.answers import OK, trouble
from workdiary.client.upload.transport import HttpTransport
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import thumbprint
from workdiary.evidence.notes import parse_vkey
from workdiary.verify.trust import Trust, parse_trust
from workdiary.wire.known import ExitCode, KnownError


def trust_file(home: Path, contract: str, environ: Mapping[str, str]) -> bytes:
    """The bytes to hand over. Raises `KnownError`: offline (4), unknown contract (6), other keys (7)."""
    with reading(home, environ) as files:
        chosen = files.account.contract(contract)
        with reachable_server(files) as base:
            data = _asked(files, base, chosen.id)
        enrolment = files.account.enrolment
    try:
        trust = parse_trust(data.decode("utf-8"))
    except (EvidenceError, UnicodeDecodeError) as error:
        raise OfflineError(base, "What it sent is no trust file.") from error
    if enrolment is not None:
        _compare(trust, enrolment)
    return data


def _asked(files: HomeFiles, base: str, contract: str) -> bytes:
    token = files.keys.token()
    if token is None:
        raise OfflineError(base, "This computer has no access to it yet.")
    transport = HttpTransport(lambda: base)
    try:
        answer = transport.send(
            "GET", f"/api/v1/contracts/{contract}/trust", {"Authorization": f"Bearer {token}"}, None
        )
    finally:
        transport.close()
    if answer.status != OK:
        raise trouble(answer)
    return answer.body


def _compare(trust: Trust, enrolment: Enrolment) -> None:
    """What was pinned at the first contact must be what the server names now."""
    pinned = {
        "the log's key": (trust.log_key, parse_vkey(enrolment.log_vkey).public),
        "its operator's key": (trust.operator, thumbprint(enrolment.operator_jwk)),
    }
    other = [what for what, (named, known) in pinned.items() if named != known]
    own = [root.kid for root in trust.roots if root.account == enrolment.account]
    if enrolment.root and own != [enrolment.root]:
        other.append("your account's root")
    if other:
        raise KnownError(
            "The server names other keys than this home has pinned",
            f"Not the same: {', '.join(other)}. Nothing was written. Do not hand over what it says.",
            exit_code=ExitCode.REFUSED,
        )
