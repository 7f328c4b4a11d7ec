from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.fakes.records import ORIGIN, SampleLog, fixed, sample_record
from workdiary.evidence import cosign, notes
from workdiary.evidence.canonical import b64, unb64
from workdiary.evidence.errors import EvidenceError

W1 = cosign.Cosigner("witness.example/w1", fixed("w1"))
W2 = cosign.Cosigner("witness.example/w2", fixed("w2"))
TIME = 1_795_382_400

# c2sp.org/tlog-cosignature shows this note, not the keys.
EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501


@pytest.fixture
def note() -> str:
    log = SampleLog()
    log.append(sample_record("memo").jws)
    return log.note()


def text_of(note: str) -> str:
    return notes.split_note(note)[0]


def test_the_message_and_key_id_are_those_of_the_specification(note: str) -> None:
    payload = unb64(W1.cosign(text_of(note), TIME).split(" ")[2].strip())
    public = W1.vkey.public
    assert payload[:4] == hashlib.sha256(b"witness.example/w1\n\x04" + public).digest()[:4]
    assert payload[4:12] == TIME.to_bytes(8, "big")
    message = f"cosignature/v1\ntime {TIME}\n{text_of(note)}".encode()
    Ed25519PublicKey.from_public_bytes(public).verify(payload[12:], message)


def test_the_example_of_the_specification_has_this_form() -> None:
    text, lines = notes.split_note(EXAMPLE)
    name, key_id, payload = notes.signature_line(lines[1])
    assert (name, key_id.hex(), len(payload)) == ("witness.example.com/w1", "8d66cf3f", 72)
    # "cosignature/v1\ntime 1679315147" is the header of the message that the specification prints.
    assert int.from_bytes(payload[:8], "big") == 1679315147
    assert notes.parse_checkpoint(text).size == 20852163
    assert cosign.cosignatures(EXAMPLE, [W1.vkey]) == ()
    assert cosign.with_lines(EXAMPLE, reversed(lines)) == EXAMPLE


def test_cosignatures_are_found_by_key_and_sorted_by_name(note: str) -> None:
    cosigned = cosign.with_lines(note, [W2.cosign(text_of(note), TIME + 5), W1.cosign(text_of(note), TIME)])
    found = cosign.cosignatures(cosigned, [W2.vkey, W1.vkey])
    assert [(item.name, item.time_s) for item in found] == [(W1.vkey.name, TIME), (W2.vkey.name, TIME + 5)]
    assert all(item.line in cosigned for item in found)
    assert [item.name for item in cosign.cosignatures(cosigned, [W2.vkey])] == [W2.vkey.name]
    # The log's own signature still counts, those of the witnesses are unknown to whoever knows the log alone.
    opened = notes.open_note(cosigned, [notes.parse_vkey(SampleLog().vkey)])
    assert (opened.signers, opened.unknown) == ((ORIGIN,), 2)


def test_of_several_cosignatures_of_one_key_the_earliest_counts(note: str) -> None:
    lines = "".join(W1.cosign(text_of(note), TIME + after) for after in (60, 0, 30))
    found = cosign.cosignatures(note + lines, [W1.vkey])
    assert [item.time_s for item in found] == [TIME]


def test_one_key_under_two_names_is_one_witness(note: str) -> None:
    twin = cosign.Cosigner("another.example/name", fixed("w1"))
    both = cosign.with_lines(note, [W1.cosign(text_of(note), TIME), twin.cosign(text_of(note), TIME)])
    found = cosign.cosignatures(both, [W1.vkey, twin.vkey])
    assert [item.name for item in found] == ["another.example/name"]


def test_a_false_cosignature_by_a_known_key_spoils_the_note(note: str) -> None:
    line = W1.cosign(text_of(note), TIME)
    payload = bytearray(unb64(line.split(" ")[2].strip()))
    for place in (4, 11, 12, len(payload) - 1):  # its time, its signature
        changed = bytearray(payload)
        changed[place] ^= 1
        forged = f"— {W1.vkey.name} {b64(bytes(changed))}\n"
        with pytest.raises(EvidenceError):
            cosign.cosignatures(note + forged, [W1.vkey])
        assert cosign.cosignatures(note + forged, [W2.vkey]) == ()
    for length in (8, 71, 73):
        forged = f"— {W1.vkey.name} {b64(W1.vkey.key_id + bytes(length))}\n"
        with pytest.raises(EvidenceError) as caught:
            cosign.cosignatures(note + forged, [W1.vkey])
        assert caught.value.code == "signature"


