"""Each parser of bytes from outside under a fuzzer: only its own refusal comes out, whatever goes in."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import verdict_targets
from tests.fuzz.edits import edited
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parent.parent.parent
# libFuzzer's first runs are the seeds themselves; the rest is what fits into a fraction of a second.
RUNS = 1_000
LONG_S = 60
EDITS = 400


def fuzz(names: str, scratch: Path, *options: str) -> str:
    """What the fuzzer wrote, if it found nothing."""
    seed = os.environ.get("WORKDIARY_TEST_SEED", "1")
    command = [sys.executable, "-m", "tests.fuzz", names, str(scratch), f"-seed={seed}"]
    limits = ("-rss_limit_mb=2048", "-timeout=20")
    run = subprocess.run([*command, *limits, *options], cwd=ROOT, capture_output=True, check=False)
    said = run.stderr.decode(errors="replace")
    assert run.returncode == 0, said[-5_000:]
    return said


@pytest.mark.parametrize("name", TARGETS)
def test_its_seeds_are_accepted(name: str) -> None:
    target = TARGETS[name]
    assert all(target(seed) for seed in target.seeds())


@pytest.mark.parametrize("name", TARGETS)
def test_edits_of_good_texts_are_refused_or_survive(name: str) -> None:
    target = TARGETS[name]
    draw = random.Random(int(os.environ.get("WORKDIARY_TEST_SEED", "1")))
    seeds = target.seeds()
    for _ in range(EDITS):
        target(edited(draw, draw.choice(seeds), draw.choice(seeds)))


def test_a_short_run_of_each_finds_nothing(tmp_path: Path) -> None:
    said = fuzz(",".join(TARGETS), tmp_path, f"-runs={RUNS}")
    assert said.count("Done ") == len(TARGETS)
    assert f"failed: none of {len(TARGETS)}" in said


@pytest.mark.full
@pytest.mark.timeout(LONG_S + 60)
@pytest.mark.parametrize("name", [*TARGETS, *verdict_targets.TARGETS])
def test_a_long_run_finds_nothing(name: str, tmp_path: Path) -> None:
    assert "failed: none" in fuzz(name, tmp_path, f"-max_total_time={LONG_S}")


def test_the_harness_does_not_swallow_what_it_finds(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no such target"):
        fuzz("nothing", tmp_path, "-runs=1")
    with pytest.raises(AssertionError, match="failed: planted of 1"):
        fuzz("planted", tmp_path, "-runs=10")
    assert [*tmp_path.glob("planted-crash-*")]
