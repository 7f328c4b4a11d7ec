"""What must not stay unsaid, and the notice before the first session."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.fakes.tracker import BOOKING, stopped, tracking
from workdiary.client.desktop.presenters.consent import MODES, consent_view, unwrapped
from workdiary.client.desktop.presenters.notices import error_view, notices, summary
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.events import BackendView, OutboxView
from workdiary.evidence.records import KINDS

VOICE = Voice()


def titles(*told: str, **changes: object) -> list[str]:
    return [notice.title for notice in notices(stopped(**changes), VOICE, told)]


def test_a_weaker_key_store_is_said_at_every_start_and_once() -> None:
    told = "No keyring. That is weaker; every record says so (key class SOFTWARE-FILE)."
    assert titles(told, key_class="SOFTWARE-FILE") == ["Key kept in a file"]
    assert titles(key_class="SOFTWARE") == []


def test_what_the_capture_cannot_do_is_said_in_its_own_words() -> None:
    backends = (BackendView("shot", "none", "No pictures here."), BackendView("idle", "x", ""))
    found = notices(stopped(backends=backends), VOICE)
    assert [(n.icon, n.title, n.text) for n in found] == [
        ("camera-off", "Screenshots are limited", "No pictures here.")
    ]


def test_what_opening_had_to_tell_and_what_needs_somebody() -> None:
    assert titles("The spool was damaged. A copy is kept.") == ["The spool was damaged"]
    found = notices(tracking(reason="The disk gets full. 300 MB are left."), VOICE)
    assert [(n.title, n.text) for n in found] == [("The disk gets full", "300 MB are left.")]
    assert not notices(tracking(state="blocked", reason="The disk is full."), VOICE)


def test_records_set_aside_come_first() -> None:
    found = titles(key_class="SOFTWARE-FILE", outbox=OutboxView(quarantined=2), demo=True)
    assert found == ["2 records set aside", "Key kept in a file", "Demo policy"]


def test_one_line_for_all() -> None:
    found = notices(stopped(key_class="SOFTWARE-FILE", demo=True), VOICE)
    assert summary(found, VOICE) == "Key kept in a file and 1 more"
    assert summary(found[:1], VOICE) == "Key kept in a file"
    assert summary((), VOICE) == ""


def test_a_known_error_keeps_its_words_and_code() -> None:
    error = KnownError("Port taken", "Close the other program.", subject="8700", exit_code=ExitCode.OFFLINE)
    view = error_view(error, VOICE)
    assert (view.title, view.message, view.subject, view.exit_code) == (
        "Port taken",
        "Close the other program.",
        "8700",
        4,
    )


def test_what_nobody_foresaw_is_called_a_bug_and_quotes_nothing() -> None:
    view = error_view(RuntimeError("secret memo"), VOICE)
    assert (view.subject, view.exit_code) == ("RuntimeError", 1)
    assert "secret" not in view.message + view.title


def test_every_field_of_a_segment_is_told_once() -> None:
    rows = consent_view(BOOKING, "", demo=False, voice=VOICE).rows
    told = Counter(field for row in rows for field in row.fields)
    segment = KINDS["segment"]
    counted = {f"{prefix}.k" for prefix in segment.counted}
    fields = {*segment.clear_types(), *segment.slots, *counted}
    assert set(told) == fields
    assert not [field for field, times in told.items() if times > 1]


@pytest.mark.parametrize("mode", [*MODES, "not yet invented"])
def test_the_notice_says_what_the_mode_takes(mode: str) -> None:
    contract = BOOKING.__class__("c", "x", mode, 0, "USD", 2, None)
    view = consent_view(contract, "", demo=True, voice=VOICE)
    assert view.rows[0].how
    assert "{" not in view.rows[0].how


def test_the_whole_signed_text_is_shown(root: Path) -> None:
    text = (root / "resources" / "notices" / "solo-en.txt").read_text("utf-8")
    shown = consent_view(BOOKING, text, demo=False, voice=VOICE).full.text
    assert shown.replace("• ", "- ").split() == text.split()


def test_lines_broken_by_a_text_file_are_joined() -> None:
    assert unwrapped("Title\n\nOne\ntwo.\n- a\n  b;\n- c\n") == "Title\n\nOne two.\n• a b;\n• c"
