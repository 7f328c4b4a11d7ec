"""Types of record fields: each checks a value, describes itself for the table and gives its JSON schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from workdiary.evidence.canonical import INT_MAX, JsonObject, JsonValue
from workdiary.evidence.digest import DIGEST_BYTES
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import check_key
from workdiary.evidence.times import TIME_MAX_MS


class FieldType(Protocol):
    """What a field may hold. Implementations are frozen values, shared between fields."""

    def check(self, value: JsonValue, where: str) -> None:
        """Raise `EvidenceError` ("field") naming `where` unless `value` fits; never quotes the value."""
        ...

    def describe(self) -> str:
        """The cell of the format's table."""
        ...

    def schema(self) -> JsonObject:
        """The JSON Schema (2020-12) of the field, as far as one can be written."""
        ...


def refuse(where: str, wanted: str) -> EvidenceError:
    """The error for a field that does not hold what it should."""
    return EvidenceError("field", f"{where}: not {wanted}")


@dataclass(frozen=True, slots=True)
class Int:
    """An integer in a closed range."""

    low: int = 0
    high: int = INT_MAX
    unit: str = ""

    def check(self, value: JsonValue, where: str) -> None:
        """See `FieldType`; True and False are no integers."""
        if not isinstance(value, int) or isinstance(value, bool) or not self.low <= value <= self.high:
            raise refuse(where, self.describe())

    def describe(self) -> str:
        """See `FieldType`."""
        if self.high in {INT_MAX, TIME_MAX_MS}:
            least = f"at least {self.low}" if self.low else ""
            return ", ".join(part for part in (self.unit or "integer", least) if part)
        return f"{self.low} to {self.high}{f' {self.unit}' if self.unit else ''}"

    def schema(self) -> JsonObject:
        """See `FieldType`."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, slots=True)
class Flag:
    """true or false."""

    def check(self, value: JsonValue, where: str) -> None:
        """See `FieldType`."""
        if not isinstance(value, bool):
            raise refuse(where, "true or false")

    def describe(self) -> str:
        """See `FieldType`."""
        return "true or false"

    def schema(self) -> JsonObject:
        """See `FieldType`."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Text:
    """Text limited in UTF-8 bytes, so that a cap means the same in every language."""

    cap: int
    least: int = 0

    def check(self, value: JsonValue, where: str) -> None:
        """See `FieldType`."""
        if not isinstance(value, str) or not self.least <= _utf8_bytes(value) <= self.cap:
            raise refuse(where, self.describe())

    def describe(self) -> str:
        """See `FieldType`."""
        return f"text of {self.least} to {self.cap} bytes"

    def schema(self) -> JsonObject:
        """See `FieldType`; the schema counts characters, so it only bounds from above."""
        return {"type": "string", "maxLength": self.cap}


@dataclass(frozen=True, slots=True)
class Pattern:
    """ASCII text of one written form."""

    what: str
    pattern: str
    cap: int = 128

    def check(self, value: JsonValue, where: str) -> None:
        """See `FieldType`."""
        if (
            not isinstance(value, str)
            or len(value) > self.cap
            or not re.fullmatch(self.pattern, value, re.ASCII)
        ):
            raise refuse(where, self.what)

    def describe(self) -> str:
        """See `FieldType`."""
        return self.what

    def schema(self) -> JsonObject:
        """See `FieldType`."""
        return {"type": "string", "pattern": f"^{self.pattern}$", "maxLength": self.cap}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a fixed set of words."""

    words: tuple[str, ...]

    def check(self, value: JsonValue, where: str) -> None:
        """See `FieldType`."""
        if value not in self.words:
            raise refuse(where, "one of its words")

    def describe(self) -> str:
        """See `FieldType`."""
        return " / ".join(f"`{word}`" for word in self.words)

    def schema(self) -> JsonObject:
        """See `FieldType`."""
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Bytes:
    """A fixed number of bytes as strict base64url."""

    size: int
    what: str

    def check(self, value: JsonValue, where: str) -> None:
        """See `FieldType`."""
        if not isinstance(value, str) or not _written(self.size).match(value):
            raise refuse(where, self.what)

    def describe(self) -> str:
        """See `FieldType`."""
        return f"{self.what} ({self.size} bytes, base64url)"

    def schema(self) -> JsonObject:
        """See `FieldType`."""
        return {"type": "string", "pattern": f"^[A-Za-z0-9_-]{{{self._chars()}}}$"}

    def _chars(self) -> int:
        return -(-self.size * 4 // 3)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as a JWK with its required members only; `alg` follows from the curve."""

    def check(self, value: JsonValue, where: str) -> None:
        """See `FieldType`."""
        try:
            check_key(as_jwk(value, where))
        except EvidenceError as error:
            raise EvidenceError("field", f"{where}: {error.message}") from None

    def describe(self) -> str:
        """See `FieldType`."""
        return "JWK of an Ed25519 or P-256 key, required members only"

    def schema(self) -> JsonObject:
        """See `FieldType`."""
        members: JsonObject = {key: {"type": "string"} for key in ("kty", "crv", "x", "y")}
        return {"type": "object", "properties": members, "additionalProperties": False}


