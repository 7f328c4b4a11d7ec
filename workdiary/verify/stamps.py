"""RFC 3161 time stamps: what a pinned authority says of when a note was there.

The library is imported at the first token only: most diaries have none, and it costs a third of the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.leaves import TOKEN_CAP

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hashes import HashAlgorithm
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse, Verifier

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_SHA2 = tuple(f"2.16.840.1.101.3.4.2.{number}" for number in (1, 2, 3))
# genTime is mostly given in whole seconds: without a fraction it means some instant of that second.
_SECOND_MS = 1_000
# DER (X.690): the tags of a SEQUENCE and an OBJECT IDENTIFIER, lengths of one byte; PKIStatusInfo {granted}.
_SEQUENCE, _OID, _SHORT = 0x30, 0x06, 0x80
_GRANTED = bytes.fromhex("3003020100")


@dataclass(frozen=True, slots=True)
class Stamp:
    """When the authority's clock stood between two instants (UTC ms): genTime with its accuracy."""

    earliest: int
    latest: int


class Stamps:
    """Checks tokens against pinned authorities; certificates in a token only join it to a pinned one."""

    def __init__(self, pems: Sequence[str]) -> None:
        """`pems`: one text of PEM certificates for each authority, its issuers included."""
        self._pems = tuple(pems)
        self._known: dict[tuple[bytes, bytes], Stamp | EvidenceError] = {}

    @property
    def pinned(self) -> bool:
        """Whether any authority is pinned."""
        return bool(self._pems)

    def check(self, token: bytes, message: bytes) -> Stamp:
        """The instant of a response token (DER) over `message`.

        Raises `EvidenceError`: "proof" if it is no stamp of these bytes, "signature" if no pinned authority
        gave it.
        """
        place = (token, message)
        if place not in self._known:
            try:
                self._known[place] = self._checked(token, message)
            except EvidenceError as error:
                self._known[place] = error
        found = self._known[place]
        if isinstance(found, EvidenceError):
            raise EvidenceError(found.code, found.message)
        return found

    def _checked(self, token: bytes, message: bytes) -> Stamp:
        if len(token) > TOKEN_CAP:
            raise EvidenceError("cap", f"a time stamp over {TOKEN_CAP} bytes")
        from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, Hash  # noqa: PLC0415
        from rfc3161_client import decode_timestamp_response  # noqa: PLC0415

        # What the library raises for hostile DER is not documented; none of it is more than "not a stamp".
        try:
            response = decode_timestamp_response(_response(token))
            imprint = response.tst_info.message_imprint
            name, digest = imprint.hash_algorithm.dotted_string, imprint.message
        except Exception:  # noqa: BLE001
            raise EvidenceError("proof", "not a time stamp") from None
        # RFC 5754 section 2: the object identifiers of the SHA-2 family.
        kinds: dict[str, HashAlgorithm] = dict(zip(_SHA2, (SHA256(), SHA384(), SHA512()), strict=True))
        if name not in kinds:
            raise EvidenceError("proof", "a time stamp over a hash of another kind")
        hashed = Hash(kinds[name])
        hashed.update(message)
        if hashed.finalize() != digest:
            raise EvidenceError("proof", "a time stamp of something else")
        self._verify(response, message)
        return _stamp(response)

    def _verify(self, response: TimeStampResponse, message: bytes) -> None:
        for verifier in self._verifiers:
            try:
                if verifier.verify_message(response, message):
                    return
            except Exception:  # noqa: BLE001, S112 - as above; another authority may still have given it
                continue
        raise EvidenceError("signature", "no pinned time stamping authority gave this stamp")

    @cached_property
    def _verifiers(self) -> tuple[Verifier, ...]:
        from rfc3161_client import VerifierBuilder  # noqa: PLC0415

        found = []
        for pem in self._pems:
            try:
                issuers, leaves = _certificates(pem)
            except EvidenceError:
                continue
            if not issuers:
                continue
            # The library leaves the choice of the signer's certificate to the token unless it is told.
            leaf = leaves[0] if len(leaves) == 1 else None
            found.append(VerifierBuilder(tsa_certificate=leaf, roots=issuers).build())
        return tuple(found)


def _response(token: bytes) -> bytes:
    """A TimeStampResp (RFC 3161 section 2.4.2) as it is, or a bare TimeStampToken in one that says "granted".

    The first member of a response is a SEQUENCE (its status), that of a token an OBJECT IDENTIFIER.
    """
    head = 2 + (token[1] & 0x7F if token[1] & 0x80 else 0)
    if token[head] != _OID:
        return token
    body = _GRANTED + token
    if len(body) < _SHORT:
        return bytes([_SEQUENCE, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([_SEQUENCE, 0x80 | len(size)]) + size + body


def check_pem(pem: str) -> None:
    """Raise `EvidenceError` ("key") unless `pem` holds certificates that a time stamp can be checked with."""
    if not _certificates(pem)[0]:
        raise EvidenceError("key", "a time stamping authority is pinned with its issuer's certificate")


def _certificates(pem: str) -> tuple[list[Certificate], list[Certificate]]:
    """Issuers, and those that are none."""
    from cryptography import x509  # noqa: PLC0415

    try:
        certificates = x509.load_pem_x509_certificates(pem.encode("ascii"))
        issuers = [item for item in certificates if _is_issuer(item)]
    except ValueError:
        raise EvidenceError("key", "not certificates in PEM") from None
    return issuers, [item for item in certificates if item not in issuers]


def _is_issuer(certificate: Certificate) -> bool:
    from cryptography import x509  # noqa: PLC0415

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _stamp(response: TimeStampResponse) -> Stamp:
    info = response.tst_info
    instant = info.gen_time if info.gen_time.tzinfo else info.gen_time.replace(tzinfo=UTC)
    at = (instant - _EPOCH) // _MS
    accuracy = info.accuracy
    spread = 0
    if accuracy is not None:
        micros = -(-(accuracy.micros or 0) // 1_000)
        spread = (accuracy.seconds or 0) * 1_000 + (accuracy.millis or 0) + micros
    whole = _SECOND_MS - 1 if at % _SECOND_MS == 0 else 0
    return Stamp(at - spread, at + whole + spread)
