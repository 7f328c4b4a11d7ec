"""What a client checks of an answer before it believes it."""

from __future__ import annotations

from typing import Any

from tests.fakes.devices import Answer, FakeDevice
from workdiary.evidence.envelope import check_signature, parse
from workdiary.evidence.log import record_leaf_hash, verify_inclusion
from workdiary.evidence.notes import open_note, parse_checkpoint, parse_receipt, parse_vkey


def verified(device: FakeDevice, jws: str, answer: Answer) -> int:
    """The index of a receipt that holds."""
    receipt = parse_receipt(answer.json["receipt"])
    note = open_note(receipt.checkpoint_note, [parse_vkey(device.installation.log_vkey)])
    head = parse_checkpoint(note.text)
    assert head.origin == device.installation.origin
    verify_inclusion(record_leaf_hash(jws), receipt.index, head.size, receipt.path, head.root)
    return receipt.index


def refused(device: FakeDevice, answer: Answer, subject: str) -> Any:
    """The payload of a signed refusal that names `subject`."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    parsed = parse(answer.json["refusal"])
    check_signature(parsed, device.installation.operator_jwk)
    assert parsed.kind == "refusal"
    assert parsed.payload["tgt"] == subject
    assert parsed.payload["code"] == answer.json["code"]
    return parsed.payload
