"""A record as bytes: building, strict parsing and checking of one SD-JWT (RFC 9901 over RFC 7515).

Signed bytes are kept and verified as received; nothing is ever written again from the parsed form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from workdiary.evidence import disclosure, keys
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u, dumps, loads_object, unb64u
from workdiary.evidence.digest import ascii_bytes, record_id
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.kinds.base import DISCLOSURES_CAP, LARGE_JWS_CAP, SD_ALG, VERSION
from workdiary.evidence.records import (
    KINDS,
    check_chain_fields,
    check_clear,
    check_value,
    open_kid,
    slot_names,
)

# A header has three short members; its largest honest form has about 160 characters.
HEADER_CAP = 512

_HEADER = frozenset({"alg", "kid", "typ"})
_TYP = re.compile(r"wd-([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\+sd-jwt\Z")
_KID_CHARS = 43


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """A record just signed; `disclosures`: slot name to encoded text."""

    kind: str
    jws: str
    id: str
    payload: JsonObject
    disclosures: Mapping[str, str]

    def digest(self, name: str) -> str:
        """The digest of one slot, as `redact` and the blob's address name it."""
        return disclosure.digest(self.disclosures[name])


@dataclass(frozen=True, slots=True)
class ParsedRecord:
    """A record whose form was checked, its signature not yet.

    supported: False for an unknown `v` or `typ`: chain and log can be checked, `payload` must not be read
    beyond `records.CHAIN_FIELDS`.
    """

    kind: str
    alg: str
    kid: str
    payload: JsonObject
    signing_input: bytes
    signature: bytes
    jws: str
    id: str
    supported: bool = True

    @property
    def log(self) -> str:
        """Origin of the log it was signed for."""
        return str(self.payload["log"])

    @property
    def ctr(self) -> str | None:
        """Contract, None in account streams."""
        ctr = self.payload["ctr"]
        return None if ctr is None else str(ctr)

    @property
    def stream(self) -> str:
        """Stream id, base64url of 16 bytes."""
        return str(self.payload["stream"])

    @property
    def seq(self) -> int:
        """Place in the stream."""
        return int(str(self.payload["seq"]))

    @property
    def prev(self) -> str | None:
        """Id of the record before, None for `open`."""
        prev = self.payload["prev"]
        return None if prev is None else str(prev)

    @property
    def rid(self) -> str:
        """The UUIDv7 under which it travels."""
        return str(self.payload["rid"])


@dataclass(frozen=True, slots=True)
class Opened:
    """The slots of a record: `values` and `digests` of what was disclosed, digests `withheld`."""

    values: Mapping[str, JsonValue]
    digests: Mapping[str, str]
    withheld: tuple[str, ...]


def build(
    kind: str,
    clear: Mapping[str, JsonValue],
    slots: Mapping[str, JsonValue],
    signer: keys.Signer,
    entropy: Callable[[int], bytes],
) -> SignedRecord:
    """Sign a record of `kind`.

    clear: all clear fields (`Common.fields()` and the kind's own) but `_sd` and `_sd_alg`; slots: a value for
    every slot of the kind, null where there is none; entropy: n → n random bytes, for salts.
    Raises `EvidenceError` for fields that do not fit the table or exceed a cap.
    """
    if kind not in KINDS:
        raise EvidenceError("field", "an unknown kind")
    expected = _slot_names_of(kind, clear)
    if set(expected) != set(slots):
        raise EvidenceError("field", f"{kind}: the slots given are not those of the kind and its counts")
    for name in expected:
        check_value(kind, name, slots[name])
    encoded = {name: disclosure.make(name, slots[name], entropy(disclosure.SALT_BYTES)) for name in expected}
    digests: list[JsonValue] = [*sorted(disclosure.digest(text) for text in encoded.values())]
    payload: JsonObject = {**clear, "_sd_alg": SD_ALG, "_sd": digests}
    check_clear(kind, payload)
    header: JsonObject = {"alg": signer.alg, "kid": signer.kid, "typ": typ_of(kind)}
    signing_input = f"{b64u(dumps(header))}.{b64u(dumps(payload))}"
    jws = f"{signing_input}.{b64u(signer.sign(signing_input.encode('ascii')))}"
    if len(jws) > KINDS[kind].cap:
        raise EvidenceError("cap", f"{kind}: a record over {KINDS[kind].cap} bytes")
    _check_open(kind, payload, signer.kid)
    return SignedRecord(kind, jws, record_id(jws), payload, encoded)


