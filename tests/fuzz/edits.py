"""Edits of good texts without a fuzzer: what a hostile hand does first."""

from __future__ import annotations

import random


def edited(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """What a hostile hand does first: a byte, a cut, a repetition, a piece of another text."""
    at, end = sorted((draw.randint(0, len(data)), draw.randint(0, len(data))))
    match draw.randrange(5):
        case 0:
            return data[:at] + draw.randbytes(1) + data[at + 1 :]
        case 1:
            return data[:at] + data[end:]
        case 2:
            return data[:end] + data[at:]
        case 3:
            return data[:at] + other[draw.randint(0, len(other)) :]
        case _:
            return data[:at] + draw.choice((b"\x00", b"\n", b"\xff", b'"', b"\\ud800", b"9" * 30)) + data[at:]
