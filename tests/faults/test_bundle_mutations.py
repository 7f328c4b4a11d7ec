"""Every mutation of a good bundle is found, or labelled as evidence.md's attack table says it must be.

A mutation that leaves exit 0 and the same claims fails, unless what it changed provably counts for nothing.
40 of each strength in every run, 500 under the `full` marker; the seed is printed and reproduces a run.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from tests.faults.bundle_attackers import by_device, by_log
from tests.faults.bundle_mutants import Base, Mutant, plain, remade
from workdiary.cli.judging import judged_bundle
from workdiary.evidence.bundle import Bundle, open_bundle
from workdiary.evidence.bundle.archive import read_zip
from workdiary.evidence.cosign import parse_cosigner
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import signature_line
from workdiary.rules.pay import pay_words
from workdiary.verify.trust import Trust

SEED = int(os.environ["WORKDIARY_TEST_SEED"])
STRENGTHS: dict[str, Callable[[Base, random.Random], Mutant]] = {
    "plain": plain,
    "mended": remade,
    "device": by_device,
    "log": by_log,
}


@dataclass(frozen=True)
class Outcome:
    """exit: the judge's, 2 for what cannot be read; claims: everything a report would say."""

    exit: int
    words: frozenset[str]
    claims: tuple[object, ...]


def outcome(data: bytes, trust: Trust) -> Outcome:
    try:
        bundle = open_bundle(data)
    except EvidenceError as error:
        return Outcome(2, frozenset({error.code}), ())
    judged = judged_bundle(bundle, [trust])
    judged = judged.with_pay(pay_words(judged).words)
    records = tuple(
        (record.rid, record.kind, tuple(sorted(record.axes.words.items())), record.window, record.start)
        for record in judged.records
    )
    shown = tuple((record.jws, record.disclosures) for record in bundle.records)
    findings = tuple((finding.axis, finding.word, finding.what) for finding in judged.findings)
    words = {word.partition("(")[0] for record in judged.records for word in record.axes.words.values()}
    words |= {finding.word.partition("(")[0] for finding in judged.findings}
    return Outcome(
        judged.exit, frozenset(words), (bundle.manifest, records, shown, findings, _images(bundle))
    )


def _images(bundle: Bundle) -> tuple[tuple[str, str | None], ...]:
    return tuple((name, bundle.blob_sha256(name)) for name in sorted(bundle.blob_names))


@cache
def base() -> Base:
    return Base()


@cache
def good() -> Outcome:
    return outcome(base().data, base().trust)


def test_the_good_bundle_is_good() -> None:
    assert good().exit == 0


def counts_for_nothing(data: bytes) -> bool:
    """Whether all that differs is evidence taken away that no claim rests on, or the copy of the trust file.

    Each file is the same or lacks lines; log/ and policy/ files may be gone. Signature lines by keys that
    nobody pinned are no evidence: the format of notes has every reader ignore them.
    """
    files = {name: bytes(view) for name, view in read_zip(data).files.items()}
    for name in {*files, *base().files} - {"SHA256SUMS", "trust/trust.json"}:
        before, now = base().files.get(name), files.get(name)
        if before == now:
            continue
        if before is None or not name.startswith(("log/", "policy/", "records/")):
            return False
        if now is None and name.startswith("records/"):
            return False
        if now is not None and not _lines_of(now, before):
            return False
    return True


def _lines_of(part: bytes, whole: bytes) -> bool:
    """Whether `part` is `whole` with lines left out, signatures by unknown keys apart."""
    lines = iter(whole.splitlines(keepends=True))
    return all(line in lines for line in part.splitlines(keepends=True) if not _is_nobodys(line))


def _is_nobodys(line: bytes) -> bool:
    try:
        name, key_id, _ = signature_line(line.decode().removesuffix("\n"))
    except (EvidenceError, UnicodeDecodeError):
        return False
    trust = base().trust
    known = {(key.name, key.key_id) for key in map(parse_cosigner, trust.witnesses)}
    log = trust.vkey(0)
    return (name, key_id) not in known and log is not None and (name, key_id) != (log.name, log.key_id)


def check(mutant: Mutant) -> str:
    """Fails for a mutation that is not found; else what it led to."""
    found = outcome(mutant.data, base().trust)
    assert found.exit >= mutant.least, (mutant.name, found.exit, sorted(found.words))
    if mutant.words:
        assert found.words & set(mutant.words), (mutant.name, sorted(found.words))
    if found.exit == 0 and found.claims == good().claims:
        assert mutant.data == base().data or counts_for_nothing(mutant.data), mutant.name
        return "counts for nothing"
    return f"exit {found.exit}"


def programme(strength: str, count: int, seed: int) -> Counter[str]:
    results: Counter[str] = Counter()
    for number in range(count):
        draw = random.Random(f"{seed}/{strength}/{number}")
        results[check(STRENGTHS[strength](base(), draw))] += 1
    return results


@pytest.mark.parametrize("strength", STRENGTHS)
def test_forty_mutations(strength: str, record_property: Callable[[str, object], None]) -> None:
    results = programme(strength, 40, SEED)
    record_property("mutations", dict(results))
    assert results.total() == 40


@pytest.mark.full
@pytest.mark.timeout(900)
@pytest.mark.parametrize("strength", STRENGTHS)
def test_five_hundred_mutations(strength: str, record_property: Callable[[str, object], None]) -> None:
    results = programme(strength, 500, SEED)
    record_property("mutations", dict(results))
    assert results.total() == 500