def parse(jws: str) -> ParsedRecord:
    """Check the form of a compact JWS: caps, header, base64url, JSON, every clear field.

    An unknown version or kind gives `supported=False` instead of an error. Raises `EvidenceError`.
    """
    if len(jws) > LARGE_JWS_CAP:
        raise EvidenceError("cap", f"a record over {LARGE_JWS_CAP} bytes")
    ascii_bytes(jws)
    parts = jws.split(".")
    if len(parts) != 3 or not all(parts):  # noqa: PLR2004 - RFC 7515 section 7.1: header.payload.signature
        raise EvidenceError("jws", "not a compact JWS")
    kind, alg, kid = _parse_header(parts[0])
    row = KINDS.get(kind)
    if row is not None and len(jws) > row.cap:
        raise EvidenceError("cap", f"{kind}: a record over {row.cap} bytes")
    payload = loads_object(unb64u(parts[1]))
    signature = unb64u(parts[2])
    if len(signature) != keys.SIGNATURE_BYTES:
        raise EvidenceError("signature", "not 64 bytes")
    supported = _check_payload(kind, payload)
    if supported:
        _check_open(kind, payload, kid)
    signing_input = f"{parts[0]}.{parts[1]}".encode("ascii")
    return ParsedRecord(kind, alg, kid, payload, signing_input, signature, jws, record_id(jws), supported)


def check_signature(parsed: ParsedRecord, jwk: Mapping[str, str]) -> None:
    """Raise `EvidenceError` unless `jwk` is the key that `parsed` names and its signature is true."""
    if keys.thumbprint(jwk) != parsed.kid:
        raise EvidenceError("key", "signed by another key")
    keys.verify(jwk, parsed.alg, parsed.signing_input, parsed.signature)


def open_disclosures(parsed: ParsedRecord, texts: Sequence[str]) -> Opened:
    """Match disclosures to a supported record.

    Refuses (`EvidenceError`) a disclosure that no digest names, one given twice, two for one name, and values
    of another type than the table says (RFC 9901 section 7.1, steps 3 to 5).
    """
    if len(texts) > DISCLOSURES_CAP:
        raise EvidenceError("cap", f"more than {DISCLOSURES_CAP} disclosures")
    digests = _digests_of(parsed)
    allowed = set(slot_names(parsed.kind, parsed.payload))
    values: dict[str, JsonValue] = {}
    named: dict[str, str] = {}
    for text in texts:
        opened = disclosure.parse(text)
        digest = disclosure.digest(text)
        if digest not in digests:
            raise EvidenceError("disclosure", "no digest of the record names this disclosure")
        if opened.name not in allowed:
            raise EvidenceError("disclosure", f"{parsed.kind}: a disclosure for a slot that does not exist")
        if opened.name in values:
            raise EvidenceError("disclosure", f"{parsed.kind}.{opened.name}: disclosed twice")
        check_value(parsed.kind, opened.name, opened.value)
        values[opened.name] = opened.value
        named[opened.name] = digest
    shown = set(named.values())
    return Opened(values, named, tuple(digest for digest in digests if digest not in shown))


def typ_of(kind: str) -> str:
    """The header's `typ` of a kind."""
    return f"wd-{kind}+sd-jwt"


def _parse_header(part: str) -> tuple[str, str, str]:
    if len(part) > HEADER_CAP:
        raise EvidenceError("cap", f"a header over {HEADER_CAP} bytes")
    header = loads_object(unb64u(part))
    if header.keys() != _HEADER:
        raise EvidenceError("jws", "a header has exactly alg, kid and typ")
    alg, kid, typ = header["alg"], header["kid"], header["typ"]
    if alg not in keys.ALGS:
        raise EvidenceError("jws", "an algorithm outside the profile")
    if not isinstance(kid, str) or len(kid) != _KID_CHARS:
        raise EvidenceError("jws", "kid is no key thumbprint")
    unb64u(kid)
    match = _TYP.match(typ) if isinstance(typ, str) else None
    if match is None:
        raise EvidenceError("jws", "typ is not wd-<kind>+sd-jwt")
    return match[1], str(alg), kid


def _check_payload(kind: str, payload: JsonObject) -> bool:
    version = payload.get("v")
    if not isinstance(version, int) or isinstance(version, bool) or version < VERSION:
        raise EvidenceError("field", "v is no version")
    if version != VERSION or kind not in KINDS:
        check_chain_fields(payload)
        return False
    check_clear(kind, payload)
    return True


def _check_open(kind: str, payload: JsonObject, kid: str) -> None:
    if kind == "open" and open_kid(payload) != kid:
        raise EvidenceError("key", "open: introduces another key than the one that signs it")


def _slot_names_of(kind: str, clear: Mapping[str, JsonValue]) -> tuple[str, ...]:
    for counted in KINDS[kind].counted.values():
        if counted.count not in clear:
            raise EvidenceError("field", f"{kind}: {counted.count} is missing")
        KINDS[kind].clear[counted.count].check(clear[counted.count], f"{kind}.{counted.count}")
    return slot_names(kind, clear)


def _digests_of(parsed: ParsedRecord) -> list[str]:
    if not parsed.supported:
        raise EvidenceError("disclosure", "the content of this record is not supported")
    digests = parsed.payload["_sd"]
    return [digest for digest in digests if isinstance(digest, str)] if isinstance(digests, list) else []
