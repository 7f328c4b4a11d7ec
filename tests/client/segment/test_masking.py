"""What is painted over, to the pixel, whatever the windows do meanwhile."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from PIL import Image

from tests.fakes.windows import FakeWindowList, window
from workdiary.client.capture.port import Display, OpenWindow, Rect, UnavailableError
from workdiary.client.capture.private import PrivateLists
from workdiary.client.segment.masking import TRIES, Masked, Masking, masked
from workdiary.client.segment.picture import MASK_COLOUR, Picture
from workdiary.client.segment.shot_child import _check_worth
from workdiary.client.segment.shot_pipe import ShotFailedError

LISTS = PrivateLists(("secret",), ("private title",))
SCREEN = Display(0, 0, 100, 80)
RED = (255, 0, 0)
KEPT = window(9, (0, 0, 100, 80), "desktop")


def grab(*displays: Display) -> list[Picture]:
    return [Picture(Image.new("RGB", (d.w, d.h), RED), d) for d in displays or (SCREEN,)]


def mask(*scenes: tuple[OpenWindow, ...], displays: tuple[Display, ...] = (), lag_ms: int = 0) -> Masked:
    waited: list[int] = []
    masking = Masking(FakeWindowList(list(scenes), lag_ms), LISTS, waited.append)
    done = masked(masking, lambda: grab(*displays))
    assert set(waited) <= {lag_ms} - {0}
    return done


def painted(picture: Picture) -> set[tuple[int, int]]:
    """The pixels that are painted; every other one is as it was."""
    size = range(picture.image.width), range(picture.image.height)
    found = {(x, y): picture.image.getpixel((x, y)) for x in size[0] for y in size[1]}
    assert set(found.values()) <= {RED, MASK_COLOUR}
    return {place for place, colour in found.items() if colour == MASK_COLOUR}


def area(x: int, y: int, w: int, h: int) -> set[tuple[int, int]]:
    return {(left, top) for left in range(x, x + w) for top in range(y, y + h)}


def test_nothing_private_leaves_the_picture_as_it_is() -> None:
    done = mask((KEPT, window(1, (10, 10, 20, 20), "editor", "notes")))
    assert painted(done.pictures[0]) == set()
    assert (done.pictures[0].masked_pct, done.private) == (0, frozenset())


def test_only_what_is_seen_of_a_private_window_is_painted() -> None:
    done = mask((KEPT, window(1, (10, 10, 40, 40), "secret"), window(2, (30, 30, 40, 40), "editor")))
    assert painted(done.pictures[0]) == area(10, 10, 40, 40) - area(30, 30, 40, 40)
    assert done.pictures[0].masked_pct == 100 * (1600 - 400) // 8000
    assert done.private == {1}


def test_a_private_window_on_top_hides_what_is_below_it() -> None:
    done = mask((KEPT, window(2, (0, 0, 30, 30), "editor"), window(1, (20, 20, 10, 10), "secret")))
    assert painted(done.pictures[0]) == area(20, 20, 10, 10)


def test_a_translucent_cover_covers_nothing() -> None:
    glass = window(2, (0, 0, 100, 80), "editor", solid=(Rect(0, 0, 15, 80),))
    done = mask((KEPT, window(1, (10, 10, 20, 20), "secret"), glass))
    assert painted(done.pictures[0]) == area(15, 10, 15, 20)


def test_a_minimised_private_window_masks_only_what_tells_of_it() -> None:
    panel = window(3, (0, 70, 100, 10), "panel", tells=True)
    assert painted(mask((KEPT, window(1, None, "secret"), panel)).pictures[0]) == area(0, 70, 100, 10)
    assert painted(mask((KEPT, panel)).pictures[0]) == set()


@pytest.mark.parametrize(("pixels", "pct"), [(1, 1), (79, 1), (80, 1), (6399, 79), (6400, 80), (7999, 99)])
def test_the_share_is_counted_and_never_rounded_up_to_all(pixels: int, pct: int) -> None:
    rows, rest = divmod(pixels, 100)
    scene = (window(1, (0, 0, 100, rows), "secret"), window(2, (0, rows, rest, 1), "x", "a private title"))
    done = mask(tuple(w for w in scene if w.place and w.place.w and w.place.h))
    assert (len(painted(done.pictures[0])), done.pictures[0].masked_pct) == (pixels, pct)


def test_all_is_a_hundred() -> None:
    assert mask((window(1, (-5, -5, 500, 500), "secret"),)).pictures[0].masked_pct == 100


def test_monitors_above_beside_and_left_of_the_first_one() -> None:
    displays = (Display(0, 0, 40, 30), Display(-30, 0, 30, 30, 2000), Display(0, -20, 40, 20, 1000, 90))
    done = mask((window(1, (-10, -10, 20, 20), "secret"),), displays=displays)
    assert [painted(each) for each in done.pictures] == [
        area(0, 0, 10, 10),
        area(20, 0, 10, 10),
        area(0, 10, 10, 10),
    ]


def test_a_window_that_opens_during_the_grab_is_looked_for_again() -> None:
    opened = (KEPT, window(1, (10, 10, 20, 20), "secret"))
    assert painted(mask((KEPT,), opened).pictures[0]) == area(10, 10, 20, 20)


def test_one_that_will_not_keep_still_leaves_no_picture() -> None:
    scenes = [(KEPT, window(1, (n, n, 20, 20), "secret")) for n in range(2 * TRIES + 2)]
    with pytest.raises(ShotFailedError, match="kept changing") as failure:
        mask(*scenes)
    assert failure.value.no_shot == "private-app"


def test_a_cover_that_moves_away_during_the_grab_is_believed_in_no_place() -> None:
    secret = window(1, (10, 10, 20, 20), "secret")
    before = (secret, window(2, (0, 0, 20, 80), "editor"))
    after = (secret, window(2, (20, 0, 20, 80), "editor"))
    assert painted(mask(before, after).pictures[0]) == area(10, 10, 20, 20)


def test_a_title_that_turns_private_during_the_grab_counts_for_it() -> None:
    before, after = (
        (KEPT, window(1, (10, 10, 20, 20), "browser", title)) for title in ("x", "Private Title")
    )
    assert painted(mask(before, after).pictures[0]) == area(10, 10, 20, 20)


def test_with_a_compositor_what_has_just_closed_is_still_on_the_screen() -> None:
    opened, closed = (KEPT, window(1, (10, 10, 20, 20), "secret")), (KEPT,)
    windows = FakeWindowList([opened, closed], lag_ms=350)
    waited: list[int] = []
    done = masked(Masking(windows, LISTS, waited.append), grab)
    assert waited == [350, 350], "waited again, from a list without it"
    assert painted(done.pictures[0]) == set()


def test_a_list_that_fails_is_no_empty_list() -> None:
    with pytest.raises(UnavailableError):
        masked(Masking(FakeWindowList(failure="gone"), LISTS, lambda _: None), grab)


def test_against_a_painter_that_knows_nothing_of_masks() -> None:
    # Windows drawn one over the other, each in its number: what shows a private number must be painted.
    for _ in range(60):
        scene = []
        for number in range(1, random.randrange(2, 9)):
            place = (random.randrange(-20, 100), random.randrange(-20, 80), random.randrange(1, 90), 30)
            scene.append(window(number, place, random.choice(["secret", "editor"])))
        truth = {}
        for each in scene:
            assert each.place is not None
            spot = area(each.place.x, each.place.y, each.place.w, each.place.h)
            truth |= dict.fromkeys(spot & area(0, 0, 100, 80), each.names)
        private = {place for place, names in truth.items() if names == ("secret",)}
        assert painted(mask(tuple(scene)).pictures[0]) == private


@pytest.mark.parametrize(
    ("monitors", "reason"),
    [
        ([(0, True), (0, True)], "blank-frame"),
        ([(0, True), (0, False)], None),
        ([(80, False), (79, False)], None),
        ([(80, False), (100, False)], "private-app"),
        ([(80, False), (0, True)], "private-app"),
        ([(100, True)], "private-app"),
        ([(79, False), (0, True)], None),
    ],
)
def test_what_is_worth_keeping(monitors: list[tuple[int, bool]], reason: str | None) -> None:
    pictures = [
        replace(each, masked_pct=p, blank=b) for each, (p, b) in zip(grab() * 2, monitors, strict=False)
    ]
    if reason is None:
        _check_worth(pictures)
        return
    with pytest.raises(ShotFailedError) as failure:
        _check_worth(pictures)
    assert failure.value.no_shot == reason
