"""Notes with cosignatures, the leaves that are no records, and receipts: good and bad."""

from __future__ import annotations

from collections.abc import Sequence

from tests.fakes.records import ORIGIN, START, SampleLog, fixed, sample_record
from workdiary.evidence import log, notes
from workdiary.evidence.canonical import JsonObject, JsonValue, b64, b64u, unb64
from workdiary.evidence.cosign import Cosigner, cosignatures, with_lines
from workdiary.evidence.leaves import beacon_leaf, epoch_leaf

WITNESSES = tuple(Cosigner(f"witness.example/w{n}", fixed(f"witness {n}")) for n in (1, 2, 3))
TIME = START // 1000
KINDS = ("open", "terms", "consent", "segment", "redact", "discard")


def sample_log(count: int = len(KINDS)) -> SampleLog:
    made = SampleLog()
    for kind in KINDS[:count]:
        made.append(sample_record(kind).jws)
    return made


def cosigned(note: str, times: Sequence[int]) -> str:
    text, _ = notes.split_note(note)
    return with_lines(note, (one.cosign(text, time) for one, time in zip(WITNESSES, times, strict=False)))


def note_vectors() -> JsonObject:
    """Checkpoints as the log and witnesses sign them."""
    made = sample_log()
    own = made.note()
    text, _ = notes.split_note(own)
    again = own + "".join(WITNESSES[0].cosign(text, TIME + after) for after in (90, 30))
    stranger = Cosigner("stranger.example/w", fixed("stranger")).cosign(text, TIME)
    extended = notes.sign_note(f"{text}an extension line\n", made.key)
    good = {
        "the log alone": own,
        "three witnesses": cosigned(own, (TIME, TIME + 5, TIME + 70)),
        "one witness twice: its earliest time counts": again,
        "a cosigner that nobody knows": own + stranger,
        "an extension line": cosigned(extended, (TIME,)),
        "size 0": cosigned(SampleLog().note(), (TIME,)),
    }
    return {
        "what": "checkpoint notes, their cosignatures by the cosigners named here, and notes to refuse",
        "origin": ORIGIN,
        "vkey": made.vkey,
        "cosigners": [
            {"vkey": one.vkey.encode(), "private": b64u(fixed(f"witness {n}"))}
            for n, one in enumerate(WITNESSES, 1)
        ],
        "notes": [_note(why, note) for why, note in good.items()],
        "refused": [{"why": why, "note": note} for why, note in _refused(own).items()],
        "refused_vkeys": _vkeys(),
    }


def leaf_vectors() -> JsonObject:
    """Beacons and the first leaf of an epoch; tokens here are any bytes, nothing reads them."""
    note = cosigned(sample_log(3).note(), (TIME, TIME + 1))
    token = b"\x30\x03\x02\x01\x00"
    leaves = {
        "beacon": (beacon_leaf(note), {"note": note, "token": None}),
        "beacon with a token": (beacon_leaf(note, token), {"note": note, "token": b64(token)}),
        "epoch": (epoch_leaf(note), {"note": note}),
    }
    body = note.encode()
    refused = {
        "no leaf": b"",
        "another type": b"\x04" + body,
        "a beacon without note": b"\x02",
        "a beacon with an empty token": b"\x02" + body + b"\x00",
        "a beacon of text that is no checkpoint": b"\x02one line\n\n" + body.partition(b"\n\n")[2],
        "a beacon that is not UTF-8": b"\x02\xff" + body,
        "a beacon without its last newline": b"\x02" + body[:-1],
        "a beacon without signature": b"\x02" + body.partition(b"\n\n")[0] + b"\n",
        "an epoch with a token": b"\x03" + body + b"\x00" + token,
        "an epoch of a record": b"\x03" + sample_record("memo").jws.encode(),
    }
    return {
        "what": "leaves in standard base64, their RFC 6962 leaf hashes, and what they hold",
        "leaves": [
            {"why": why, "leaf": b64(leaf), "hash": b64(log.leaf_hash(leaf)), **members}
            for why, (leaf, members) in leaves.items()
        ],
        "refused": [{"why": why, "leaf": b64(leaf)} for why, leaf in refused.items()],
    }


def receipt_vectors() -> JsonObject:
    """A record in a log of six, with its receipt."""
    made = sample_log()
    jws = [sample_record(kind).jws for kind in KINDS]
    receipts: list[JsonValue] = [
        {"jws": text, "receipt": made.receipt(index)} for index, text in enumerate(jws)
    ]
    with_extra = made.receipt(0).replace("index", f"extra {b64(b'unsigned')}\nindex", 1)
    receipts.append({"jws": jws[0], "receipt": with_extra})
    whole = cosigned(made.note(), (TIME, TIME + 1))
    receipts.append({"jws": jws[5], "receipt": made.receipt(5).replace(made.note(), whole)})
    return {
        "what": "a log of six records, its key, and the receipt of each; receipts to refuse",
        "origin": ORIGIN,
        "vkey": made.vkey,
        "note": made.note(),
        "receipts": receipts,
        "refused": [{"why": why, "jws": jws[2], "receipt": text} for why, text in _receipts(made, 2).items()],
    }


