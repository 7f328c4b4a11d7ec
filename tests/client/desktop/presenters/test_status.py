from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from tests.fakes.tracker import NOW, stopped, tracking
from workdiary.client.desktop.presenters.status import (
    STATES,
    SYNCS,
    status_view,
    sync_mark,
    ticking_title,
    title,
)
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import OutboxView, State, Sync

VOICE = Voice()


def test_every_state_and_sync_has_a_word_and_a_tone() -> None:
    assert set(STATES) == set(get_args(State))
    assert set(SYNCS) == set(get_args(Sync))
    assert len({word for word, _ in STATES.values()}) == len(STATES)


def test_offline_stands_beside_tracking_never_instead() -> None:
    view = status_view(tracking(sync="offline", outbox=OutboxView(waiting=9, images=2)), VOICE)
    assert (view.state.word, view.sync.word) == ("Tracking", "Offline")
    assert view.sync.detail.replace("\u00a0", " ") == "9 records, 2 images safe here"


def test_the_outbox_says_how_many_since_when_and_the_last_receipt() -> None:
    mark = sync_mark(tracking(), VOICE)
    assert mark.word == "3 waiting"
    assert mark.detail.replace("\u00a0", " ") == "oldest 16:21 · last receipt 16:20:38"


@pytest.mark.parametrize(
    ("outbox", "text"),
    [
        (OutboxView(), "nothing sent yet"),
        (OutboxView(last_receipt_ms=NOW), "last receipt 16:22:48"),
        (OutboxView(last_receipt_ms=NOW, quarantined=2), "last receipt 16:22:48 · 2 set aside"),
    ],
)
def test_nothing_waiting(outbox: OutboxView, text: str) -> None:
    assert sync_mark(stopped(outbox=outbox), VOICE).detail.replace("\u00a0", " ") == text


def test_a_part_of_the_line_is_never_broken() -> None:
    assert all(" " not in part for part in sync_mark(tracking(), VOICE).detail.split(" · "))


def test_a_reason_is_told_only_when_nothing_is_tracked() -> None:
    assert "disk is full" in status_view(tracking(state="blocked", reason="disk-full"), VOICE).reason
    assert status_view(tracking(state="blocked", reason="In words."), VOICE).reason == "In words."
    assert "No input" in status_view(tracking(state="idle"), VOICE).reason
    assert not status_view(tracking(state="paused"), VOICE).reason
    assert not status_view(tracking(reason="The disk gets full."), VOICE).reason


def test_the_title_is_clock_state_contract_and_name() -> None:
    quiet = title(tracking(), VOICE)
    assert quiet == "Tracking – Booking API – WorkDiary"
    assert ticking_title(tracking(), "1:32:50", quiet) == f"1:32:50 {quiet}"
    assert ticking_title(stopped(session_ms=1), "0:00:00", "Stopped") == "Stopped"
    assert title(replace(stopped(), contract=None), VOICE) == "Stopped – WorkDiary"
    assert title(None, VOICE) == "WorkDiary"


def test_flags_are_said() -> None:
    assert status_view(tracking(flags=("after-lock", "new")), VOICE).flags == ("After-lock time", "new")
