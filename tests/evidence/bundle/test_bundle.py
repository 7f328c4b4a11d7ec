"""What goes in comes out, the same bytes each time; other tools read it without this program."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.bundles import Knobs, SampleBundle, bundle_bytes, sample_bundle
from tests.fakes.records import browser, device
from workdiary.evidence.bundle import Bundle, LeafFile, bundle_of, open_bundle, write_bundle
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.errors import EvidenceError


@pytest.fixture(scope="module")
def sample() -> SampleBundle:
    return sample_bundle()


def whole(bundle: Bundle) -> bool:
    """Nothing about its files is wrong."""
    lists = (bundle.damaged, bundle.missing, bundle.unknown, bundle.malformed, bundle.foreign)
    return not any(lists)


def test_the_same_story_gives_the_same_bytes(sample: SampleBundle) -> None:
    again = sample_bundle()
    shuffled = replace(
        again.contents,
        records=again.contents.records[::-1],
        notes=again.contents.notes[::-1],
        blobs=dict(reversed(again.contents.blobs.items())),
        keys=dict(reversed(again.contents.keys.items())),
    )
    assert sample.data == bundle_bytes(shuffled)


@pytest.mark.parametrize(
    "knobs",
    [
        Knobs(),
        Knobs(prior=True),
        Knobs(seal=False, lock=False, amend=False, witnesses=0),
        Knobs(demo=True, shots=3, segments=2),
    ],
)
def test_everything_is_read_back(knobs: Knobs) -> None:
    made = sample_bundle(knobs)
    contents, read = made.contents, open_bundle(made.data)
    assert whole(read)
    assert read.manifest == contents.manifest
    assert tuple(read.records) == tuple(sorted(contents.records, key=lambda r: (r.epoch, r.index)))
    assert read.checkpoints == contents.checkpoints
    assert tuple(read.notes) == contents.notes
    assert tuple(read.beacons) == contents.beacons
    assert tuple(read.epochs) == contents.epochs
    assert read.keys == contents.keys
    assert read.policies == contents.policies
    assert (read.trust, read.report) == (contents.trust, contents.report)
    assert set(read.blob_names) == set(contents.blobs)


def test_what_is_written_can_be_had_without_writing_it(sample: SampleBundle) -> None:
    read, direct = open_bundle(sample.data), bundle_of(sample.contents)
    names = ("manifest", "records", "checkpoints", "notes", "beacons", "epochs", "keys", "policies", "report")
    for name in (*names, "trust", "sums", "damaged", "missing", "unknown", "malformed", "foreign"):
        assert getattr(read, name) == getattr(direct, name), name
    for digest in read.blob_names:
        assert read.blob(digest) == direct.blob(digest)


def test_images_are_views_into_the_file_and_hashed_once(sample: SampleBundle) -> None:
    data = sample.data
    read = open_bundle(memoryview(data))
    for digest, image in sample.contents.blobs.items():
        view = read.blob(digest)
        assert view is not None
        assert view.obj is data
        assert bytes(view) == image
        assert read.blob_sha256(digest) == sha256_hex(bytes(view))
    assert read.blob("0" * 64) is None
    assert read.blob_sha256("0" * 64) is None


def test_images_are_written_one_at_a_time(sample: SampleBundle, tmp_path: Path) -> None:
    asked: list[str] = []

    def image(name: str) -> bytes:
        asked.append(name)
        return name.encode() * 30_000

    # 24 MB in 13 images: far more than may be in memory at once.
    names = [hashlib.sha256(bytes([n])).hexdigest() for n in range(13)]
    contents = replace(sample.contents, blobs={name: lambda name=name: image(name) for name in names})
    with (tmp_path / "bundle.zip").open("wb") as out:
        tracemalloc.start()
        try:
            write_bundle(contents, out)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert (tmp_path / "bundle.zip").stat().st_size > 24_000_000
    assert peak < 6_000_000
    assert sorted(asked) == sorted(names * 2)


def test_coreutils_and_openssl_read_it(sample: SampleBundle, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(sample.data)) as archive:
        archive.extractall(tmp_path)
    subprocess.run(["sha256sum", "-c", "--quiet", "--strict", "SHA256SUMS"], cwd=tmp_path, check=True)
    keys = sorted((tmp_path / "keys").glob("*.pem"))
    assert len(keys) == len(sample.contents.keys)
    for path in keys:
        subprocess.run(
            ["openssl", "pkey", "-pubin", "-noout", "-in", str(path)], check=True, capture_output=True
        )


def test_a_files_sha256_is_the_records_id(sample: SampleBundle) -> None:
    read = open_bundle(sample.data)
    for record, placed in zip(read.records, sample.contents.records, strict=True):
        assert read.sums[f"records/{record.index:012d}.jws"] == sha256_hex(placed.jws.encode())


def test_later_epochs_have_their_number_in_front(sample: SampleBundle) -> None:
    contents = sample.contents
    manifest = replace(contents.manifest, origin=contents.manifest.origin[:-1] + "2")
    moved = replace(
        contents,
        manifest=manifest,
        records=(*contents.records[:3], *(replace(record, epoch=2) for record in contents.records[3:])),
        checkpoints={0: "old\n", 1: "middle\n", 2: "new\n"},
        epochs=(LeafFile(1, 0, b"\x03one", ()), LeafFile(2, 0, b"\x03two", (bytes(32),))),
    )
    data = bundle_bytes(moved)
    read = open_bundle(data)
    assert whole(read)
    assert read.checkpoints == moved.checkpoints
    assert tuple(read.epochs) == moved.epochs
    assert tuple(read.records) == moved.records
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    assert {"log/checkpoint", "log/0-checkpoint", "log/1-checkpoint"} <= set(names)
    assert {"log/1-000000000000.epoch", "log/2-000000000000.path"} <= set(names)


def test_what_no_bundle_can_hold_is_not_written(sample: SampleBundle) -> None:
    contents = sample.contents
    wrong = (
        replace(contents, blobs={"../x": b""}),
        replace(contents, blobs={"A" * 64: b""}),
        replace(contents, blobs={"0" * 64: bytes(15_000_001)}),
        replace(contents, keys={device("a").kid: device("b").jwk}),
        replace(contents, keys={browser("a").kid: browser("b").jwk}),
        replace(contents, records=(contents.records[0], contents.records[0])),
        replace(contents, records=(replace(contents.records[0], index=10**12),)),
        replace(contents, records=(replace(contents.records[0], jws="ä"),)),
        replace(contents, manifest=replace(contents.manifest, audience="everyone")),
        replace(contents, manifest=replace(contents.manifest, contract="../x")),
    )
    for item in wrong:
        with pytest.raises(EvidenceError):
            bundle_bytes(item)