@dataclass(frozen=True, slots=True)
class Nullable:
    """A value or null."""

    inner: FieldType

    def check(self, value: JsonValue, where: str) -> None:
        """See `FieldType`."""
        if value is not None:
            self.inner.check(value, where)

    def describe(self) -> str:
        """See `FieldType`."""
        return f"{self.inner.describe()} or null"

    def schema(self) -> JsonObject:
        """See `FieldType`."""
        return {"anyOf": [self.inner.schema(), {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class Many:
    """A list with a limit."""

    inner: FieldType
    most: int
    least: int = 0

    def check(self, value: JsonValue, where: str) -> None:
        """See `FieldType`."""
        if not isinstance(value, list) or not self.least <= len(value) <= self.most:
            raise refuse(where, f"a list of {self.least} to {self.most}")
        for index, item in enumerate(value):
            self.inner.check(item, f"{where}[{index}]")

    def describe(self) -> str:
        """See `FieldType`."""
        return f"[{self.inner.describe()}] × {self.least} to {self.most}"

    def schema(self) -> JsonObject:
        """See `FieldType`."""
        return {
            "type": "array",
            "items": self.inner.schema(),
            "minItems": self.least,
            "maxItems": self.most,
        }


@dataclass(frozen=True, slots=True)
class Struct:
    """An object with exactly these members."""

    members: Mapping[str, FieldType]

    def check(self, value: JsonValue, where: str) -> None:
        """See `FieldType`."""
        if not isinstance(value, dict) or value.keys() != self.members.keys():
            raise refuse(where, "an object of exactly its members")
        for name, kind in self.members.items():
            kind.check(value[name], f"{where}.{name}")

    def describe(self) -> str:
        """See `FieldType`."""
        return "{" + ", ".join(f"`{name}` {kind.describe()}" for name, kind in self.members.items()) + "}"

    def schema(self) -> JsonObject:
        """See `FieldType`."""
        members: JsonObject = {name: kind.schema() for name, kind in self.members.items()}
        return {
            "type": "object",
            "properties": members,
            "required": list(self.members),
            "additionalProperties": False,
        }


def as_jwk(value: JsonValue, where: str) -> dict[str, str]:
    """`value` as a JWK: an object of texts. Raises `EvidenceError`."""
    if not isinstance(value, dict) or not all(isinstance(part, str) for part in value.values()):
        raise refuse(where, "a JWK, an object of texts")
    return {name: str(part) for name, part in value.items()}


@cache
def _written(size: int) -> re.Pattern[str]:
    """The texts of `size` bytes in strict base64url: so many characters, no bits behind the last byte.

    As `canonical.unb64u` would find by decoding; a record has twenty of them, a bundle thousands.
    """
    last = {0: "", 1: "[AQgw]", 2: "[AEIMQUYcgkosw048]"}[size % 3]
    chars = -(-size * 4 // 3) - bool(last)
    return re.compile(rf"[A-Za-z0-9_-]{{{chars}}}{last}\Z")


def _utf8_bytes(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        # A lone surrogate, as some desktops put into window titles: no length fits it.
        return -1


# The named types of evidence.md, used by every kind.
INSTANT = Int(0, TIME_MAX_MS, "UTC ms")
DURATION = Int(unit="ms")
COUNT = Int()
ID = Bytes(DIGEST_BYTES, "record id")
DIGEST = Bytes(DIGEST_BYTES, "SHA-256")
KID = Bytes(DIGEST_BYTES, "key thumbprint, RFC 7638")
STREAM = Bytes(16, "stream id")
UUID = Pattern("UUID in lower case", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
UUID7 = Pattern("UUIDv7 in lower case", "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
CODE = Pattern("lower-case code with hyphens", "[a-z][a-z0-9]*(-[a-z0-9]+)*", 40)
