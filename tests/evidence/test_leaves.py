from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fakes.records import SampleLog, sample_record
from workdiary.evidence import leaves, log
from workdiary.evidence.errors import EvidenceError


@pytest.fixture
def note() -> str:
    sample = SampleLog()
    sample.append(sample_record("memo").jws)
    return sample.note()


def test_a_beacon_holds_a_note_and_perhaps_a_token(note: str) -> None:
    assert leaves.beacon_leaf(note) == b"\x02" + note.encode()
    assert leaves.parse_beacon(leaves.beacon_leaf(note)) == leaves.Beacon(note)
    token = b"\x30\x03\x00\x00\x02"
    assert leaves.beacon_leaf(note, token) == b"\x02" + note.encode() + b"\x00" + token
    assert leaves.parse_beacon(leaves.beacon_leaf(note, token)) == leaves.Beacon(note, token)


def test_an_epoch_holds_the_last_note_of_the_one_before(note: str) -> None:
    assert leaves.epoch_leaf(note) == b"\x03" + note.encode()
    assert leaves.parse_epoch(leaves.epoch_leaf(note)) == note


def test_leaves_of_one_type_are_none_of_another(note: str) -> None:
    record = log.record_leaf(sample_record("memo").jws)
    for parse, others in (
        (leaves.parse_beacon, (leaves.epoch_leaf(note), record)),
        (leaves.parse_epoch, (leaves.beacon_leaf(note), record)),
    ):
        for leaf in (*others, b""):
            with pytest.raises(EvidenceError) as caught:
                parse(leaf)
            assert caught.value.code == "note"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: b"",
        lambda body: body[:-1],
        lambda body: body + b"\x00",
        lambda body: body + b"\x00" * 70_000,
        lambda body: b"\xff" + body,
        lambda body: b"\r" + body,
        lambda body: b"one line\n" + body.partition(b"\n\n")[1] + body.partition(b"\n\n")[2],
        lambda body: body + b"a line\n",
        lambda body: b"x" * 300_000 + body,
    ],
)
def test_malformed_leaves_are_refused(note: str, spoil: Callable[[bytes], bytes]) -> None:
    for kind, parse in ((b"\x02", leaves.parse_beacon), (b"\x03", leaves.parse_epoch)):
        with pytest.raises(EvidenceError):
            parse(kind + spoil(note.encode()))


def test_an_epoch_has_no_token(note: str) -> None:
    with pytest.raises(EvidenceError):
        leaves.parse_epoch(b"\x03" + note.encode() + b"\x00\x30\x00")


def test_what_is_no_checkpoint_makes_no_leaf(note: str) -> None:
    for text in ("", "text\n\n— a AAAAAAAA\n", "\ud800"):
        with pytest.raises(EvidenceError):
            leaves.beacon_leaf(text)
        with pytest.raises(EvidenceError):
            leaves.epoch_leaf(text)
    for token in (b"", bytes(70_000)):
        with pytest.raises(EvidenceError):
            leaves.beacon_leaf(note, token)
