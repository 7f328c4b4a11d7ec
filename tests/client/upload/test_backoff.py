"""Full jitter: random within a window that doubles, never less than the server asked for."""

from __future__ import annotations

import pytest

from workdiary.client.upload.backoff import Backoff, offset_ms


def test_the_window_doubles_up_to_five_minutes() -> None:
    backoff = Backoff(lambda: 1.0)
    assert [backoff.failed() for _ in range(9)] == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_jitter_is_full() -> None:
    draws = iter([0.0, 0.5, 0.999])
    backoff = Backoff(lambda: next(draws))
    assert backoff.failed() == 0
    assert backoff.failed() == 5
    assert backoff.failed() == pytest.approx(19.98)


def test_a_success_forgets_failures() -> None:
    backoff = Backoff(lambda: 1.0)
    backoff.failed()
    backoff.failed()
    backoff.reset()
    assert backoff.failed() == 5


def test_retry_after_is_honoured() -> None:
    backoff = Backoff(lambda: 0.0)
    assert backoff.failed(120) == 120
    assert backoff.failed(None) == 0


def test_devices_spread_over_a_cell() -> None:
    places = [offset_ms(f"device {number}", 600_000) for number in range(600)]
    assert offset_ms("device 1", 600_000) == places[1]
    assert all(0 <= place < 600_000 for place in places)
    by_minute = [sum(1 for place in places if place // 60_000 == minute) for minute in range(10)]
    assert all(30 <= count <= 95 for count in by_minute)
