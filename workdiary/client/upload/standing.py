"""What an account's keys are worth to this computer: the server's list is believed only as far as it proves.

A key's certificate is followed, signature by signature, to the root this home knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from workdiary.evidence.canonical import JsonValue
from workdiary.evidence.envelope import ParsedRecord, check_signature, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import as_jwk
from workdiary.evidence.keys import check_key, thumbprint
from workdiary.evidence.rotation import verify_rotation
from workdiary.wire.keys import KeyList, KeyRow

# root: the account's own; rooted: certificates lead to it; certified: by a key that leads nowhere yet;
# waiting: by nobody; false: what the server shows does not prove what it says.
Standing = Literal["root", "other-root", "rooted", "certified", "waiting", "false"]


@dataclass(frozen=True, slots=True)
class Shown:
    """One key with its standing."""

    row: KeyRow
    standing: Standing


def standings(listed: KeyList, root: str) -> tuple[Shown, ...]:
    """Every key with its standing, in the list's order; root: the kid this home knows, "" before."""
    rows = {row.kid: row for row in listed.keys}
    return tuple(Shown(row, _standing(row, rows, listed.account, root)) for row in listed.keys)


def _standing(row: KeyRow, rows: Mapping[str, KeyRow], account: str, root: str) -> Standing:
    seen: set[str] = set()
    at = row
    while True:
        if not _is_itself(at) or at.kid in seen:
            return "false"
        seen.add(at.kid)
        if at.kind == "root":
            own = at.kid == root
            return ("root" if own else "other-root") if at is row else ("rooted" if own else "certified")
        if not at.cert:
            return "waiting" if at is row else "certified"
        above = rows.get(at.certified_by)
        if above is None or not _certifies(above, at, account):
            return "false"
        at = above


def _is_itself(row: KeyRow) -> bool:
    """Whether the key has the name it goes by."""
    try:
        check_key(row.jwk)
        return thumbprint(row.jwk) == row.kid
    except EvidenceError:
        return False


def _certifies(above: KeyRow, row: KeyRow, account: str) -> bool:
    try:
        parsed = parse(row.cert)
        check_signature(parsed, above.jwk)
        return _says(parsed, row, account)
    except EvidenceError:
        return False


def _says(parsed: ParsedRecord, row: KeyRow, account: str) -> bool:
    payload: Mapping[str, JsonValue] = parsed.payload
    if not parsed.supported or payload.get("account") != account:
        return False
    if parsed.kind == "rotate":
        return thumbprint(verify_rotation(payload)) == row.kid and payload["old"] == parsed.kid
    if parsed.kind != "cert" or payload["role"] != row.role:
        return False
    return thumbprint(as_jwk(payload["jwk"], "cert.jwk")) == row.kid
