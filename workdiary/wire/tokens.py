"""The messages that renew a device's bearer token: its key asks, so nobody has to sign in again.

POST /api/v1/token/challenge {kid} → {nonce, time_ms}
POST /api/v1/token {kid, nonce, proof} → {device_token, expires_ms}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.wire.reading import Reader

TOKEN_LIFE_MS: Final = 30 * 24 * 3_600_000
# A device that is switched on once in three weeks never meets an expired token.
RENEW_LEFT_MS: Final = 10 * 24 * 3_600_000


def token_proof_input(origin: str, kid: str, nonce: str) -> bytes:
    """What the device key signs: possession, for this log, this key and this nonce only."""
    return f"workdiary token v1\n{origin}\n{kid}\n{nonce}\n".encode()


@dataclass(frozen=True, slots=True)
class ChallengeRequest:
    """Which key (RFC 7638) will prove itself."""

    kid: str

    def to_json(self) -> JsonObject:
        """The request."""
        return {"kid": self.kid}

    @classmethod
    def from_json(cls, value: JsonValue) -> ChallengeRequest:
        """Read the request."""
        return cls(Reader(value, "challenge request").text("kid"))


@dataclass(frozen=True, slots=True)
class Challenge:
    """nonce: to be signed once, within a minute; time_ms: the server's clock, UTC ms."""

    nonce: str
    time_ms: int

    def to_json(self) -> JsonObject:
        """The reply."""
        return {"nonce": self.nonce, "time_ms": self.time_ms}

    @classmethod
    def from_json(cls, value: JsonValue) -> Challenge:
        """Read the reply."""
        reader = Reader(value, "challenge")
        return cls(reader.text("nonce"), reader.integer("time_ms"))


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """proof: base64url signature by the device key over `token_proof_input`."""

    kid: str
    nonce: str
    proof: str

    def to_json(self) -> JsonObject:
        """The request."""
        return {"kid": self.kid, "nonce": self.nonce, "proof": self.proof}

    @classmethod
    def from_json(cls, value: JsonValue) -> TokenRequest:
        """Read the request."""
        reader = Reader(value, "token request")
        return cls(reader.text("kid"), reader.text("nonce"), reader.text("proof"))


@dataclass(frozen=True, slots=True)
class TokenReply:
    """The new bearer token, told once and kept hashed; the one before ends with it."""

    device_token: str
    expires_ms: int

    def to_json(self) -> JsonObject:
        """The reply."""
        return {"device_token": self.device_token, "expires_ms": self.expires_ms}

    @classmethod
    def from_json(cls, value: JsonValue) -> TokenReply:
        """Read the reply."""
        reader = Reader(value, "token reply")
        return cls(reader.text("device_token"), reader.integer("expires_ms"))
