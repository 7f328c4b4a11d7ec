from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace

import pytest

from workdiary.evidence.canonical import dumps, loads
from workdiary.rules import policy
from workdiary.rules.policy import DEMO, STANDARD


def test_the_standard_set_is_what_product_md_says() -> None:
    assert STANDARD.cell_ms == 600_000
    assert STANDARD.bucket_ms == 60_000
    assert STANDARD.row_ms == 3_600_000
    assert (STANDARD.preview_ms, STANDARD.preview_max_ms) == (60_000, 600_000)
    assert (STANDARD.idle_ms, STANDARD.shot_duty_ms) == (600_000, 60_000)
    assert (STANDARD.checkpoint_ms, STANDARD.clock_step_ms) == (10_000, 2_000)
    assert (STANDARD.evidence_window_ms, STANDARD.evidence_max_cells) == (1_800_000, 2)
    assert STANDARD.limit_warn_pct == (80, 95, 100)


def test_the_demo_set_is_scaled_but_for_what_tolerates_real_clocks() -> None:
    assert (DEMO.cell_ms, DEMO.bucket_ms, DEMO.preview_ms) == (30_000, 3_000, 2_000)
    assert DEMO.clock_step_ms == STANDARD.clock_step_ms
    assert DEMO.time_tolerance_ms == STANDARD.time_tolerance_ms
    kept = {"preview_ms", "clock_step_ms", "time_tolerance_ms"}
    for field in fields(STANDARD):
        if field.name.endswith("_ms") and field.name not in kept:
            assert getattr(DEMO, field.name) * 20 == getattr(STANDARD, field.name), field.name
    assert DEMO.demo
    assert not STANDARD.demo


def test_a_released_set_never_changes() -> None:
    # Signed segments name these digests. If this fails: a new version beside the old one, not a new digest.
    assert policy.digest(STANDARD) == "yMEZzSOoEChsoPC9ydubufU1dynyHtTAejjZZbPIRdI"
    assert policy.digest(DEMO) == "b2tURhxaEwpF6m8mtib-YomoR77AqpdsIjy7kZ5wmIA"


def test_a_set_is_found_by_name_and_by_the_digest_a_record_names() -> None:
    assert policy.by_name("demo") is DEMO
    assert policy.by_digest(policy.digest(STANDARD)) is STANDARD
    assert policy.by_digest("unknown") is None
    with pytest.raises(KeyError):
        policy.by_name("lenient")


def test_json_holds_every_field_and_survives_the_evidence_profile() -> None:
    document = policy.to_json(DEMO)
    assert document.keys() == {field.name for field in fields(DEMO)}
    assert loads(dumps(document)) == document


def test_a_bucket_is_a_tenth_of_a_cell() -> None:
    with pytest.raises(ValueError, match="tenth"):
        replace(STANDARD, bucket_ms=30_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Later(policy.PolicySet):
    """The form of a later release, whose second version has one number more."""

    nap_ms: int = policy.introduced(2, before=0)


def test_a_new_version_leaves_the_old_digest_readable() -> None:
    released = Later(**asdict(STANDARD))
    newer = replace(released, version=2, idle_ms=policy.MINUTE, nap_ms=7)
    assert policy.digest(released) == policy.digest(STANDARD)
    assert policy.digest(newer) != policy.digest(STANDARD)
    assert "nap_ms" not in policy.to_json(released)
    assert policy.to_json(newer)["nap_ms"] == 7
    for one in (released, newer):
        assert policy.parse(dumps(policy.to_json(one)), Later) == (policy.digest(one), one)


def test_a_set_with_what_its_version_does_not_have_is_none() -> None:
    newer = replace(Later(**asdict(STANDARD)), version=2, nap_ms=7)
    for wrong in (
        policy.to_json(newer) | {"version": 1},
        {name: value for name, value in policy.to_json(newer).items() if name != "nap_ms"},
        policy.to_json(newer) | {"version": "2"},
    ):
        assert policy.parse(dumps(wrong), Later)[1] is None
    assert policy.parse(dumps(policy.to_json(newer)))[1] is None
