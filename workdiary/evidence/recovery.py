"""The account root's recovery code, and fingerprints as words: what people write down, type and compare."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from workdiary.evidence.canonical import unb64u
from workdiary.evidence.digest import DIGEST_BYTES, sha256
from workdiary.evidence.errors import EvidenceError

SECRET_BYTES = 20
SEED_BYTES = 32
# 32 characters of secret and 4 of checksum, in groups of four: a slip of the pen passes once in a million.
_CHECK_BITS = 20
_CODE_BITS = SECRET_BYTES * 8 + _CHECK_BITS
_CHARS = _CODE_BITS // 5
_GROUP = 4
_CHECK = b"workdiary recovery v1"
_SEED = b"workdiary root v1"
# Crockford's base 32: no I, L, O, U; what looks like a digit is read as one.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
_VALUES |= {char.lower(): value for char, value in _VALUES.items()}
_VALUES |= {**dict.fromkeys("Oo", 0), **dict.fromkeys("IiLl", 1)}
# Between groups: hyphens as keyboards and word processors make them; white space is dropped anyway.
_HYPHENS = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2212")

# Proquints (arXiv 0901.4016): 16 bits as consonant, vowel, consonant, vowel, consonant.
_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_WORD_BYTES = 2
WORDS = 8
# For browser keys, compared within minutes between two screens: fewer bits could be ground meanwhile.
SHORT_WORDS = 4
_WORDS_MAX = DIGEST_BYTES // _WORD_BYTES


def recovery_code(secret: bytes) -> str:
    """Nine groups of four characters for 20 secret bytes, the last group being the checksum."""
    _check_secret(secret)
    value = int.from_bytes(secret, "big") << _CHECK_BITS | _checksum(secret)
    text = "".join(_ALPHABET[value >> shift & 31] for shift in range(_CODE_BITS - 5, -1, -5))
    return "-".join(text[at : at + _GROUP] for at in range(0, _CHARS, _GROUP))


def parse_recovery(text: str) -> bytes:
    """The 20 bytes of a code as a person types it: any case, spaces and hyphens, O for 0, I or L for 1.

    Raises `EvidenceError` ("key") for a wrong length or character, and for a checksum that does not fit.
    """
    chars = [char for char in text if not char.isspace() and char not in _HYPHENS]
    if len(chars) != _CHARS:
        raise EvidenceError("key", f"a recovery code has {_CHARS} letters and digits")
    value = 0
    for char in chars:
        if char not in _VALUES:
            raise EvidenceError("key", "a character that no recovery code has")
        value = value << 5 | _VALUES[char]
    secret = (value >> _CHECK_BITS).to_bytes(SECRET_BYTES, "big")
    if value & ((1 << _CHECK_BITS) - 1) != _checksum(secret):
        raise EvidenceError("key", "the recovery code has a mistake in it")
    return secret


def root_seed(secret: bytes) -> bytes:
    """The Ed25519 seed of the account root: HKDF-SHA256 of the secret, no salt, "workdiary root v1"."""
    _check_secret(secret)
    return HKDF(hashes.SHA256(), SEED_BYTES, salt=None, info=_SEED).derive(secret)


def words(kid: str, count: int = WORDS) -> tuple[str, ...]:
    """The first `count` × 16 bits of a key's thumbprint as words to read aloud (proquints).

    Raises `EvidenceError` unless `kid` is 32 bytes in base64url.
    """
    digest = unb64u(kid)
    if len(digest) != DIGEST_BYTES:
        raise EvidenceError("key", "a thumbprint has 32 bytes")
    if not 1 <= count <= _WORDS_MAX:
        raise ValueError(f"a thumbprint has 1 to {_WORDS_MAX} words")
    return tuple(
        _word(int.from_bytes(digest[at : at + _WORD_BYTES], "big"))
        for at in range(0, count * _WORD_BYTES, _WORD_BYTES)
    )


def _word(bits: int) -> str:
    first, second, third = bits >> 12, bits >> 6 & 15, bits & 15
    vowels = _VOWELS[bits >> 10 & 3], _VOWELS[bits >> 4 & 3]
    return f"{_CONSONANTS[first]}{vowels[0]}{_CONSONANTS[second]}{vowels[1]}{_CONSONANTS[third]}"


def _checksum(secret: bytes) -> int:
    return int.from_bytes(sha256(_CHECK + secret)[:3], "big") >> (24 - _CHECK_BITS)


def _check_secret(secret: bytes) -> None:
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a recovery secret has {SECRET_BYTES} bytes")
