"""The cell, the last shot, today's strip, and the page they make."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.tracker import BOOKING, CELL, NOW, shot, stopped, tracking
from workdiary.client.desktop.presenters.cell import cell_panel
from workdiary.client.desktop.presenters.page import page, ticking
from workdiary.client.desktop.presenters.shot import shot_panel
from workdiary.client.desktop.presenters.today import LEAST, MOST, today_panel
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import CellView, StripCell
from workdiary.rules.policy import DEMO

VOICE = Voice()


def test_the_cell_says_active_of_seen_and_when_the_last_shot_was() -> None:
    panel = cell_panel(tracking(shot=shot()), VOICE)
    assert panel.bounds == "16:20 – 16:30 UTC"
    assert (panel.text, panel.last_shot) == ("2 of 3 minutes active", "last shot 16:22:26")
    assert panel.described == "16:20 – 16:30 UTC: 2 of 3 minutes active"


def test_a_demo_cell_has_parts_and_seconds() -> None:
    start = NOW - NOW % DEMO.cell_ms
    cell = CellView(start, start + DEMO.cell_ms, ("untracked", "active", *("future",) * 8))
    panel = cell_panel(tracking(demo=True, cell=cell), VOICE)
    assert (panel.bounds, panel.text) == ("16:22:30 – 16:23:00 UTC", "1 of 1 parts active")


def test_no_cell_runs() -> None:
    assert cell_panel(stopped(), VOICE).text == "Not tracking"


def test_a_blur_that_does_not_succeed_asks_again() -> None:
    panel = shot_panel(tracking(shot=shot(choice="blur", blur_failed=True)), NOW, VOICE)
    assert (panel.open, panel.heading) == (True, "It could not be blurred. Keep it, or remove it?")


def test_an_open_hold_counts_down_and_prices_each_answer() -> None:
    panel = shot_panel(tracking(shot=shot()), NOW, VOICE)
    assert (panel.open, panel.heading) == (True, "38 s to decide, then kept")
    assert (panel.remove_shot.price, panel.remove_time.price) == ("unprotected", "−€3.08")
    assert "3 min 51 s" in panel.remove_time.described
    assert panel.hold_ms == 60_000


def test_a_shot_that_protects_nothing_has_no_price_word() -> None:
    assert shot_panel(tracking(shot=shot(unprotects=False)), NOW, VOICE).remove_shot.price == ""


def test_without_a_rate_the_price_is_the_time() -> None:
    free = replace(BOOKING, rate=0)
    assert shot_panel(tracking(contract=free, shot=shot()), NOW, VOICE).remove_time.price == "−3 min 51 s"


@pytest.mark.parametrize(
    ("choice", "heading", "picture"),
    [
        (None, "Kept", True),
        ("keep", "Kept", True),
        ("blur", "Blurred", True),
        ("remove-shot", "Shot removed, time kept", False),
        ("remove-time", "Shot and time removed", False),
    ],
)
def test_after_the_hold(choice: str | None, heading: str, picture: bool) -> None:
    panel = shot_panel(tracking(shot=shot(choice=choice)), NOW + 60_000, VOICE)
    assert (panel.open, panel.heading, panel.has_picture) == (False, heading, picture)
    assert panel.taken == "16:22:26 · 1 screen"


def test_no_shot_yet_says_what_to_expect() -> None:
    assert "you decide" in shot_panel(tracking(), NOW, VOICE).text
    quiet = replace(BOOKING, mode="activity")
    assert "activity only" in shot_panel(tracking(contract=quiet), NOW, VOICE).text


def test_the_strip_begins_at_the_first_hour_and_keeps_now_in_sight() -> None:
    panel = today_panel(tracking(), VOICE)
    starts = [item.start_ms for item in panel.items]
    assert panel.heading == "Today, 10-minute cells"
    assert VOICE.time(starts[0]) == "08:00"
    assert starts[0] <= NOW < starts[-1]
    assert [text for _, text in panel.ticks] == ["08", "10", "12", "14", "16"]


def test_gaps_have_length_and_reason() -> None:
    assert today_panel(tracking(), VOICE).gap_text == "last gap 37 min, screen locked"
    assert today_panel(stopped(), VOICE).gap_text == ""


def test_cells_say_what_they_show() -> None:
    items = {item.start_ms: item for item in today_panel(tracking(), VOICE).items}
    day = NOW - NOW % (24 * 6 * CELL)
    assert items[day + 72 * CELL].text == "12:00: 3 min tracked; gap 7 min, screen locked"
    assert items[day + 73 * CELL].text == "12:10: gap 10 min, screen locked"
    assert items[day + 88 * CELL].text == "14:40: 10 min idle claim"
    assert items[day + 48 * CELL].text == "08:00: nothing tracked"
    assert (items[day + 60 * CELL].share_milli, items[day + 60 * CELL].gap) == (500, "pause")


def test_a_long_day_of_short_cells_keeps_its_end() -> None:
    first = NOW - NOW % DEMO.cell_ms - 1_000 * DEMO.cell_ms
    panel = today_panel(tracking(demo=True, strip=(StripCell(first, 1_000, "tracked"),)), VOICE)
    assert len(panel.items) == MOST
    assert panel.items[0].start_ms <= NOW < panel.items[-1].start_ms
    assert panel.heading == "Today, 30-second cells"
    assert all(len(text) == 5 for _, text in panel.ticks)


def test_an_empty_day_has_its_eight_hours() -> None:
    assert len(today_panel(stopped(), VOICE).items) == LEAST


def test_the_strip_is_taken_over_while_it_does_not_change() -> None:
    before = tracking()
    first = page(before, VOICE)
    again = page(replace(before, at_ms=NOW + 1_000), VOICE, before=(before, first))
    assert again.today is first.today
    later = page(replace(before, at_ms=NOW + CELL), VOICE, before=(before, first))
    assert later.today is not first.today


def test_seconds_matter_only_while_tracking_or_while_a_hold_is_open() -> None:
    running = ticking(tracking(), VOICE, "Tracking", elapsed_ms=1_250)
    assert running.title == "1:32:51 Tracking"
    assert running.next_ms == 750
    held = ticking(stopped(shot=shot()), VOICE, "", elapsed_ms=500)
    assert (held.hold_left_ms, held.next_ms) == (37_500, 500)
    assert ticking(stopped(), VOICE, "", elapsed_ms=0).next_ms is None
    assert ticking(stopped(shot=shot(choice="keep")), VOICE, "", elapsed_ms=0).next_ms is None
