"""What a new key signs to take another's place: `rotate.proof` (docs/evidence-format.md)."""

from __future__ import annotations

from collections.abc import Mapping

from workdiary.evidence.canonical import JsonValue, unb64u
from workdiary.evidence.fields import as_jwk
from workdiary.evidence.keys import alg_of, thumbprint, verify

_NAME = "wd-rotate"


def rotate_input(log: str, account: str, old: str, new: str) -> bytes:
    """The bytes: `log` (origin of the record), account UUID, the kids of the old and the new key."""
    return f"{_NAME}\n{log}\n{account}\n{old}\n{new}".encode()


def verify_rotation(payload: Mapping[str, JsonValue]) -> dict[str, str]:
    """The new key of a `rotate` payload, if it has signed that it takes the old one's place.

    Raises `EvidenceError`.
    """
    jwk = as_jwk(payload["jwk"], "rotate.jwk")
    places = (str(payload["log"]), str(payload["account"]), str(payload["old"]))
    verify(jwk, alg_of(jwk), rotate_input(*places, thumbprint(jwk)), unb64u(str(payload["proof"])))
    return jwk
