"""This device's secrets, made once: Ed25519 signing key, spool key, device token, stream heads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workdiary.client.sign.keystore import OpenedKeys


@dataclass(frozen=True, slots=True)
class Head:
    """The last record of a stream: `stream` base64url of 16 bytes, `seq`, `id` of its JWS."""

    stream: str
    seq: int
    id: str


class DeviceKeys:
    """The device's keys out of one key store."""

    key_class: str
    spool_key: bytes  # 32 bytes; Spool.open takes it

    @classmethod
    def open(cls, opened: OpenedKeys, entropy: Callable[[int], bytes], *, enrolled_kid: str | None) -> DeviceKeys:
        """Load or make the keys. Raises KnownError if a home already enrolled has lost them."""

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint of the device key."""

    def token(self) -> str | None:
        """The device token, None before enrolment."""

    def put_token(self, token: str) -> None:
        """Keep the device token."""
