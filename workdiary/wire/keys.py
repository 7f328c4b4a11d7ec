"""The messages about an account's keys: GET and POST /api/v1/keys, heads to endorse, forks to rejoin."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final, Literal, cast

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.wire.reading import BadMessage, Reader

KEYS_MAX: Final = 1_000
HEADS_MAX: Final = 100  # as many as one `endorse` names
FORKS_MAX: Final = 100

KeyKind = Literal["device", "root", "browser"]
_KINDS: Final = ("device", "root", "browser")


def key_proof_input(origin: str, account: str, kind: str) -> bytes:
    """What a root or a browser key signs to be known: possession, for this account here and no other use."""
    return f"workdiary key v1\n{origin}\n{account}\n{kind}\n".encode()


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """POST /api/v1/keys. proof: base64url signature by `jwk` over `key_proof_input`.

    replaces, rotate_proof: only where a root takes another's place: the old kid and what `rotate` carries.
    """

    kind: KeyKind
    jwk: dict[str, str]
    proof: str
    name: str
    replaces: str = ""
    rotate_proof: str = ""

    def to_json(self) -> JsonObject:
        """The request."""
        return {
            "kind": self.kind,
            "jwk": dict(self.jwk),
            "proof": self.proof,
            "name": self.name,
            "replaces": self.replaces,
            "rotate_proof": self.rotate_proof,
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> KeyRequest:
        """Read the request."""
        reader = Reader(value, "key request")
        return cls(
            kind=_kind(reader),
            jwk=reader.text_mapping("jwk"),
            proof=reader.text("proof"),
            name=reader.text("name"),
            replaces=reader.text_or("replaces", ""),
            rotate_proof=reader.text_or("rotate_proof", ""),
        )


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of an account as the server knows it; nothing of it is believed but by records.

    role: as enrolled (`cert.role`); certified_by: the kid whose `cert` (the JWS, or "") it rests on;
    revoked_*: when and at which log index it ceased; stream: its newest account stream, or ""; this: the
    asking device's.
    """

    kid: str
    jwk: dict[str, str]
    kind: KeyKind
    key_class: str
    role: str
    name: str
    enrolled_ms: int
    certified_by: str = ""
    cert: str = ""
    revoked_ms: int | None = None
    revoked_index: int | None = None
    revoked_why: str = ""
    rotated_to: str = ""
    stream: str = ""
    this: bool = False

    def to_json(self) -> JsonObject:
        """The row."""
        return cast("JsonObject", asdict(self))

    @classmethod
    def from_json(cls, value: JsonValue) -> KeyRow:
        """Read the row."""
        reader = Reader(value, "key")
        return cls(
            kid=reader.text("kid"),
            jwk=reader.text_mapping("jwk"),
            kind=_kind(reader),
            key_class=reader.text("key_class"),
            role=reader.text("role"),
            name=reader.text("name"),
            enrolled_ms=reader.integer("enrolled_ms"),
            certified_by=reader.text_or("certified_by", ""),
            cert=reader.text_or("cert", ""),
            revoked_ms=reader.optional_integer("revoked_ms"),
            revoked_index=reader.optional_integer("revoked_index"),
            revoked_why=reader.text_or("revoked_why", ""),
            rotated_to=reader.text_or("rotated_to", ""),
            stream=reader.text_or("stream", ""),
            this=reader.flag("this"),
        )


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """Somebody asks for a new root in place of `old`; effective_ms: before then it cannot take effect."""

    kid: str
    old: str
    made_ms: int
    effective_ms: int

    def to_json(self) -> JsonObject:
        """The row."""
        return cast("JsonObject", asdict(self))

    @classmethod
    def from_json(cls, value: JsonValue) -> ClaimRow:
        """Read the row."""
        reader = Reader(value, "claim")
        return cls(
            reader.text("kid"), reader.text("old"), reader.integer("made_ms"), reader.integer("effective_ms")
        )


@dataclass(frozen=True, slots=True)
class KeyList:
    """200 to GET /api/v1/keys and to a POST: every key of the account, oldest first."""

    account: str
    keys: tuple[KeyRow, ...]
    claim: ClaimRow | None = None

    def to_json(self) -> JsonObject:
        """The list."""
        rows: list[JsonValue] = [row.to_json() for row in self.keys]
        return {
            "account": self.account,
            "keys": rows,
            "claim": None if self.claim is None else self.claim.to_json(),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> KeyList:
        """Read the list."""
        reader = Reader(value, "key list")
        rows = tuple(KeyRow.from_json(item) for item in reader.items("keys", KEYS_MAX))
        claim = value.get("claim") if isinstance(value, dict) else None
        return cls(reader.text("account"), rows, None if claim is None else ClaimRow.from_json(claim))


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of a stream: seq and id; at_ms: when the log received it."""

    stream: str
    seq: int
    id: str
    at_ms: int

    def to_json(self) -> JsonObject:
        """The row."""
        return cast("JsonObject", asdict(self))

    @classmethod
    def from_json(cls, value: JsonValue) -> Head:
        """Read the row."""
        reader = Reader(value, "head")
        place = reader.text("stream"), reader.integer("seq"), reader.text("id")
        return cls(*place, reader.integer("at_ms"))


@dataclass(frozen=True, slots=True)
class KeyHeads:
    """200 to GET /api/v1/keys/{kid}/heads?before=MS: how far each of its streams had come, to `endorse`."""

    heads: tuple[Head, ...]

    def to_json(self) -> JsonObject:
        """The list."""
        return {"heads": [head.to_json() for head in self.heads]}

    @classmethod
    def from_json(cls, value: JsonValue) -> KeyHeads:
        """Read the list."""
        items = Reader(value, "heads").items("heads", HEADS_MAX)
        return cls(tuple(Head.from_json(item) for item in items))


@dataclass(frozen=True, slots=True)
class Fork:
    """Records behind one and the same that claim one seq, by their ids in the log's order."""

    seq: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Forks:
    """200 to GET /api/v1/streams/{id}/forks: where an own stream parts, at most 100 places."""

    forks: tuple[Fork, ...]

    def to_json(self) -> JsonObject:
        """The list."""
        return {"forks": [{"seq": fork.seq, "ids": [*fork.ids]} for fork in self.forks]}

    @classmethod
    def from_json(cls, value: JsonValue) -> Forks:
        """Read the list."""
        rows = [Reader(item, "fork") for item in Reader(value, "forks").items("forks", FORKS_MAX)]
        return cls(tuple(Fork(row.integer("seq"), row.texts("ids", FORKS_MAX)) for row in rows))


def _kind(reader: Reader) -> KeyKind:
    kind = reader.text("kind")
    if kind not in _KINDS:
        raise BadMessage("key: kind is none of those there are")
    return cast("KeyKind", kind)
