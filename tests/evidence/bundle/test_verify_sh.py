"""installers/verify.sh under dash: what it finds with openssl alone, and its exit codes."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.bundles import Knobs, SampleBundle, bundle_bytes, sample_bundle
from tests.fakes.records import device
from tests.fakes.tsa import Tsa
from workdiary.evidence.bundle import BundleRecord, Contents
from workdiary.evidence.bundle.archive import read_zip
from workdiary.evidence.bundle.contents import sums_text
from workdiary.evidence.canonical import b64u
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.envelope import parse

SCRIPT = Path(__file__).parents[3] / "installers" / "verify.sh"
DASH = shutil.which("dash") or "/bin/sh"


@pytest.fixture(scope="module")
def sample() -> SampleBundle:
    return sample_bundle()


def verify(target: Path, *options: str) -> tuple[int, str]:
    command = [DASH, str(SCRIPT), *options, str(target)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.stderr == b""
    return done.returncode, done.stdout.decode()


def verify_bytes(data: bytes, tmp_path: Path, *options: str) -> tuple[int, str]:
    (tmp_path / "bundle.zip").write_bytes(data)
    return verify(tmp_path / "bundle.zip", *options)


def remade(contents: Contents, changes: Mapping[str, bytes | None], *, sums: bool = True) -> bytes:
    """The bundle with files changed in a zip of the usual form."""
    files = {name: bytes(data) for name, data in read_zip(bundle_bytes(contents)).files.items()}
    files = {name: data for name, data in {**files, **changes}.items() if data is not None}
    if sums:
        listed = {name: sha256_hex(data) for name, data in files.items() if name != "SHA256SUMS"}
        files["SHA256SUMS"] = sums_text(listed).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()


def jws_name(record: BundleRecord) -> str:
    return f"records/{record.index:012d}.jws"


def of_kind(contents: Contents, kind: str) -> BundleRecord:
    return next(record for record in contents.records if parse(record.jws).kind == kind)


def without(contents: Contents, *gone: BundleRecord) -> Contents:
    return replace(contents, records=tuple(r for r in contents.records if r not in gone))


def test_a_good_bundle_is_basic_ok(sample: SampleBundle, tmp_path: Path) -> None:
    code, told = verify_bytes(sample.data, tmp_path)
    assert code == 0, told
    assert told.rstrip().endswith("BASIC ok")
    assert f"{len(sample.contents.records)} records, each by the key it names" in told
    assert "Not checked here" in told
    assert "It does not prove that work was done." in told
    for kid in sample.contents.keys:
        assert any(kid == b64u(bytes.fromhex(word)) for word in told.split() if len(word) == 64)


def test_an_unpacked_folder_needs_no_unzip(sample: SampleBundle, tmp_path: Path) -> None:
    zipfile.ZipFile(io.BytesIO(sample.data)).extractall(tmp_path / "bundle")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("openssl", "grep", "sed", "awk", "sort", "find", "mktemp", "rm", "cat", "uniq", "tail"):
        (tools / name).symlink_to(str(shutil.which(name)))
    done = subprocess.run(
        [DASH, str(SCRIPT), str(tmp_path / "bundle")],
        env={"PATH": str(tools)},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith("BASIC ok")


def test_a_sealed_span_after_another_is_no_gap(tmp_path: Path) -> None:
    sample = sample_bundle(Knobs(prior=True))
    code, told = verify_bytes(sample.data, tmp_path)
    assert code == 0, told
    # The seal before says where the streams stood, so the first record of the span is missed as well.
    first = of_kind(sample.contents, "segment")
    code, told = verify_bytes(bundle_bytes(without(sample.contents, first)), tmp_path)
    assert (code, "PARTIAL chains" in told) == (1, True), told


def test_notes_are_checked_with_the_logs_key(sample: SampleBundle, tmp_path: Path) -> None:
    key = b64u(sample.story.world.log.key.vkey.public)
    code, told = verify_bytes(sample.data, tmp_path, "--log", key)
    assert code == 0
    assert "signed by the log's key" in told
    other = b64u(device("another").public_bytes)
    code, told = verify_bytes(sample.data, tmp_path, "--log", other)
    assert code == 2
    assert "not signed by the log's key" in told


@pytest.mark.parametrize("where", ["records/", "blobs/", "log/", "REPORT"])
def test_a_flipped_byte_is_broken(sample: SampleBundle, tmp_path: Path, where: str) -> None:
    files = {name: bytes(data) for name, data in read_zip(sample.data).files.items()}
    name = next(name for name in files if name.startswith(where))
    flipped = bytes([files[name][0] ^ 1, *files[name][1:]]) if files[name] else b"x"
    code, told = verify_bytes(remade(sample.contents, {name: flipped}, sums=False), tmp_path)
    assert code == 2
    assert "changed: 1" in told
    # The same in the zip itself: unzip sees its CRC fail.
    raw = bytearray(sample.data)
    raw[sample.data.index(files[name]) if files[name] else sample.data.index(b"REPORT.html")] ^= 1
    assert verify_bytes(bytes(raw), tmp_path)[0] == 2


def test_a_forged_record_is_broken_whatever_the_sums_say(sample: SampleBundle, tmp_path: Path) -> None:
    for kind in ("segment", "terms"):
        record = of_kind(sample.contents, kind)
        head, body, signature = record.jws.split(".")
        forms = (
            f"{head}.{body[:-8]}AAAAAAAA.{signature}",
            f"{head}.{body}.{signature[:-8]}AAAAAAAA",
            f"{record.jws}\n{record.jws}",
            f"{record.jws}\n",
            record.jws[:-1],
            "",
        )
        for text in forms if kind == "segment" else forms[:1]:
            code, told = verify_bytes(remade(sample.contents, {jws_name(record): text.encode()}), tmp_path)
            assert code == 2, told
            assert "BROKEN  signatures" in told


def test_a_record_signed_by_another_key_is_broken(sample: SampleBundle, tmp_path: Path) -> None:
    """A forger with an own key in place of the device's: the key's file no longer is what its name says."""
    record = of_kind(sample.contents, "segment")
    name = f"keys/{bytes.fromhex(sha256_hex(b'')).hex()}.json"
    kid = parse(record.jws).kid
    path = next(n for n in read_zip(sample.data).files if n.startswith("keys/") and _kid(n) == kid)
    other = read_zip(bundle_bytes(replace(sample.contents, keys={device("x").kid: dict(device("x").jwk)})))
    forged = next(
        bytes(data) for n, data in other.files.items() if n.startswith("keys/") and n[-4:] == "json"
    )
    code, told = verify_bytes(remade(sample.contents, {path: forged}), tmp_path)
    assert code == 2, told
    assert name != path


def _kid(name: str) -> str:
    return b64u(bytes.fromhex(name.removeprefix("keys/").partition(".")[0]))


def test_a_dropped_record_is_found(sample: SampleBundle, tmp_path: Path) -> None:
    records = [r for r in sample.contents.records if parse(r.jws).kind == "segment"]
    code, told = verify_bytes(bundle_bytes(without(sample.contents, records[1])), tmp_path)
    assert (code, "PARTIAL chains" in told) == (1, True), told
    code, told = verify_bytes(remade(sample.contents, {jws_name(records[1]): None}, sums=False), tmp_path)
    assert (code, "absent: 1" in told) == (1, True), told


def test_the_last_record_and_a_whole_stream_are_missed_by_the_seal(
    sample: SampleBundle, tmp_path: Path
) -> None:
    desk = sample.story.stream("desk")
    own = [r for r in sample.contents.records if parse(r.jws).stream == desk.stream]
    for gone in ([own[-1]], own):
        code, told = verify_bytes(bundle_bytes(without(sample.contents, *gone)), tmp_path)
        assert (code, "end earlier here than the seal says" in told) == (1, True), told
    seal = of_kind(sample.contents, "seal")
    code, told = verify_bytes(bundle_bytes(without(sample.contents, *own, seal)), tmp_path)
    assert code == 1, told


def test_without_a_seal_it_is_partial(tmp_path: Path) -> None:
    code, told = verify_bytes(sample_bundle(Knobs(seal=False, lock=False)).data, tmp_path)
    assert (code, "no seal ends this bundle" in told) == (1, True)


def test_two_records_for_one_place_are_broken(sample: SampleBundle, tmp_path: Path) -> None:
    again = sample_bundle(Knobs(shots=2)).contents
    records = [r for r in sample.contents.records if parse(r.jws).kind == "segment"]
    twin = next(r for r in again.records if parse(r.jws).seq == parse(records[0].jws).seq)
    both = replace(sample.contents, records=(*sample.contents.records, replace(twin, index=900)))
    code, told = verify_bytes(bundle_bytes(both), tmp_path)
    assert (code, "two records for one place" in told) == (2, True)


def test_what_no_bundle_has_is_broken(sample: SampleBundle, tmp_path: Path) -> None:
    for name in ("run.sh", "../x", "records/1.jws", ".hidden", "blobs/.x"):
        code, told = verify_bytes(remade(sample.contents, {name: b"x"}), tmp_path)
        assert (code, "files that no bundle has" in told) == (2, True), name
    assert not (tmp_path.parent / "x").exists()
    link = io.BytesIO(remade(sample.contents, {}))
    with zipfile.ZipFile(link, "a") as archive:
        entry = zipfile.ZipInfo("blobs/" + "0" * 64)
        entry.create_system, entry.external_attr = 3, 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    assert verify_bytes(link.getvalue(), tmp_path)[0] == 2
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("REPORT.html", bytes(10_000_000))
    assert verify_bytes(packed.getvalue(), tmp_path)[0] == 2


def stamped(sample: SampleBundle, tsa: Tsa) -> bytes:
    """The sample bundle, one of its notes with a token."""
    tsa.make()
    notes = list(sample.contents.notes)
    at = next(index for index, note in enumerate(notes) if note.note is not None)
    text = str(notes[at].note).rpartition("\n\n")[0] + "\n"
    (tsa.folder / "note").write_text(text)
    tsa.openssl("ts", "-query", "-data", "note", "-sha256", "-cert", "-out", "note.tsq")
    notes[at] = replace(notes[at], token=tsa.reply((tsa.folder / "note.tsq").read_bytes()))
    return bundle_bytes(replace(sample.contents, notes=tuple(notes)))


def test_time_stamps_are_checked_against_the_certificates_given(sample: SampleBundle, tmp_path: Path) -> None:
    tsa, stranger = Tsa(tmp_path / "tsa"), Tsa(tmp_path / "stranger")
    data = stamped(sample, tsa)
    stranger.make()
    code, told = verify_bytes(data, tmp_path)
    assert (code, "time stamps: 1, no certificates given" in told) == (0, True)
    code, told = verify_bytes(data, tmp_path, "--tsa", str(tsa.certificate))
    assert (code, "ok      time stamps: 1" in told) == (0, True)
    code, told = verify_bytes(data, tmp_path, "--tsa", str(stranger.certificate))
    assert (code, "BROKEN  time stamps" in told) == (2, True)


def test_a_time_stamp_by_certificates_that_have_expired_is_said(sample: SampleBundle, tmp_path: Path) -> None:
    tsa = Tsa(tmp_path / "tsa", lambda: 1_262_304_000_000)
    code, told = verify_bytes(stamped(sample, tsa), tmp_path, "--tsa", str(tsa.certificate))
    assert (code, "certificates that are not valid today" in told) == (1, True), told


def test_usage_and_what_cannot_be_read(tmp_path: Path) -> None:
    def code(*arguments: str) -> int:
        return subprocess.run(
            [DASH, str(SCRIPT), *arguments], capture_output=True, timeout=60, check=False
        ).returncode

    (tmp_path / "text").write_text("no zip")
    (tmp_path / "folder").mkdir()
    assert code() == 64
    assert code("--what") == 64
    assert code("a", "b") == 64
    assert code(str(tmp_path / "nothing")) == 66
    assert code(str(tmp_path / "text")) == 66
    assert code(str(tmp_path / "folder")) == 66
    assert code("--tsa", str(tmp_path / "nothing"), str(tmp_path / "text")) == 66
    assert code("--log", "x", str(tmp_path / "text")) == 66
