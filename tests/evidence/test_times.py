from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.evidence import times
from workdiary.evidence.errors import EvidenceError

INSTANTS = st.integers(0, times.TIME_MAX_MS)


@given(INSTANTS, st.binary(min_size=10, max_size=10))
def test_a_uuid7_carries_its_instant(ms: int, entropy: bytes) -> None:
    text = times.uuid7(ms, entropy)
    assert times.uuid7_ms(text) == ms
    assert uuid.UUID(text).variant == uuid.RFC_4122
    assert uuid.UUID(text).version == 7


def test_the_example_of_rfc_9562() -> None:
    # Appendix A.6: 2022-02-22 19:22:22.00 UTC
    assert times.uuid7_ms("017f22e2-79b0-7cc3-98c4-dc0c0c07398f") == 1645557742000
    entropy = ((0xCC3 << 68) | 0x18C4DC0C0C07398F).to_bytes(10, "big")
    assert times.uuid7(1645557742000, entropy) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "017F22E2-79B0-7CC3-98C4-DC0C0C07398F",
        "017f22e279b07cc398c4dc0c0c07398f",
        "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
        "017f22e2-79b0-4cc3-98c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f\n",
    ],
)
def test_other_uuids_and_spellings_are_refused(text: str) -> None:
    assert not times.is_uuid7(text)
    with pytest.raises(EvidenceError):
        times.uuid7_ms(text)


@given(INSTANTS)
def test_iso_times_come_back(ms: int) -> None:
    assert times.parse_iso(times.iso_utc(ms)) == ms


def test_iso_times_look_as_documented() -> None:
    assert times.iso_utc(1795381977123) == "2026-11-22T21:12:57.123Z"
    assert times.parse_iso("2026-11-22T21:12:57Z") == 1795381977000
    assert times.iso_utc(times.TIME_MAX_MS) == "9999-12-31T23:59:59.999Z"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22 21:12:57Z",
        "2026-11-22T21:12:57",
        "2026-11-22T21:12:57+00:00",
        "2026-11-22T21:12:57.1Z",
        "2026-02-30T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:59:60Z",
        "1969-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "\uff12026-11-22T21:12:57Z",
    ],
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        times.parse_iso(text)


@pytest.mark.parametrize("ms", [-1, times.TIME_MAX_MS + 1, 2**63])
def test_instants_outside_the_range_are_refused(ms: int) -> None:
    with pytest.raises(EvidenceError):
        times.iso_utc(ms)
    with pytest.raises(EvidenceError):
        times.uuid7(ms, bytes(10))


def test_a_uuid7_takes_ten_bytes() -> None:
    with pytest.raises(ValueError, match="entropy"):
        times.uuid7(0, bytes(16))


def test_floor_goes_down_to_the_step() -> None:
    assert times.floor_to(1_795_381_977_123, 600_000) == 1_795_381_800_000
    assert times.floor_to(600_000, 600_000) == 600_000
