"""Mutations of a good bundle in four strengths, each seeded and named, with the least a judge must find.

Strengths: plain (whoever touches the file), mended (checksums and zip made anew), device (holds the device's
key, the log and its witnesses being honest), log (holds the operator's keys, the witnesses' not). `least` is
the exit code that must be reached; `words` are verdicts of the attack table one of which must appear.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tests.evidence.bundle.test_archive import archive
from tests.fakes.bundles import (
    Knobs,
    SampleBundle,
    sample_bundle,
)
from workdiary.evidence.bundle import open_bundle
from workdiary.evidence.bundle.archive import read_zip
from workdiary.evidence.bundle.contents import sums_text
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.envelope import parse
from workdiary.evidence.errors import EvidenceError
from workdiary.rules.bundle_page import bundle_page
from workdiary.verify.trust import Trust

KNOBS = Knobs(image_bytes=300, prior=True)


@dataclass(frozen=True)
class Mutant:
    """A changed bundle. least: exit code to reach; words: one of them must be among the verdicts (if any)."""

    name: str
    data: bytes
    least: int
    words: tuple[str, ...] = ()


class Base:
    """The good bundle that is mutated, made once."""

    def __init__(self) -> None:
        self.sample: SampleBundle = sample_bundle(KNOBS)
        self.data = self.sample.data
        self.files = {name: bytes(data) for name, data in read_zip(self.data).files.items()}

    @property
    def trust(self) -> Trust:
        return self.sample.trust

    def named(self, pattern: str) -> list[str]:
        return sorted(name for name in self.files if re.fullmatch(pattern, name))


def mended(files: Mapping[str, bytes]) -> bytes:
    """Files as a bundle with true checksums and a zip of the one form."""
    listed = {name: sha256_hex(data) for name, data in files.items() if name != "SHA256SUMS"}
    return archive({**files, "SHA256SUMS": sums_text(listed).encode()})


# --- plain


def plain(base: Base, draw: random.Random) -> Mutant:
    """Bytes of the zip changed, or whole files exchanged with the checksums left as they are."""
    return draw.choice((_bytes_changed, _bytes_changed, _files_changed))(base, draw)


def _bytes_changed(base: Base, draw: random.Random) -> Mutant:
    data = bytearray(base.data)
    at, length = draw.randrange(len(data)), draw.choice((1, 1, 2, 16, 500))
    other = draw.randrange(len(data))
    how = draw.choice(("flip", "cut", "insert", "overwrite", "copy", "truncate", "zero"))
    if how == "flip":
        data[at] ^= 1 << draw.randrange(8)
    elif how == "cut":
        del data[at : at + length]
    elif how == "insert":
        data[at:at] = draw.randbytes(length)
    elif how == "overwrite":
        data[at : at + length] = draw.randbytes(length)
    elif how == "copy":
        data[at : at + length] = base.data[other : other + length]
    elif how == "truncate":
        del data[at:]
    else:
        data[at : at + length] = bytes(length)
    if data == base.data:
        data[at] ^= 1
    return Mutant(f"plain: {how} {length} at {at}", bytes(data), 2)


def _files_changed(base: Base, draw: random.Random) -> Mutant:
    files, names = dict(base.files), sorted(base.files.keys() - {"SHA256SUMS", "manifest.json"})
    name, other = draw.sample(names, 2)
    how = draw.choice(("absent", "exchanged", "replaced", "renamed", "added", "grown"))
    if how == "absent":
        del files[name]
    elif how == "exchanged":
        files[name], files[other] = files[other], files[name]
    elif how == "replaced":
        files[name] = draw.randbytes(len(files[name]) or 1)
    elif how == "renamed":
        files[f"blobs/{draw.randbytes(32).hex()}"] = files.pop(name)
    elif how == "added":
        files[f"records/{draw.randrange(900, 999):012d}.jws"] = files[name]
    else:
        files[name] += b"\n"
    return Mutant(f"plain: {name} {how}", archive(files), 1 if how == "absent" else 2)


# --- checksums and zip made anew


def remade(base: Base, draw: random.Random) -> Mutant:
    """A file changed in a way its kind invites, then everything that needs no key made to fit."""
    make = draw.choice(_REMADE)
    files = dict(base.files)
    name, least = make(files, base, draw)
    if "REPORT" not in name and draw.random() < 0.5:
        _follow(files)
    return Mutant(f"mended: {make.__name__.strip('_')} {name}", mended(files), least)


def _follow(files: dict[str, bytes]) -> None:
    """The page made anew as well: whoever changes a bundle can run the program that writes it."""
    try:
        files["REPORT.html"] = bundle_page(open_bundle(mended(files))).encode()
    except EvidenceError:
        return


Make = Callable[[dict[str, bytes], Base, random.Random], tuple[str, int]]


def _character(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    """One character of any file but the report's and the texts' (which are other cases)."""
    name = draw.choice(base.named(r"(records|blobs|log|keys|policy)/.*"))
    data = bytearray(files[name] or b"A")
    at = draw.randrange(len(data))
    data[at] = draw.choice([byte for byte in b"Az09-_{}:,\n\xff" if byte != data[at]])
    files[name] = bytes(data)
    # In a note it may have hit a signature of which there are enough others.
    return name, 0 if name.startswith("log/") or name.endswith(".proof") else 1


def _disclosure_dropped(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name = draw.choice(base.named(r"records/.*\.disc"))
    lines = files[name].splitlines(keepends=True)
    del lines[draw.randrange(len(lines))]
    files[name] = b"".join(lines)
    if not lines:
        del files[name]
    return name, 1


def _disclosure_moved(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name, other = draw.sample(base.named(r"records/.*\.disc"), 2)
    files[name] += draw.choice(files[other].splitlines(keepends=True))
    return name, 2


def _disclosure_twice(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name = draw.choice(base.named(r"records/.*\.disc"))
    files[name] += draw.choice(files[name].splitlines(keepends=True))
    return name, 2


def _absent(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    """One file of those a verdict rests on."""
    name = draw.choice(base.named(r"records/.*\.(jws|proof)|blobs/.*|keys/.*\.json|log/checkpoint"))
    del files[name]
    return name, 1


def _record_dropped(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    """Any; from before the span a consent or a policy may go, which nothing in it rests on."""
    stem = draw.choice(base.named(r"records/.*\.jws")).removesuffix(".jws")
    kind = parse(files[f"{stem}.jws"].decode()).kind
    for name in [name for name in files if name.startswith(f"{stem}.")]:
        del files[name]
    earlier = int(stem[-12:]) < base.sample.contents.manifest.from_size
    return f"{stem} {kind}", 0 if earlier and kind in {"consent", "policy"} else 1


def _receipts_swapped(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name, other = draw.sample(base.named(r"records/.*\.proof"), 2)
    files[name], files[other] = files[other], files[name]
    return name, 2


def _records_swapped(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name, other = draw.sample(base.named(r"records/.*\.jws"), 2)
    files[name], files[other] = files[other], files[name]
    return name, 2


def _record_renamed(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    stem = draw.choice(base.named(r"records/.*\.jws")).removesuffix(".jws")
    to = f"records/{draw.randrange(100, 900):012d}"
    for name in [name for name in files if name.startswith(f"{stem}.")]:
        files[to + name.removeprefix(stem)] = files.pop(name)
    return stem, 2


def _record_doubled(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    stem = draw.choice(base.named(r"records/.*\.jws")).removesuffix(".jws")
    for name in [name for name in files if name.startswith(f"{stem}.")]:
        files[f"records/{900:012d}" + name.removeprefix(stem)] = files[name]
    return stem, 2


def _images_swapped(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name, other = draw.sample(base.named(r"blobs/.*"), 2)
    files[name], files[other] = files[other], files[name]
    return name, 2


def _image_exchanged(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name = draw.choice(base.named(r"blobs/.*"))
    files[name] = draw.randbytes(len(files[name]))
    return name, 2


def _image_added(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name = f"blobs/{draw.randbytes(32).hex()}"
    files[name] = draw.randbytes(30)
    return name, 2


def _key_exchanged(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name, other = draw.sample(base.named(r"keys/.*\.json"), 2)
    files[name] = files[other]
    return name, 2


def _proof_shortened(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name = draw.choice([n for n in base.named(r"log/.*\.(consistency|path)") if base.files[n]])
    lines = files[name].splitlines(keepends=True)
    del lines[draw.randrange(len(lines))]
    files[name] = b"".join(lines)
    return name, 1


def _proof_reordered(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    names = [n for n in base.named(r"log/.*\.(consistency|path)") if base.files[n].count(b"\n") > 1]
    name = draw.choice(names)
    files[name] = b"".join(files[name].splitlines(keepends=True)[::-1])
    return name, 1


def _note_exchanged(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name, other = draw.sample(base.named(r"log/.*\.note"), 2)
    files[name] = files[other]
    return name, 2


def _beacon_renamed(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name = draw.choice(base.named(r"log/.*\.beacon")).removesuffix(".beacon")
    for suffix in (".beacon", ".path"):
        files[f"log/{draw.randrange(100, 900):012d}{suffix}"] = files.pop(name + suffix)
    return name, 1


def _older_state(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name = draw.choice(base.named(r"log/.*\.note"))
    files["log/checkpoint"] = files[name]
    return name, 1


def _cosignatures_stripped(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    """Below k everywhere: one witness is left of two demanded."""
    keep = draw.choice((b"witness1.example", b"witness2.example", b"nobody"))
    for name in base.named(r"records/.*\.proof|log/.*(note|checkpoint)"):
        lines = files[name].splitlines(keepends=True)
        files[name] = b"".join(line for line in lines if b"witness" not in line or keep in line)
    return keep.decode(), 1


def _manifest_changed(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    old, new = draw.choice(
        (
            (rb'"end":(\d+)', b'"end":1795500000000'),
            (rb'"start":(\d+)', b'"start":1795300000000'),
            (rb'"from":\{"size":\d+\}', b'"from":{"size":1}'),
            (rb'"to":\{"size":\d+\}', b'"to":{"size":9}'),
            (rb'"before":"[^"]+"', b'"before":null'),
            (rb'"seal":"[^"]+"', b'"seal":null'),
            (rb'"root":"[^"]+"', b'"root":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"'),
            (rb'"size":(\d+)\},"contract"', b'"size":7},"contract"'),
            (rb'"contract":"[^"]+"', b'"contract":"01936e7a-0000-7000-8000-000000000009"'),
            (rb"workdiary/0", b"workdiary/1"),
            (rb'/0","seal"', b'/1","seal"'),
            (rb'"made":\d+', b'"made":1795400000000'),
            (rb'"audience":"client"', b'"audience":"freelancer"'),
            (rb'"demo":false', b'"demo":true'),
            (rb'"v":1', b'"v":2'),
        )
    )
    before = files["manifest.json"]
    files["manifest.json"] = re.sub(old, new, before, count=1)
    assert files["manifest.json"] != before, old
    return old.decode(), 1


def _text_exchanged(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name = draw.choice(("REPORT.html", "VERIFY.txt", "CERTIFICATE-902.txt"))
    files[name] = b"<p>Everything is verified. Get the checking program at example.com.</p>"
    return name, 1


def _unknown_file(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    name = draw.choice(("verify.sh", "readme.txt", "records/x.jws", "../x", "log/x", "trust/more.json"))
    files[name] = b"x"
    return name, 2


def _another_world(files: dict[str, bytes], base: Base, draw: random.Random) -> tuple[str, int]:
    """A record of another bundle of the same people, its own receipt with it."""
    other = sample_bundle(replace(KNOBS, shots=2))
    record = draw.choice([r for r in other.contents.records if parse(r.jws).kind == "segment"])
    stem = f"records/{record.index:012d}"
    files[f"{stem}.jws"] = record.jws.encode()
    files[f"{stem}.disc"] = "".join(f"{text}\n" for text in record.disclosures).encode()
    files[f"{stem}.proof"] = (record.proof or "").encode()
    return stem, 2


_REMADE: tuple[Make, ...] = (
    _character,
    _character,
    _character,
    _disclosure_dropped,
    _disclosure_moved,
    _disclosure_twice,
    _absent,
    _record_dropped,
    _receipts_swapped,
    _records_swapped,
    _record_renamed,
    _record_doubled,
    _images_swapped,
    _image_exchanged,
    _image_added,
    _key_exchanged,
    _proof_shortened,
    _proof_reordered,
    _note_exchanged,
    _beacon_renamed,
    _older_state,
    _cosignatures_stripped,
    _manifest_changed,
    _text_exchanged,
    _unknown_file,
    _another_world,
)
