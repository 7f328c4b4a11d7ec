"""Good archives with bad files: the whole is refused, or the file is named and the rest still readable."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Mapping

import pytest

from tests.evidence.bundle.test_archive import archive
from tests.evidence.bundle.test_bundle import whole
from tests.evidence.bundle.test_hostile_zip import budget
from tests.fakes.bundles import sample_bundle
from workdiary.evidence.bundle import Bundle, open_bundle
from workdiary.evidence.bundle.archive import read_zip
from workdiary.evidence.bundle.contents import sums_text
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.errors import EvidenceError

GOOD = sample_bundle().data
FILES = {name: bytes(data) for name, data in read_zip(GOOD).files.items()}
JWS = next(name for name in FILES if name.endswith(".jws"))
DISC = next(name for name in FILES if name.endswith(".disc"))
PROOF = next(name for name in FILES if name.endswith(".proof"))
BEACON = next(name for name in FILES if name.endswith(".beacon"))
PATH = next(name for name in FILES if name.endswith(".path"))
CONSISTENCY = next(name for name in FILES if name.endswith(".consistency") and FILES[name])
NOTE = next(name for name in FILES if name.endswith(".note"))
KEY = next(name for name in FILES if name.startswith("keys/") and name.endswith(".json"))
PEM = KEY.replace(".json", ".pem")
POLICY = next(name for name in FILES if name.startswith("policy/"))
BLOB = next(name for name in FILES if name.startswith("blobs/"))


def with_files(changes: Mapping[str, bytes | None], *, sums: bool = True) -> bytes:
    """The good bundle with files replaced, added or (None) taken out, checksums made anew or left."""
    files = {name: data for name, data in {**FILES, **changes}.items() if data is not None}
    if sums and "SHA256SUMS" not in changes:
        listed = {name: sha256_hex(data) for name, data in files.items() if name != "SHA256SUMS"}
        files["SHA256SUMS"] = sums_text(listed).encode()
    return archive(files)


def opened(changes: Mapping[str, bytes | None], *, sums: bool = True) -> Bundle:
    return open_bundle(with_files(changes, sums=sums))


def test_the_good_one_is_good() -> None:
    assert with_files({}) == GOOD
    assert whole(open_bundle(GOOD))


MANIFEST = FILES["manifest.json"]
MANIFESTS: dict[str, bytes] = {
    "not JSON": b"{",
    "not an object": b"[]",
    "a member twice": MANIFEST.replace(b'"v":1', b'"v":1,"v":1'),
    "a member more": MANIFEST.replace(b'"v":1', b'"v":1,"w":1'),
    "a member less": MANIFEST.replace(b',"v":1', b""),
    "another version": MANIFEST.replace(b'"v":1', b'"v":2'),
    "NaN": MANIFEST.replace(b'"v":1', b'"v":NaN'),
    "Infinity": MANIFEST.replace(b'"v":1', b'"v":-Infinity'),
    "a float": MANIFEST.replace(b'"v":1', b'"v":1.0'),
    "a huge integer": MANIFEST.replace(b'"v":1', b'"v":' + b"9" * 3000),
    "white space": MANIFEST.replace(b'"v":1', b'"v": 1'),
    "a byte order mark": b"\xef\xbb\xbf" + MANIFEST,
    "not UTF-8": MANIFEST.replace(b"client", b"cli\xffnt"),
    "a lone surrogate": MANIFEST.replace(b'"client"', b'"\\ud800"'),
    "deep": b'{"v":' * 1_000_000,
    "deep lists": b"[" * 1_000_000 + b"]" * 1_000_000,
    "huge": MANIFEST + b" " * 50_000_000,
    "an origin of another kind": MANIFEST.replace(b"workdiary/", b"somewhere/"),
    "empty": b"",
}


@pytest.mark.parametrize("why", MANIFESTS)
def test_a_manifest_in_another_form_is_no_bundle(why: str) -> None:
    assert MANIFESTS[why] != MANIFEST
    data = with_files({"manifest.json": MANIFESTS[why]})
    with budget(), pytest.raises(EvidenceError):
        open_bundle(data)


def test_no_manifest_is_no_bundle() -> None:
    for sums in (True, False):
        with pytest.raises(EvidenceError):
            open_bundle(with_files({"manifest.json": None}, sums=sums))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (JWS, b"\xff\xfe"),
        (JWS, "ä".encode()),
        (JWS, b"a" * 70_000),
        (DISC, b""),
        (DISC, b"x"),
        (DISC, b"x\r\n\xff"),
        (DISC, b"x\n" * 129),
        (PROOF, b"\xff\n"),
        (PROOF, b"x" * 400_000),
        (NOTE, b"\xc0\x80"),
        (NOTE, b"n" * 300_000),
        ("log/checkpoint", b"\xff"),
        ("log/0-checkpoint", FILES["log/checkpoint"]),
        (CONSISTENCY, b"AAAA\n"),
        (CONSISTENCY, b"!" * 44 + b"\n"),
        (CONSISTENCY, FILES[CONSISTENCY][:-1]),
        (CONSISTENCY, FILES[CONSISTENCY].replace(b"\n", b"\r\n")),
        (CONSISTENCY, FILES[CONSISTENCY] + b"\n"),
        (CONSISTENCY, (b"A" * 43 + b"=\n") * 65),
        (PATH, b"-" * 44 + b"\n"),
        (BEACON, bytes(400_000)),
        (KEY, b"{}"),
        (KEY, b'{"crv":"Ed25519","kty":"OKP","x":NaN}'),
        (KEY, FILES[KEY].replace(b":", b": ")),
        (KEY, FILES[KEY].replace(b"{", b'{"crv":"Ed25519",')),
        (KEY, b"[" * 900),
        (PEM, b"-----BEGIN PUBLIC KEY-----\n"),
        (PEM, FILES[PEM] + b"\n"),
        (POLICY, b"{}"),
        (BLOB, bytes(15_000_001)),
        ("REPORT.html", b"\xff"),
        ("trust/trust.json", bytes(300_000)),
    ],
)
def test_a_file_in_another_form_is_named(name: str, data: bytes) -> None:
    made = with_files({name: data})
    with budget():
        bundle = open_bundle(made)
    assert name in bundle.malformed
    assert set(bundle.malformed) <= {name, PEM}
    assert not bundle.damaged


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/x",
        "/etc/passwd",
        "records/../manifest.json",
        "readme.txt",
        "REPORT.HTML",
        "Manifest.json",
        "sha256sums",
        "records/000000000001.JWS",
        "records/1.jws",
        "records/0-000000000001.jws",
        "records/01-000000000001.jws",
        "records/0000000000001.jws",
        "blobs/" + "A" * 64,
        "blobs/" + "a" * 63,
        "verify.sh",
        "verify.py",
        "__MACOSX/._x",
        "log/checkpoint.bak",
        "log/1-000000000001.epoch",
        "keys/" + "0" * 64 + ".key",
        "trust/other.json",
    ],
)
def test_a_file_that_has_no_place_is_named(name: str) -> None:
    assert opened({name: b"x"}).unknown == [name]


@pytest.mark.parametrize(
    "name",
    [
        "records/999999999999.disc",
        "records/999999999999.proof",
        "log/999999999999.path",
        "keys/" + "0" * 64 + ".pem",
    ],
)
def test_a_part_without_its_whole_is_named(name: str) -> None:
    assert opened({name: b"x\n"}).unknown == [name]


def test_a_file_the_sums_do_not_name_is_unknown() -> None:
    extra = "blobs/" + "0" * 64
    assert opened({extra: b"x"}, sums=False).unknown == [extra]


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"manifest.json", "SHA256SUMS"}))
def test_an_absent_file_is_missing_and_a_changed_one_damaged(name: str) -> None:
    assert opened({name: None}, sums=False).missing == (name,)
    changed = FILES[name][:-1] + bytes([FILES[name][-1] ^ 1]) if FILES[name] else b"x"
    assert opened({name: changed}, sums=False).damaged == (name,)


def test_without_sums_only_the_sums_are_missing() -> None:
    bundle = opened({"SHA256SUMS": None})
    assert (bundle.missing, bundle.unknown, bundle.damaged) == (("SHA256SUMS",), [], ())


SUMS = FILES["SHA256SUMS"]
FORMS: dict[str, Callable[[], bytes]] = {
    "upper case": lambda: SUMS.upper(),
    "CRLF": lambda: SUMS.replace(b"\n", b"\r\n"),
    "no last newline": lambda: SUMS[:-1],
    "reversed": lambda: b"".join(SUMS.splitlines(keepends=True)[::-1]),
    "a line twice": lambda: SUMS.splitlines(keepends=True)[0] + SUMS,
    "binary mark": lambda: SUMS.replace(b"  ", b" *"),
    "a comment": lambda: b"# good\n" + SUMS,
    "itself": lambda: SUMS.replace(b"  VERIFY", b"  SHA256SUMS\n" + b"0" * 64 + b"  VERIFY"),
    "empty": lambda: b"",
    "not ASCII": lambda: SUMS + b"\xff\n",
    "huge": lambda: SUMS + b"0" * 40_000_000,
}


@pytest.mark.parametrize("why", FORMS)
def test_sums_in_another_form_are_named(why: str) -> None:
    with budget(memory=400_000_000):
        bundle = open_bundle(with_files({"SHA256SUMS": FORMS[why]()}))
    assert "SHA256SUMS" in bundle.malformed or bundle.unknown
    assert not whole(bundle)


def test_texts_of_another_hand_are_foreign() -> None:
    for name in ("VERIFY.txt", "CERTIFICATE-902.txt"):
        assert opened({name: b"Run the program at example.com."}).foreign == [name]


def test_flipped_bytes_never_go_unnoticed() -> None:
    draw = random.Random(11)
    for _ in range(400):
        data = bytearray(GOOD)
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        try:
            assert not whole(open_bundle(bytes(data)))
        except EvidenceError:
            continue


def test_nothing_else_is_ever_raised() -> None:
    """Runs of bytes cut out, doubled, overwritten by others of the same bundle, checksums mended or not."""
    draw = random.Random(12)
    names = sorted(FILES)
    for number in range(300):
        name = draw.choice(names)
        data = bytearray(FILES[name] or b"\x00")
        at, length = draw.randrange(len(data)), draw.randrange(1, 60)
        other = FILES[draw.choice(names)]
        data[at : at + length] = (b"", data[at : at + length] * 2, other[:length], draw.randbytes(length))[
            number % 4
        ]
        try:
            open_bundle(with_files({name: bytes(data)}, sums=bool(number % 2)))
        except EvidenceError:
            continue


def test_a_bundle_of_nothing_but_names_stays_within_budget() -> None:
    files = {f"records/{number:012d}.jws": b"." for number in range(20_000)}
    files |= {f"log/{number:012d}.note": b"" for number in range(20_000)}
    files |= {f"blobs/{number:064x}": b"" for number in range(20_000)}
    data = archive({**files, "manifest.json": MANIFEST})
    with budget(memory=160_000_000):
        bundle = open_bundle(data)
    assert len(bundle.records) == 20_000
    assert io.BytesIO(data).getbuffer().nbytes < 20_000_000
