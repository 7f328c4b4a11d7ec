"""What a fuzz target is, and the good texts they all start from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from workdiary.evidence.errors import EvidenceError
from workdiary.wire.reading import BadMessage


@dataclass(frozen=True, slots=True)
class Target:
    """`run` takes any bytes, `seeds` gives good ones (a parser that refuses all of them tests nothing)."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    refusal: tuple[type[Exception], ...] = (EvidenceError,)

    def __call__(self, data: bytes) -> bool:
        """Whether `data` was accepted. Raises whatever is not the parser's own refusal."""
        try:
            self.run(data)
        except self.refusal:
            return False
        return True


@contextmanager
def accepted() -> Iterator[None]:
    """What follows must hold of anything a parser has taken: no refusal counts as one any more."""
    try:
        yield
    except (EvidenceError, BadMessage) as error:
        raise AssertionError(f"taken, and then refused: {error}") from error


def vectors(name: str) -> dict[str, Any]:
    value = json.loads(files("workdiary.resources").joinpath("vectors", f"{name}.json").read_text())
    assert isinstance(value, dict)
    return value


def utf8(data: bytes) -> str:
    """Text as a careless caller might hand it on: lone surrogates included."""
    return data.decode("utf-8", "surrogateescape")


def texts(name: str, rows: str, field: str) -> list[bytes]:
    """One field of a list of vectors."""
    return [row[field].encode() for row in vectors(name)[rows]]
