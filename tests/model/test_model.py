"""The model of client and server: whatever happens in any order, no second is lost, doubled or invented."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.behaviour import Behaviour
from tests.model.mutations import BUGS

EXAMPLES, STEPS = 30, 30
TO_CATCH = 150  # examples within which a seeded bug must be found
FULL_EXAMPLES, FULL_STEPS, SHARDS = 20_000, 50, 20


def run(examples: int, steps: int, *, shrink: bool = True) -> None:
    """Live so many examples; raises what an invariant found."""
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Behaviour, settings=chosen)


def test_whatever_happens_everybody_agrees() -> None:
    run(EXAMPLES, STEPS)


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_put_in_on_purpose_is_found(bug: str) -> None:
    planted, words = BUGS[bug]
    with planted(), pytest.raises(AssertionError, match=words):
        run(TO_CATCH, STEPS, shrink=False)


@pytest.mark.full
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_whatever_happens_for_long(shard: int) -> None:
    import hypothesis.core

    seed = int(os.environ["WORKDIARY_TEST_SEED"])
    hypothesis.core.global_force_seed = seed + shard
    run(FULL_EXAMPLES // SHARDS, FULL_STEPS)