def test_a_cosignature_is_of_one_checkpoint(note: str) -> None:
    other = SampleLog()
    other.append(sample_record("terms").jws)
    line = W1.cosign(text_of(note), TIME)
    with pytest.raises(EvidenceError) as caught:
        cosign.cosignatures(other.note() + line, [W1.vkey])
    assert caught.value.code == "signature"


def test_a_plain_signature_is_no_cosignature_and_the_other_way_round(note: str) -> None:
    plain = notes.NoteSigner(W1.vkey.name, fixed("w1"))
    assert plain.vkey.key_id != W1.vkey.key_id
    assert cosign.cosignatures(notes.sign_note(text_of(note), plain), [W1.vkey]) == ()
    with pytest.raises(EvidenceError, match="known"):
        notes.open_note(
            cosign.with_lines(EXAMPLE, [W1.cosign(text_of(EXAMPLE), TIME)]).replace(
                "behind-the-sofa Az", "behind-the-sofa Ay"
            ),
            [plain.vkey],
        )


def test_lines_are_ordered_log_first_and_come_once(note: str) -> None:
    lines = [W2.cosign(text_of(note), TIME), W1.cosign(text_of(note), TIME)]
    cosigned = cosign.with_lines(note, lines)
    names = [line.split(" ")[1] for line in notes.split_note(cosigned)[1]]
    assert names == [ORIGIN, W1.vkey.name, W2.vkey.name]
    assert cosign.with_lines(cosigned, [*lines, W1.cosign(text_of(note), TIME + 9)]) == cosigned
    assert cosign.with_lines(cosigned, [line.removesuffix("\n") for line in lines]) == cosigned


@pytest.mark.parametrize(
    "line", ["", "x", "— name", "— na+me AAAAAAAA", "— name AAAA", "— name AAAAAAAA\n\n"]
)
def test_malformed_lines_are_not_added(note: str, line: str) -> None:
    with pytest.raises(EvidenceError):
        cosign.with_lines(note, [line])


def test_more_lines_than_the_cap_are_refused(note: str) -> None:
    many = [cosign.Cosigner(f"w{n}", fixed(f"w{n}")).cosign(text_of(note), TIME) for n in range(40)]
    with pytest.raises(EvidenceError) as caught:
        cosign.with_lines(note, many)
    assert caught.value.code == "cap"


def test_only_checkpoints_are_cosigned() -> None:
    with pytest.raises(EvidenceError) as caught:
        W1.cosign("any text\n", TIME)
    assert caught.value.code == "checkpoint"
    with pytest.raises(EvidenceError):
        cosign.cosignatures("any text\n\n" + EXAMPLE.splitlines()[-1] + "\n", [W1.vkey])
    for time_s in (-1, 253_402_300_800):
        with pytest.raises(EvidenceError) as caught:
            W1.cosign(text_of(EXAMPLE), time_s)
        assert caught.value.code == "time"


def test_a_time_beyond_the_year_9999_is_refused(note: str) -> None:
    far = 2**40 - 1
    line = f"— {W1.vkey.name} {b64(W1.vkey.key_id + far.to_bytes(8, 'big') + bytes(64))}\n"
    with pytest.raises(EvidenceError) as caught:
        cosign.cosignatures(note + line, [W1.vkey])
    assert caught.value.code == "time"


def test_vkeys_go_there_and_back() -> None:
    text = W1.vkey.encode()
    assert cosign.parse_cosigner(text) == W1.vkey
    plain = notes.NoteSigner(W1.vkey.name, fixed("w1")).vkey.encode()
    for wrong in (
        "",
        "name",
        plain,
        text.replace("w1+", "w2+"),
        text.upper(),
        text[:-4],
        "+" + text,
        text.replace("witness", "wit ness"),
        text + "\n",
        cosign.CosignerKey("small", bytes(32)).encode(),
    ):
        with pytest.raises(EvidenceError) as caught:
            cosign.parse_cosigner(wrong)
        assert caught.value.code == "key"
