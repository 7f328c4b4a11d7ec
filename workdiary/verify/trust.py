"""What a verifier trusts, all given by hand: keys of the log, the operator, witnesses, time stampers, roots.

A trust file reaches the verifier by another way than the bundle it judges: a bundle never vouches for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from workdiary.evidence.canonical import JsonObject, JsonValue, b64u, dumps, loads_object, unb64u
from workdiary.evidence.cosign import parse_cosigner
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import KID, UUID, Bytes, Flag, Int, Many, Nullable, Pattern, Struct, Text
from workdiary.evidence.keys import KEY_BYTES, check_key, thumbprint
from workdiary.evidence.kinds.base import NAME_CAP, ROLES
from workdiary.evidence.notes import VerifierKey

# Sixteen witnesses with vkeys, four certificates of 8 KiB and a hundred roots stay below it.
TRUST_CAP = 128 * 1024
WITNESSES_CAP = 32
TSAS_CAP = 8
ROOTS_CAP = 200
# A certificate with an RSA key of 4,096 bits has about 2.5 kB; a chain of three fits.
PEM_CAP = 16 * 1024
VKEY_CAP = 1024
INSTALLATION = "[0-9a-f]{32}"

_PEM = Pattern(
    "certificates in PEM",
    r"(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n?)+",
    PEM_CAP,
)
_ROOT = Struct(
    {
        "kid": KID,
        "account": Nullable(UUID),
        "role": Pattern("a role", "|".join(ROLES), 16),
        "name": Text(NAME_CAP),
    }
)
_LOG = Struct(
    {
        "installation": Pattern("installation id", INSTALLATION, 32),
        "key": Bytes(KEY_BYTES, "Ed25519 key"),
        "solo": Flag(),
    }
)
_FILE = Struct(
    {
        "v": Int(1, 1),
        "name": Text(NAME_CAP),
        "log": Nullable(_LOG),
        "operator": Nullable(KID),
        "witnesses": Many(Text(VKEY_CAP, 1), WITNESSES_CAP),
        "k": Int(0, WITNESSES_CAP),
        "tsas": Many(_PEM, TSAS_CAP),
        "roots": Many(_ROOT, ROOTS_CAP),
    }
)


@dataclass(frozen=True, slots=True)
class TrustedRoot:
    """An account root somebody has compared: `account` its id if known, `role` whose."""

    kid: str
    account: str | None
    role: str
    name: str


@dataclass(frozen=True, slots=True)
class Trust:
    """One trust file. installation: 32 hex digits; log_key: raw Ed25519, 32 bytes; operator: kid;
    witnesses: vkeys, `k` of them make a checkpoint witnessed; tsas: certificates in PEM, issuers included;
    solo: the log is run by the freelancer's own computer.
    """  # noqa: D205 - the fields are the summary

    name: str = ""
    installation: str | None = None
    log_key: bytes | None = None
    solo: bool = False
    operator: str | None = None
    witnesses: tuple[str, ...] = ()
    k: int = 0
    tsas: tuple[str, ...] = ()
    roots: tuple[TrustedRoot, ...] = ()

    def vkey(self, epoch: int) -> VerifierKey | None:
        """The log's key under the name it signs with in `epoch`; None if no log is pinned."""
        if self.installation is None or self.log_key is None:
            return None
        return VerifierKey(f"workdiary/{self.installation}/{epoch}", self.log_key)


def parse_trust(text: str) -> Trust:
    """Read a trust file strictly. Raises `EvidenceError`."""
    if len(text) > TRUST_CAP:
        raise EvidenceError("cap", f"a trust file over {TRUST_CAP} characters")
    try:
        value = loads_object(text.encode())
    except UnicodeEncodeError:
        raise EvidenceError("json", "a lone surrogate") from None
    _FILE.check(value, "trust")
    trust = _from_json(value)
    if trust.k > len(trust.witnesses):
        raise EvidenceError("field", "trust.k: more witnesses are demanded than named")
    if trust.witnesses and trust.k == 0:
        raise EvidenceError("field", "trust.k: of the witnesses named, at least one has to count")
    # By key, not by text: one key under two names is one witness.
    if len({parse_cosigner(vkey).public for vkey in trust.witnesses}) != len(trust.witnesses):
        raise EvidenceError("field", "trust.witnesses: one is named twice")
    return trust


