"""The device's bearer token: renewed by its key before it ends, or when a server says that it has.

Nobody is asked: whoever holds the device key is the device. A server of an earlier release knows no renewal;
its tokens do not end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from workdiary.client.account import Account, Enrolment
from workdiary.client.errors import KnownError
from workdiary.client.sign.signer import DeviceKeys
from workdiary.client.upload.answers import RefusedError, SignInError, read
from workdiary.client.upload.transport import Answer, Transport
from workdiary.evidence.canonical import JsonObject, b64u
from workdiary.wire.reading import encode
from workdiary.wire.tokens import (
    RENEW_LEFT_MS,
    Challenge,
    ChallengeRequest,
    TokenReply,
    TokenRequest,
    token_proof_input,
)

_HEADERS = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class RenewalParts:
    """What renewing takes."""

    account: Account
    keys: DeviceKeys
    transport: Transport
    wall_ms: Callable[[], int]


class Renewal:
    """Renews one device's token."""

    def __init__(self, parts: RenewalParts) -> None:
        self._parts = parts

    def if_due(self) -> None:
        """Renew a token that ends within ten days. What keeps it from being renewed is no trouble yet."""
        enrolment = self._parts.account.enrolment
        ends = 0 if enrolment is None else enrolment.token_expires_ms
        if ends and ends - self._parts.wall_ms() <= RENEW_LEFT_MS:
            try:
                self.renew()
            except KnownError:
                return  # the token at hand still counts; if not, the exchange that follows says so

    def renew(self) -> bool:
        """Whether a new token is kept now. False where the server does not know the key, or no renewal.

        Raises as `answers` says: offline, later, StoppedError for a revoked key.
        """
        parts, enrolment = self._parts, self._parts.account.enrolment
        if enrolment is None:
            return False
        try:
            reply = self._exchange(enrolment)
        except (RefusedError, SignInError):
            return False
        # The token first: an end that is too early only renews once more.
        parts.keys.put_token(reply.device_token)
        parts.account.amend(lambda known: replace(known, token_expires_ms=reply.expires_ms))
        return True

    def _exchange(self, enrolment: Enrolment) -> TokenReply:
        kid = self._parts.keys.kid
        asked = self._post("/api/v1/token/challenge", ChallengeRequest(kid).to_json())
        challenge = read(asked, Challenge.from_json)
        proof = self._parts.keys.signer.sign(token_proof_input(enrolment.origin, kid, challenge.nonce))
        request = TokenRequest(kid, challenge.nonce, b64u(proof))
        return read(self._post("/api/v1/token", request.to_json()), TokenReply.from_json)

    def _post(self, path: str, message: JsonObject) -> Answer:
        return self._parts.transport.send("POST", path, _HEADERS, encode(message))
