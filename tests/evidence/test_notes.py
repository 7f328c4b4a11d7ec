from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.records import ORIGIN, SampleLog, fixed, sample_record
from workdiary.evidence import notes
from workdiary.evidence.canonical import b64, unb64
from workdiary.evidence.errors import EvidenceError

# The example of c2sp.org/signed-note.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SIGNATURE = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
TEXT = "This is an example message.\n"
NOTE = f"{TEXT}\n— example.com/foo {SIGNATURE}\n"

# Lone surrogates included: JSON and file names can bring them.
ANY_TEXT = st.text(st.characters(exclude_categories=[]))
ALICE = notes.NoteSigner("alice.example/log", fixed("alice"))
BOB = notes.NoteSigner("bob.example/w1", fixed("bob"))


def test_the_example_of_the_specification_opens() -> None:
    opened = notes.open_note(NOTE, [notes.parse_vkey(VKEY)])
    assert opened == notes.Note(TEXT, ("example.com/foo",), 0)
    assert notes.parse_vkey(VKEY).encode() == VKEY


def test_several_sign_and_unknown_ones_are_ignored() -> None:
    note = notes.sign_note("a\n\nb\n", ALICE, BOB)
    assert notes.open_note(note, [ALICE.vkey]) == notes.Note("a\n\nb\n", (ALICE.vkey.name,), 1)
    both = notes.open_note(note, [BOB.vkey, ALICE.vkey])
    assert both.signers == (ALICE.vkey.name, BOB.vkey.name)
    with pytest.raises(EvidenceError, match="known"):
        notes.open_note(note, [notes.parse_vkey(VKEY)])
    with pytest.raises(EvidenceError, match="known"):
        notes.open_note(note, [])


def test_a_false_signature_by_a_known_key_spoils_the_note() -> None:
    good = notes.sign_note("text\n", ALICE, BOB)
    line = good.splitlines()[-1]
    forged = f"— {BOB.vkey.name} {b64(BOB.vkey.key_id + bytes(64))}"
    with pytest.raises(EvidenceError) as caught:
        notes.open_note(good.replace(line, forged), [ALICE.vkey, BOB.vkey])
    assert caught.value.code == "signature"
    # Unknown to this reader, it is none of its business.
    assert notes.open_note(good.replace(line, forged), [ALICE.vkey]).unknown == 1


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        TEXT,
        TEXT + "\n",
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("—", "-"),
        NOTE.replace("— ", "—"),
        NOTE.replace(SIGNATURE, "!"),
        NOTE.replace(SIGNATURE, "AAAA"),
        NOTE.replace(SIGNATURE, SIGNATURE.rstrip("=")),
        NOTE.replace("example.com/foo", "example.com foo"),
        NOTE.replace("example.com/foo", "example.com+foo"),
        NOTE.replace("message", "mess\tage"),
        NOTE.replace("message", "mess\rage"),
        NOTE.replace("message", "Message"),
        NOTE.replace("message", "\ud800"),
        NOTE + NOTE.splitlines()[-1] + "\n" + "x",
        TEXT + "\n" + (NOTE.splitlines()[-1] + "\n") * 40,
        TEXT * 20_000 + NOTE,
    ],
)
def test_malformed_or_changed_notes_are_refused(note: str) -> None:
    with pytest.raises(EvidenceError):
        notes.open_note(note, [notes.parse_vkey(VKEY)])


@pytest.mark.parametrize("note", ["", "\n", "\n\n", "text\n", "text\n\n", f"{NOTE}\n", NOTE[:-1]])
def test_what_has_no_signature_lines_is_not_split(note: str) -> None:
    # Found by fuzzing: an empty line at the very end is no signature.
    with pytest.raises(EvidenceError):
        notes.split_note(note)


def test_at_least_sixteen_signatures_are_accepted() -> None:
    signers = [notes.NoteSigner(f"w{index}.example", fixed(str(index))) for index in range(16)]
    note = notes.sign_note("text\n", *signers)
    assert len(notes.open_note(note, [signer.vkey for signer in signers]).signers) == 16


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "example.com/foo",
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("example.com/foo", "example.com/bar"),
        VKEY.replace("example.com/foo", "example .com"),
        VKEY[:-4],
        VKEY.replace("+Aeky", "+BOky"),
        VKEY.replace("example.com/foo", "\ud800"),
    ],
)
def test_false_verifier_keys_are_refused(vkey: str) -> None:
    with pytest.raises(EvidenceError):
        notes.parse_vkey(vkey)


