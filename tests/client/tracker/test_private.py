"""What the tracker does about private applications, modes that change, pictures that fail or look alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.rig import Rig
from tests.fakes.stages import FakeContracts
from workdiary.client.account import Contract
from workdiary.client.capture.port import ActiveWindow
from workdiary.client.capture.private import PrivateLists
from workdiary.client.segment.model import ShotImage
from workdiary.client.segment.shots import ShotFailedError
from workdiary.client.tracker.shot_hints import ALIKE, ShotHints
from workdiary.client.tracker.world import Choices

MINUTE = 60
NO_MORE = 999  # a draw that lets no further shot follow
PRIVATE = {"id-demo": PrivateLists(("keepassxc",), ("acme *",)), "id-other": PrivateLists(("slack",), ())}


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """A rig whose two contracts have lists of their own."""

    def choose(**kwargs: object) -> Choices:
        return Choices(**kwargs, private=PRIVATE.__getitem__)  # type: ignore[arg-type]

    monkeypatch.setattr("tests.fakes.rig.Choices", choose)
    rig = Rig(tmp_path, draws=[30_000, NO_MORE])
    for terms in rig.contracts.terms.values():
        terms["apps"] = "titles"
    return rig


def spans(rig: Rig) -> list[tuple[str, str | None]]:
    return [(span.app, span.title) for row in rig.closed if row.close for span in row.close.progress.apps]


def test_a_private_application_is_one_word_without_a_title(rig: Rig) -> None:
    rig.start()
    for window in (
        ActiveWindow("xterm", "make test"),
        ActiveWindow("KeePassXC", "vault.kdbx", ("KeePassXC",)),
        ActiveWindow("Firefox", "ACME offer"),
        None,
        ActiveWindow("Firefox", "Upload", (), ("Acme *",)),
    ):
        rig.desktop.window.window = window
        rig.second(2, keys=1)
    rig.stop()
    assert spans(rig) == [("xterm", "make test"), ("private", None)]


def test_what_is_private_depends_on_the_contract(rig: Rig) -> None:
    rig.desktop.window.window = ActiveWindow("Slack", "general")
    rig.start("demo")
    rig.second(2, keys=1)
    rig.start("other")
    rig.second(2, keys=1)
    rig.stop()
    assert spans(rig) == [("Slack", "general"), ("private", None)]


def test_each_shot_is_told_what_its_contract_must_not_show(rig: Rig) -> None:
    rig.start("demo")
    rig.second(MINUTE, keys=1)
    rig.start("other")
    rig.second(10 * MINUTE, keys=1)
    assert [request.private for request in rig.taker.requests[:2]] == list(PRIVATE.values())


@pytest.mark.parametrize("mode", ["activity", "none"])
def test_no_instant_outlives_a_change_to_a_mode_without_pictures(rig: Rig, mode: str) -> None:
    rig.start()
    rig.second(5, keys=1)
    segment = rig.core.timer.parts.recorder.segment
    assert segment is not None
    camera = rig.core.timer.parts.camera
    changed = replace(segment.start, mode=mode)
    segment.start = changed
    camera.enter(segment, 1)
    rig.second(5 * MINUTE, keys=1)
    assert rig.taker.requests == []


def test_a_picture_under_way_while_the_mode_changes_is_forgotten(rig: Rig, tmp_path: Path) -> None:
    rig.start()
    rig.second(29, keys=1)
    rig.clock.advance(1000)
    rig.alarms.ring_due()
    rig.posted.popleft()()  # under way
    segment = rig.core.timer.parts.recorder.segment
    assert segment is not None
    segment.start = replace(segment.start, mode="activity")
    rig.core.timer.parts.camera.enter(segment, 1)
    rig.settle()
    assert len(rig.taker.requests) == 1
    assert list(tmp_path.iterdir()) == []
    assert rig.core.timer.parts.camera.hints.words == ()


class Versioned(FakeContracts):
    """Each mode is a version of the terms."""

    def contracts(self) -> tuple[Contract, ...]:
        return tuple(replace(each, terms_id=str(each.terms["mode"])) for each in super().contracts())


@pytest.mark.parametrize(
    ("before", "after", "modes", "reasons"),
    [
        ("full", "activity", [], [None, "mode"]),
        ("full", "blurred", ["blurred"], [None, None]),
        ("activity", "window", ["window"], [None, None]),
        ("none", "full", ["full"], [None, None]),
        ("window", "none", [], [None, "mode"]),
    ],
)
def test_a_mode_agreed_within_a_cell_holds_from_then_on(
    rig: Rig, before: str, after: str, modes: list[str], reasons: list[str | None]
) -> None:
    rig.draws[:] = [5 * MINUTE * 1000, NO_MORE]
    rig.contracts.__class__ = Versioned
    terms = rig.contracts.terms["demo"]
    terms["mode"] = before
    rig.start()
    rig.second(2 * MINUTE, keys=1)
    rig.contracts.terms["demo"] = {**terms, "mode": after}
    rig.core.learn()
    rig.settle()
    rig.second(8 * MINUTE, keys=1)
    assert [request.mode for request in rig.taker.requests] == modes
    closed = [row for row in rig.closed if row.close]
    assert [row.start.mode for row in closed] == [before, after]
    assert [row.close.no_shot for row in closed if row.close] == reasons


def test_a_permission_that_is_lost_is_told_and_tracking_goes_on(rig: Rig) -> None:
    rig.taker.failure = ShotFailedError("permission", "the desktop asks you first")
    rig.start()
    rig.second(MINUTE, keys=1)
    rig.core.news.publish()
    assert rig.now.state == "tracking"
    assert rig.now.hints == ("The last screenshot was not taken: the desktop asks you first.",)
    rig.second(9 * MINUTE, keys=1)
    assert [row.close.no_shot for row in rig.closed if row.close] == ["permission"]
    rig.taker.failure = None
    rig.second(10 * MINUTE, keys=1)
    rig.core.news.publish()
    assert [row.close.no_shot for row in rig.closed if row.close] == ["permission", None]
    assert rig.now.hints == ()


def image(dhash: str, *, blank: bool = False) -> ShotImage:
    display = {"x": 0, "y": 0, "w": 1, "h": 1, "scale_milli": 1000, "rot": 0}
    return ShotImage("i", "t", "", "", 0, "", 1, 1, display, "screen", 0, blank=blank, dhash=dhash)


SAME, NEAR, FAR = "0" * 64, "0" * 63 + "f", "f" * 64


@pytest.mark.parametrize(
    ("shots", "told"),
    [
        ([[SAME], [NEAR], [SAME]], True),
        ([[SAME], [SAME]], False),
        ([[SAME], [SAME], [FAR]], False),
        ([[FAR], [SAME], [SAME], [SAME]], True),
        ([[SAME, SAME], [SAME, FAR], [SAME, SAME]], False),
        ([[SAME], [SAME, SAME], [SAME]], False),
        ([[""], [""], [""]], False),
    ],
)
def test_shots_that_look_alike_are_a_hint_for_the_person(shots: list[list[str]], told: bool) -> None:
    hints = ShotHints()
    for shot in shots:
        hints.kept("c", [image(dhash) for dhash in shot])
    assert hints.words == ((ALIKE,) if told else ())


def test_blank_monitors_and_other_contracts_are_not_compared() -> None:
    hints = ShotHints()
    for _ in range(3):
        hints.kept("c", [image(SAME, blank=True)])
    assert hints.words == ()
    for contract in ("a", "b", "a", "b"):
        hints.kept(contract, [image(SAME)])
    assert hints.words == ()
