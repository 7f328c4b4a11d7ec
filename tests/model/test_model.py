"""The model of client and server: whatever happens in any order, no second is lost, doubled or invented."""

from __future__ import annotations

import os
from unittest.mock import patch

import hypothesis.core
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.behaviour import RULES, Behaviour, only
from tests.model.mutations import BUGS
from workdiary.evidence.errors import EvidenceError

EXAMPLES, STEPS = 20, 30
# What every run of the suite does without: rules whose last findings are still open (docs/reliability.md).
OPEN = frozenset({"announce", "clock_leap", "move", "restore"})
# Examples within which a seeded bug must be found: by the rules that lead there, by all of them.
TO_CATCH, CATCHING_STEPS = 100, 12
TO_CATCH_BY_ALL = 400
FULL_EXAMPLES, FULL_STEPS, SHARDS = 20_000, 50, 40


def run(examples: int, steps: int, machine: type[Behaviour] = Behaviour, *, shrink: bool = True) -> None:
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
    run_state_machine_as_test(machine, settings=chosen)


def test_whatever_happens_everybody_agrees() -> None:
    run(EXAMPLES, STEPS, only(*RULES - OPEN))


@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_put_in_on_purpose_is_found(bug: str) -> None:
    planted = BUGS[bug]
    # A receipt that is none may also be met where it is read before anybody compares.
    with planted.bug(), pytest.raises((AssertionError, EvidenceError), match=planted.says):
        run(TO_CATCH, CATCHING_STEPS, only(*planted.rules), shrink=False)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_put_in_on_purpose_is_found_among_everything(bug: str) -> None:
    # but leaps: an hour of seconds that are taken for work has 120 of this policy's cells
    with BUGS[bug].bug(), pytest.raises(AssertionError):
        run(TO_CATCH_BY_ALL, STEPS, only(*RULES - {"clock_leap"}), shrink=False)


@pytest.mark.full
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_whatever_happens_for_long(shard: int) -> None:
    seed = int(os.environ["WORKDIARY_TEST_SEED"])
    with patch.object(hypothesis.core, "global_force_seed", seed + shard):
        run(FULL_EXAMPLES // SHARDS, FULL_STEPS)