@pytest.mark.parametrize(
    "name", ["", "a" * 256, "é" * 128, "a b", "a+b", "a\u00a0b", "a\u2003b", "a\nb", "\ud800"]
)
def test_key_names_have_no_spaces_and_no_plus(name: str) -> None:
    with pytest.raises(EvidenceError):
        notes.NoteSigner(name, bytes(32))


def test_what_is_signed_ends_in_a_newline() -> None:
    for text in ("text", "te\x00xt\n", ""):
        with pytest.raises(EvidenceError):
            notes.sign_note(text, ALICE)
    with pytest.raises(EvidenceError):
        notes.sign_note("text\n")


def test_checkpoints_of_the_specification_are_read() -> None:
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    checkpoint = notes.parse_checkpoint(text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == text
    assert checkpoint.head().size == 20852163
    extended = notes.parse_checkpoint(text + "more\n")
    assert extended.extensions == ("more",)
    assert extended.text() == text + "more\n"


ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        f"o\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"o\n01\n{ROOT}\n",
        f"o\n-1\n{ROOT}\n",
        f"o\n+1\n{ROOT}\n",
        f"o\n1 \n{ROOT}\n",
        f"o\n\u0661\n{ROOT}\n",
        f"o\n9223372036854775808\n{ROOT}\n",
        f"o\n99999999999999999999999999999\n{ROOT}\n",
        "o\n1\nAAAA\n",
        f"o\n1\n{ROOT[:-1]}\n",
        f"o\n1\n{ROOT}\n\n",
        f"o\n1\n{ROOT}\nx\n\ny\n",
    ],
)
def test_other_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        notes.parse_checkpoint(text)


def test_a_receipt_is_a_tlog_proof() -> None:
    log = SampleLog()
    record = sample_record("segment")
    for _ in range(5):
        log.append(record.jws)
    text = log.receipt(3)
    lines = text.split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 3"]
    assert lines[5] == ""
    assert "\n".join(lines[6:]) == log.note()
    receipt = notes.parse_receipt(text)
    assert receipt.encode() == text
    assert len(receipt.path) == 3
    extra = notes.Receipt(3, receipt.path, receipt.checkpoint_note, b"\x00extra")
    assert notes.parse_receipt(extra.encode()) == extra


def test_the_receipt_of_a_single_leaf_has_no_path() -> None:
    log = SampleLog()
    log.append("a.b.c")
    assert log.receipt(0).startswith(f"c2sp.org/tlog-proof@v1\nindex 0\n\n{ORIGIN}\n1\n")
    assert notes.parse_receipt(log.receipt(0)).path == ()


HASH = b64(bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nnote",
        "c2sp.org/tlog-proof@v1\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 00\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\nnote",
        "c2sp.org/tlog-proof@v1\nextra A\nindex 0\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\nnote",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH}\r\n\nnote",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH}",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + f"{HASH}\n" * 65 + "\nnote",
        "x" * (notes.RECEIPT_CAP + 1),
    ],
)
def test_other_receipts_are_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        notes.parse_receipt(text)


@given(ANY_TEXT | st.text("index 0\nc2sp—AB=+/", max_size=60))
def test_hostile_texts_raise_only_evidence_errors(text: str) -> None:
    for parse in (
        notes.parse_vkey,
        notes.parse_checkpoint,
        notes.parse_receipt,
        lambda note: notes.open_note(note, [ALICE.vkey]),
    ):
        with pytest.raises(EvidenceError):
            parse(text)


@given(st.integers(0, len(NOTE) - 1), st.characters())
def test_one_changed_character_is_noticed(place: int, char: str) -> None:
    changed = NOTE[:place] + char + NOTE[place + 1 :]
    try:
        opened = notes.open_note(changed, [notes.parse_vkey(VKEY)])
    except EvidenceError:
        return
    assert opened.text == TEXT
    assert changed == NOTE


def test_the_key_id_is_the_hash_the_specification_says() -> None:
    assert unb64(SIGNATURE)[:4] == notes.parse_vkey(VKEY).key_id