def dump_trust(trust: Trust) -> bytes:
    """The canonical trust file, with a newline at its end. Raises `EvidenceError` for what none can hold."""
    value = _to_json(trust)
    _FILE.check(value, "trust")
    return dumps(value) + b"\n"


def trust_for(installation: str, trusts: Iterable[Trust]) -> Trust | None:
    """What all trust files together say of one installation's log; None if none speaks of it.

    Witnesses and `k` are those of the first file that has any: k of another list is another promise.
    Raises `EvidenceError` if two files name different keys for one log or operator.
    """
    found: Trust | None = None
    for trust in trusts:
        if trust.installation == installation:
            found = trust if found is None else _joined(found, trust)
    return found


def roots_of(trusts: Iterable[Trust]) -> dict[str, TrustedRoot]:
    """Every root anybody has compared, by kid; roots belong to people, not to an installation."""
    return {root.kid: root for trust in trusts for root in trust.roots}


def log_kid(log_key: bytes) -> str:
    """The thumbprint of a log's raw key, for `recovery.words`."""
    return thumbprint(_log_jwk(log_key))


def _joined(first: Trust, second: Trust) -> Trust:
    if first.log_key != second.log_key:
        raise EvidenceError("key", "two trust files name different keys for one log")
    if None not in {first.operator, second.operator} and first.operator != second.operator:
        raise EvidenceError("key", "two trust files name different keys for one operator")
    known = roots_of([first])
    if any(_contradicts(known[root.kid], root) for root in second.roots if root.kid in known):
        raise EvidenceError("key", "two trust files say different things of one root")
    witnessing = first if first.witnesses else second
    return replace(
        first,
        solo=first.solo or second.solo,
        operator=first.operator or second.operator,
        witnesses=witnessing.witnesses,
        k=witnessing.k,
        tsas=_union(first.tsas, second.tsas),
        roots=tuple(roots_of((first, second)).values()),
    )


def _contradicts(one: TrustedRoot, other: TrustedRoot) -> bool:
    accounts = {one.account, other.account} - {None}
    return one.role != other.role or len(accounts) > 1


def _union(first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


def _from_json(value: JsonObject) -> Trust:
    log = value["log"]
    installation, key, solo = None, None, False
    if isinstance(log, dict):
        installation, key, solo = str(log["installation"]), unb64u(str(log["key"])), log["solo"] is True
        # A key of small order would verify notes that nobody signed.
        check_key(_log_jwk(key))
    operator = value["operator"]
    return Trust(
        str(value["name"]),
        installation,
        key,
        solo,
        None if operator is None else str(operator),
        _texts(value["witnesses"]),
        int(str(value["k"])),
        _texts(value["tsas"]),
        tuple(_root(item) for item in _items(value["roots"])),
    )


def _log_jwk(key: bytes) -> dict[str, str]:
    return {"crv": "Ed25519", "kty": "OKP", "x": b64u(key)}


def _root(item: JsonValue) -> TrustedRoot:
    row = item if isinstance(item, dict) else {}
    account = row["account"]
    return TrustedRoot(
        str(row["kid"]), None if account is None else str(account), str(row["role"]), str(row["name"])
    )


def _items(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _texts(value: JsonValue) -> tuple[str, ...]:
    return tuple(str(item) for item in _items(value))


def _to_json(trust: Trust) -> JsonObject:
    log: JsonValue = None
    if trust.installation is not None and trust.log_key is not None:
        log = {"installation": trust.installation, "key": b64u(trust.log_key), "solo": trust.solo}
    roots: list[JsonValue] = [
        {"kid": root.kid, "account": root.account, "role": root.role, "name": root.name}
        for root in trust.roots
    ]
    return {
        "v": 1,
        "name": trust.name,
        "log": log,
        "operator": trust.operator,
        "witnesses": [*trust.witnesses],
        "k": trust.k,
        "tsas": [*trust.tsas],
        "roots": roots,
    }
