"""JSON and base64 as the encoding profile allows them: one text for one value, nothing else accepted.

The writer is RFC 8785; a reader accepts any member order and white space, because signed bytes are verified
as received and never written again (evidence.md, Encoding profile).
"""

from __future__ import annotations

import binascii
import json
import re
from typing import NoReturn, TypeAlias

import rfc8785

from workdiary.evidence.errors import EvidenceError

JsonValue: TypeAlias = "bool | int | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = "dict[str, JsonValue]"

# The largest integer every JSON reader keeps exactly (RFC 8785 section 3.2.2.3 has doubles in mind).
INT_MAX = 2**53 - 1
# The outermost value counts 1. Records need 4; more would only serve to exhaust a reader's stack.
MAX_DEPTH = 6
# An integer within INT_MAX has at most 16 digits and a sign; longer ones are refused before conversion.
_INT_CHARS = 17

_B64URL = re.compile(r"[A-Za-z0-9_-]*\Z")
_B64 = re.compile(r"[A-Za-z0-9+/]*={0,2}\Z")


def dumps(value: JsonValue) -> bytes:
    """Write `value` canonically. Raises `EvidenceError` for what the profile forbids."""
    _check(value, MAX_DEPTH)
    return rfc8785.dumps(value)


def loads(data: bytes) -> JsonValue:
    """Read UTF-8 JSON: no BOM, duplicate members, floats, integers over 53 bits, lone surrogates; depth ≤ 6.

    Raises `EvidenceError` ("json") for everything else.
    """
    try:
        # A number that needs a second look is rare; asking a function about each costs as much as the rest.
        decoder = _CAREFUL if b"-0" in data or _LONG_NUMBER.search(data) else _DECODER
        value: JsonValue = decoder.decode(data.decode("utf-8"))
    except EvidenceError:
        raise
    except UnicodeDecodeError:
        raise EvidenceError("json", "not UTF-8") from None
    except RecursionError:
        raise EvidenceError("json", f"deeper than {MAX_DEPTH}") from None
    except ValueError:
        raise EvidenceError("json", "not JSON") from None
    # What the hooks have not seen: depth, where there are brackets enough for it, and what escapes can spell.
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH or b"\\u" in data:
        _check(value, MAX_DEPTH)
    return value


def loads_object(data: bytes) -> JsonObject:
    """Like `loads`, for a value that must be an object."""
    value = loads(data)
    if not isinstance(value, dict):
        raise EvidenceError("json", "not an object")
    return value


def clip(text: str, cap: int) -> str:
    """The longest start of `text` that fits `cap` bytes, without lone surrogates: for titles and names.

    What a desktop calls a window is no reason why a segment could not be signed.
    """
    return text.encode("utf-8", "replace")[:cap].decode("utf-8", "ignore")


def b64u(data: bytes) -> str:
    """Encode as base64url without padding (RFC 4648 section 5)."""
    text = binascii.b2a_base64(data, newline=False).decode("ascii")
    return text.rstrip("=").replace("+", "-").replace("/", "_")


def unb64u(text: str) -> bytes:
    """Decode strict base64url: no padding, no other characters, no set bits behind the last byte."""
    if not _B64URL.match(text):
        raise EvidenceError("base64", "not base64url")
    return _decoded(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), "base64url")


def b64(data: bytes) -> str:
    """Encode as standard base64 with padding: signed notes and proofs only (RFC 4648 section 4)."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def unb64(text: str) -> bytes:
    """Decode strict standard base64, padding required."""
    if not _B64.match(text):
        raise EvidenceError("base64", "not base64")
    return _decoded(text, "base64")


def _decoded(text: str, what: str) -> bytes:
    """`text` in the standard alphabet, padded: decoded, encoded and compared.

    Nothing else shows the trailing bits and the padding that a decoder drops silently.
    """
    try:
        data = binascii.a2b_base64(text)
    except binascii.Error:
        raise EvidenceError("base64", f"not {what}") from None
    if binascii.b2a_base64(data, newline=False) != text.encode("ascii"):
        raise EvidenceError("base64", f"{what} with stray trailing bits")
    return data


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise EvidenceError("json", "an object names a member twice")
    return result


def _integer(text: str) -> int:
    # "-0" is an integer here and a negative zero elsewhere: two readers would disagree.
    if len(text) > _INT_CHARS or text == "-0":
        raise EvidenceError("json", "an integer outside the profile")
    value = int(text)
    if abs(value) > INT_MAX:
        raise EvidenceError("json", "an integer beyond 53 bits")
    return value


def _refuse_number(_text: str) -> NoReturn:
    raise EvidenceError("json", "a number that is no integer")


def _check(value: object, depth: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if abs(value) > INT_MAX:
            raise EvidenceError("json", "an integer beyond 53 bits")
    elif isinstance(value, list | dict):
        if depth == 0:
            raise EvidenceError("json", f"deeper than {MAX_DEPTH}")
        _check_members(value, depth - 1)
    else:
        raise EvidenceError("json", f"a {type(value).__name__} is not part of the profile")


def _check_members(value: list[JsonValue] | JsonObject, depth: int) -> None:
    if isinstance(value, list):
        for item in value:
            _check(item, depth)
        return
    for name, item in value.items():
        if not isinstance(name, str):
            raise EvidenceError("json", "a member name that is no text")
        _check_text(name)
        _check(item, depth)


def _check_text(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise EvidenceError("json", "a lone surrogate") from None


# What may be an integer outside the profile, beside a minus before a zero.
_LONG_NUMBER = re.compile(rb"[0-9]{16}")
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_refuse_number, parse_constant=_refuse_number
)
_CAREFUL = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_refuse_number, parse_constant=_refuse_number
)
