"""The JSON messages of /api/v1, typed; `from_json` is the inverse of `to_json` and raises `BadMessage`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.evidence.digest import sha256_hex
from workdiary.wire.reading import BadMessage, Reader

VERSION: Final = 1
CHECK_MAX: Final = 500
CONTRACTS_MAX: Final = 10_000
WITNESSES_MAX: Final = 32  # what a note has room for, and a trust file
TSAS_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Installation:
    """GET /api/v1/installation, open to anyone: what a client pins and shows before it enrols.

    origin: the log's; log_vkey: C2SP verifier key of its notes; upload_jwk: X25519; operator_jwk: signs
    refusals; time_ms: the server's clock, UTC ms, when it answered; witnesses: vkeys, k of which make a note
    witnessed; tsas: PEM certificates of time stamping authorities. Older servers say none of these three.
    """

    origin: str
    log_vkey: str
    upload_jwk: dict[str, str]
    operator_jwk: dict[str, str]
    solo: bool
    demo_allowed: bool
    time_ms: int
    name: str
    witnesses: tuple[str, ...] = ()
    k: int = 0
    tsas: tuple[str, ...] = ()
    v: int = VERSION

    def to_json(self) -> JsonObject:
        """The document."""
        return {
            "v": self.v,
            "origin": self.origin,
            "log_vkey": self.log_vkey,
            "upload_jwk": dict(self.upload_jwk),
            "operator_jwk": dict(self.operator_jwk),
            "solo": self.solo,
            "demo_allowed": self.demo_allowed,
            "time_ms": self.time_ms,
            "name": self.name,
            "witnesses": _list(self.witnesses),
            "k": self.k,
            "tsas": _list(self.tsas),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> Installation:
        """Read the document."""
        reader = Reader(value, "installation")
        if reader.integer("v") != VERSION:
            raise BadMessage("installation: another version of the protocol")
        return cls(
            origin=reader.text("origin"),
            log_vkey=reader.text("log_vkey"),
            upload_jwk=reader.text_mapping("upload_jwk"),
            operator_jwk=reader.text_mapping("operator_jwk"),
            solo=reader.flag("solo"),
            demo_allowed=reader.flag("demo_allowed"),
            time_ms=reader.integer("time_ms"),
            name=reader.text("name"),
            witnesses=reader.optional_texts("witnesses", WITNESSES_MAX),
            k=reader.optional_integer("k") or 0,
            tsas=reader.optional_texts("tsas", TSAS_MAX),
        )


def enrol_proof_input(origin: str, token: str) -> bytes:
    """What a device signs to enrol: possession of its key, for this installation and this one-time token."""
    return f"workdiary enrol v1\n{origin}\n{sha256_hex(token.encode('utf-8'))}\n".encode()


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    """POST /api/v1/enrol. proof: base64url signature by `jwk` over `enrol_proof_input(origin, token)`."""

    jwk: dict[str, str]
    proof: str
    device_name: str
    key_class: str
    token: str

    def to_json(self) -> JsonObject:
        """The request."""
        return {
            "jwk": dict(self.jwk),
            "proof": self.proof,
            "device_name": self.device_name,
            "key_class": self.key_class,
            "token": self.token,
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> EnrolRequest:
        """Read the request."""
        reader = Reader(value, "enrol request")
        return cls(
            jwk=reader.text_mapping("jwk"),
            proof=reader.text("proof"),
            device_name=reader.text("device_name"),
            key_class=reader.text("key_class"),
            token=reader.text("token"),
        )


@dataclass(frozen=True, slots=True)
class ContractRef:
    """A contract by its id (UUID) and the name people use for it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class EnrolReply:
    """201 to an enrolment. device_token: the bearer token, stored hashed on the server, shown once.

    role: what the account is, in the words of `open.role`; expires_ms: the token's end, None: it has none.
    """

    account: str
    device: str
    device_token: str
    contracts: tuple[ContractRef, ...]
    role: str = "freelancer"
    expires_ms: int | None = None

    def to_json(self) -> JsonObject:
        """The reply."""
        contracts: list[JsonValue] = [{"id": item.id, "name": item.name} for item in self.contracts]
        return {
            "account": self.account,
            "device": self.device,
            "device_token": self.device_token,
            "contracts": contracts,
            "role": self.role,
            "expires_ms": self.expires_ms,
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> EnrolReply:
        """Read the reply."""
        reader = Reader(value, "enrol reply")
        contracts = [Reader(item, "contract") for item in reader.items("contracts", CONTRACTS_MAX)]
        return cls(
            account=reader.text("account"),
            device=reader.text("device"),
            device_token=reader.text("device_token"),
            contracts=tuple(ContractRef(item.text("id"), item.text("name")) for item in contracts),
            role=reader.text_or("role", "freelancer"),
            expires_ms=reader.optional_integer("expires_ms"),
        )


@dataclass(frozen=True, slots=True)
class RecordReply:
    """201 or 200 to a record. id: id(JWS); index: its leaf; receipt: tlog-proof text."""

    rid: str
    id: str
    index: int
    receipt: str

    def to_json(self) -> JsonObject:
        """The reply."""
        return {"rid": self.rid, "id": self.id, "index": self.index, "receipt": self.receipt}

    @classmethod
    def from_json(cls, value: JsonValue) -> RecordReply:
        """Read the reply."""
        reader = Reader(value, "record reply")
        return cls(reader.text("rid"), reader.text("id"), reader.integer("index"), reader.text("receipt"))


@dataclass(frozen=True, slots=True)
class EpochReply:
    """GET /log/epoch: how an epoch began. leaf: its leaf 0 (base64); receipt: tlog-proof that it is that."""

    epoch: int
    leaf: str
    receipt: str

    @classmethod
    def from_json(cls, value: JsonValue) -> EpochReply:
        """Read the reply."""
        reader = Reader(value, "epoch")
        return cls(reader.integer("epoch"), reader.text("leaf"), reader.text("receipt"))


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """POST /api/v1/records/check: which of these (≤ 500) rids the server has."""

    rids: tuple[str, ...]

    def to_json(self) -> JsonObject:
        """The request."""
        return {"rids": _list(self.rids)}

    @classmethod
    def from_json(cls, value: JsonValue) -> CheckRequest:
        """Read the request."""
        return cls(Reader(value, "check request").texts("rids", CHECK_MAX))


@dataclass(frozen=True, slots=True)
class CheckReply:
    """Each asked rid in exactly one list. gone: erased or redacted, never to be sent again."""

    known: tuple[str, ...]
    missing: tuple[str, ...]
    gone: tuple[str, ...]

    def to_json(self) -> JsonObject:
        """The reply."""
        return {"known": _list(self.known), "missing": _list(self.missing), "gone": _list(self.gone)}

    @classmethod
    def from_json(cls, value: JsonValue) -> CheckReply:
        """Read the reply."""
        reader = Reader(value, "check reply")
        return cls(*(reader.texts(name, CHECK_MAX) for name in ("known", "missing", "gone")))


@dataclass(frozen=True, slots=True)
class StreamHead:
    """GET /api/v1/streams/{id}/head: the last seq the server holds of a stream, its id and leaf."""

    stream: str
    seq: int
    id: str
    index: int

    def to_json(self) -> JsonObject:
        """The reply."""
        return {"stream": self.stream, "seq": self.seq, "id": self.id, "index": self.index}

    @classmethod
    def from_json(cls, value: JsonValue) -> StreamHead:
        """Read the reply."""
        reader = Reader(value, "stream head")
        return cls(reader.text("stream"), reader.integer("seq"), reader.text("id"), reader.integer("index"))


@dataclass(frozen=True, slots=True)
class BlobReply:
    """201 or 200 to an image: its disclosure digest (hex), and that it is durable."""

    digest: str
    stored: bool

    def to_json(self) -> JsonObject:
        """The reply."""
        return {"digest": self.digest, "stored": self.stored}

    @classmethod
    def from_json(cls, value: JsonValue) -> BlobReply:
        """Read the reply."""
        reader = Reader(value, "blob reply")
        return cls(reader.text("digest"), reader.flag("stored"))


@dataclass(frozen=True, slots=True)
class Refusal:
    """The operator's signed `refusal` of a record, as the problem document carries it: a compact JWS."""

    refusal: str

    def to_json(self) -> JsonObject:
        """The member."""
        return {"refusal": self.refusal}

    @classmethod
    def from_json(cls, value: JsonValue) -> Refusal:
        """Read it out of a problem document."""
        return cls(Reader(value, "refusal").text("refusal"))


def _list(texts: Sequence[str]) -> list[JsonValue]:
    return list(texts)
