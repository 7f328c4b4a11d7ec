"""Exports with one signature that nobody made."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.tales import Tale, with_records
from workdiary.evidence.bundle import Contents


def other_signature(text: str) -> str:
    """`text` with another letter well inside its last signature."""
    at = len(text) - 40
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def false_note(tale: Tale) -> Contents:
    """A sealed export in which one receipt's note has a false cosignature by a pinned witness."""
    jws = tale.segments[0].jws
    return with_records(
        tale.contents(),
        lambda item: replace(item, proof=other_signature(item.proof or "")) if item.jws == jws else item,
    )


def false_record(tale: Tale) -> Contents:
    """A sealed export in which the first segment's own signature is false."""
    jws = tale.segments[0].jws
    return with_records(
        tale.contents(),
        lambda item: replace(item, jws=other_signature(item.jws)) if item.jws == jws else item,
    )
