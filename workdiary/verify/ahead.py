"""The signatures of a bundle's notes, nine tenths of all, checked apart from the rest: for a second process.

A note found sound is one whose very text a reader with the same keys has opened; the judge then reads it
again, but does not compute its signatures twice. What is not found sound, it checks itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from workdiary.evidence.bundle import Bundle
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.leaves import parse_beacon
from workdiary.verify.logparts import grouped, note_reader
from workdiary.verify.trust import Trust, trust_for


def note_texts(bundle: Bundle) -> tuple[str, ...]:
    """Every note of a bundle once: final states, those of receipts, those kept, those of beacons."""
    texts = [*bundle.checkpoints.values()]
    # As `parse_receipt` finds it; a receipt that is none only gives a text that nobody asks for.
    texts += [record.proof.partition("\n\n")[2] for record in bundle.records if record.proof is not None]
    texts += [item.note for item in bundle.notes if item.note is not None]
    for leaf in bundle.beacons:
        try:
            texts.append(parse_beacon(leaf.leaf).note)
        except EvidenceError:
            continue
    return tuple(dict.fromkeys(texts))


def check_notes(bundle: Bundle, trusts: Sequence[Trust]) -> bytes:
    """One byte for each of `note_texts`, in their order: 1 if its signatures hold, else 0."""
    trust = trust_for(bundle.manifest.origin.split("/")[1], trusts)
    reader = note_reader(bundle, trust, grouped(bundle))
    return bytes(reader.holds(text) for text in note_texts(bundle))


def sound_notes(bundle: Bundle, answer: bytes | None) -> frozenset[str]:
    """The notes that an answer of `check_notes` to this bundle says hold; none if it is no such answer."""
    texts = note_texts(bundle)
    if answer is None or len(answer) != len(texts):
        return frozenset()
    return frozenset(text for text, one in zip(texts, answer, strict=True) if one == 1)
