"""Reading JSON messages strictly: every member by name and type, one error for everything that is not so.

Members that a reader does not know are ignored: a newer half may say more than an older one understands.
"""

from __future__ import annotations

import json
from typing import Final, NoReturn

from workdiary.evidence.canonical import INT_MAX, JsonObject, JsonValue

TEXT_MAX: Final = 64 * 1024


class BadMessage(ValueError):  # noqa: N818 - the word the callers read best
    """Not a message of this kind; str() names the member and never quotes what it held."""


def decode(data: bytes) -> JsonValue:
    """Parse a message's bytes: UTF-8, no member twice, no lone surrogates. Raises `BadMessage`.

    Looser than the evidence profile: messages may nest deeper, and a member this release does not read may be
    a number that is no integer.
    """
    try:
        value: JsonValue = json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse)
        if b"\\u" in data:
            encode({"": value})  # an escape is the only way for a lone surrogate to come in
    except BadMessage:
        raise
    except (ValueError, RecursionError):
        raise BadMessage("not JSON") from None
    return value


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadMessage("a member is named twice")
    return members


def _refuse(constant: str) -> NoReturn:
    raise BadMessage(f"{constant} is no JSON")


def encode(message: JsonObject) -> bytes:
    """A message's bytes: one line, UTF-8, members in the order given."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


class Reader:
    """The members of one JSON object; `what` names the message in errors."""

    def __init__(self, value: JsonValue, what: str) -> None:
        if not isinstance(value, dict):
            raise BadMessage(f"{what}: not an object")
        self._value = value
        self._what = what

    def text(self, name: str) -> str:
        """A text that must be there."""
        value = self._value.get(name)
        if not isinstance(value, str) or len(value) > TEXT_MAX:
            raise self._bad(name, "a text")
        return value

    def text_or(self, name: str, default: str) -> str:
        """A text, or the default where the member is missing or null."""
        return default if self._value.get(name) is None else self.text(name)

    def optional_text(self, name: str) -> str | None:
        """A text, or None where the member is missing or null."""
        return None if self._value.get(name) is None else self.text(name)

    def integer(self, name: str, *, least: int = 0) -> int:
        """An integer within [least, 2^53 - 1]."""
        value = self._value.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= INT_MAX:
            raise self._bad(name, "an integer")
        return value

    def optional_integer(self, name: str) -> int | None:
        """An integer of at least 0, or None where the member is missing or null."""
        return None if self._value.get(name) is None else self.integer(name)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._value.get(name)
        if not isinstance(value, bool):
            raise self._bad(name, "true or false")
        return value

    def items(self, name: str, most: int) -> list[JsonValue]:
        """A list of at most `most` items."""
        value = self._value.get(name)
        if not isinstance(value, list) or len(value) > most:
            raise self._bad(name, f"a list of at most {most}")
        return value

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """A list of at most `most` texts."""
        items = self.items(name, most)
        texts = tuple(item for item in items if isinstance(item, str) and len(item) <= TEXT_MAX)
        if len(texts) != len(items):
            raise self._bad(name, "a list of texts")
        return texts

    def optional_texts(self, name: str, most: int) -> tuple[str, ...]:
        """A list of at most `most` texts, empty where the member is missing or null."""
        return () if self._value.get(name) is None else self.texts(name, most)

    def mapping(self, name: str) -> JsonObject:
        """A JSON object."""
        value = self._value.get(name)
        if not isinstance(value, dict):
            raise self._bad(name, "an object")
        return value

    def text_mapping(self, name: str) -> dict[str, str]:
        """A JSON object whose members are all texts (a JWK)."""
        value = self.mapping(name)
        texts = {key: item for key, item in value.items() if isinstance(item, str)}
        if len(texts) != len(value):
            raise self._bad(name, "an object of texts")
        return texts

    def _bad(self, name: str, wanted: str) -> BadMessage:
        return BadMessage(f"{self._what}: {name} is not {wanted}")