def _note(why: str, note: str) -> JsonObject:
    text, _ = notes.split_note(note)
    checkpoint = notes.parse_checkpoint(text)
    keys = [one.vkey for one in WITNESSES]
    times: list[JsonValue] = [{"name": item.name, "time": item.time_s} for item in cosignatures(note, keys)]
    return {
        "why": why,
        "note": note,
        "size": checkpoint.size,
        "root": b64(checkpoint.root),
        "cosignatures": times,
    }


def _refused(own: str) -> dict[str, str]:
    text, (line,) = notes.split_note(own)
    first = WITNESSES[0]
    true = first.cosign(text, TIME)
    name, key_id, payload = notes.signature_line(true.rstrip())
    later = (TIME + 1).to_bytes(8, "big") + payload[8:]
    cut = f"— {name} {b64(key_id + payload[:-1])}\n"
    forged = f"— {ORIGIN} {b64(notes.signature_line(line)[1] + bytes(64))}\n"
    size = next(row for row in text.splitlines() if row.isdecimal())
    forms = {
        "a false signature of the log": f"{text}\n{forged}",
        "a false signature beside the true one": own + forged,
        "a cosignature moved in time": f"{own}— {name} {b64(key_id + later)}\n",
        "a cosignature of another tree": own + first.cosign(text.replace(size, "7"), TIME),
        "a cosignature of 71 bytes": own + cut,
        "a cosignature behind the year 9999": f"{own}— {name} {b64(key_id + b'a' * 72)}\n",
        "no signature by the log": f"{text}\n{true}",
        "no signature": text,
        "no blank line": text + line + "\n",
        "no newline at the end": own[:-1],
        "a name of 256 bytes": f"{own}— {'a' * 256} AAAAAAA=\n",
        "a hyphen for the dash": own.replace("—", "-"),
        "a carriage return": own.replace("\n", "\r\n"),
        "a tab": own.replace(size, size + "\t"),
        "signature without padding": own.rstrip("=\n") + "\n",
        "33 signatures": f"{text}\n" + f"{line}\n" * 33,
        "size with a leading zero": _resigned(text.replace(f"\n{size}\n", f"\n0{size}\n")),
        "a negative size": _resigned(text.replace(f"\n{size}\n", f"\n-{size}\n")),
        "a size of 2^63": _resigned(text.replace(f"\n{size}\n", f"\n{2**63}\n")),
        "a root of 31 bytes": _resigned(f"{ORIGIN}\n6\n{b64(bytes(31))}\n"),
        "a root in base64url": _resigned(f"{ORIGIN}\n6\n{'-' * 42}8=\n"),
        "two lines": _resigned(f"{ORIGIN}\n6\n"),
        "an empty line in the text": _resigned(f"{text}\nmore\n"),
    }
    return forms | {"the checkpoint of another log": _of_another_log()}


def _resigned(text: str) -> str:
    return notes.sign_note(text, SampleLog().key)


def _of_another_log() -> str:
    other = SampleLog(ORIGIN[:-1] + "1")
    other.append(sample_record("memo").jws)
    return other.note()


def _vkeys() -> list[JsonValue]:
    plain, witness = SampleLog().vkey, WITNESSES[0].vkey.encode()
    forms = {
        "a key id of another key": plain[:-8] + "AAAAAAA=",
        "a key id in capitals": witness.replace("+", "+A", 1),
        "no key": "witness.example",
        "a name with a space": "a " + witness,
        "of 31 bytes": "a+00000000+" + b64(b"\x01" + bytes(31)),
        "of another type": "a+00000000+" + b64(b"\x02" + bytes(32)),
        "of small order": notes.VerifierKey("a", bytes(32)).encode(),
    }
    return [{"why": why, "vkey": text} for why, text in forms.items()]


def _receipts(made: SampleLog, index: int) -> dict[str, str]:
    good = made.receipt(index)
    head, _, note = good.partition("\n\n")
    lines = head.split("\n")
    path = lines[2:]
    spoiled = b64(bytes([unb64(path[0])[0] ^ 1]) + unb64(path[0])[1:])

    def with_path(*hashes: str) -> str:
        return "\n".join([*lines[:2], *hashes]) + "\n\n" + note

    return {
        "the receipt of another record": made.receipt(index + 1),
        "another index": good.replace(f"index {index}\n", f"index {index + 1}\n"),
        "an index beyond the tree": good.replace(f"index {index}\n", "index 6\n"),
        "an index with a leading zero": good.replace("index ", "index 0"),
        "a negative index": good.replace("index ", "index -"),
        "a changed hash": with_path(spoiled, *path[1:]),
        "a hash too few": with_path(*path[:-1]),
        "a hash too many": with_path(*path, path[0]),
        "65 hashes": with_path(*path[:1] * 65),
        "hashes in another order": with_path(*reversed(path)),
        "a hash of 31 bytes": with_path(b64(unb64(path[0])[:31]), *path[1:]),
        "a hash without padding": with_path(path[0].rstrip("="), *path[1:]),
        "another header": good.replace("@v1", "@v2"),
        "no header": "\n".join(lines[1:]) + "\n\n" + note,
        "no note": head + "\n\n",
        "the note of a smaller tree": head + "\n\n" + made.note(5),
        "a note without signature": head + "\n\n" + notes.split_note(note)[0],
        "carriage returns": good.replace("\n", "\r\n"),
    }
