"""The tokens: every pair a person reads is measured, the style sheet is the JSON, every icon named exists."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from importlib.resources import files
from xml.etree import ElementTree as ET

import pytest

from workdiary.server.web import theme

RESOURCES = files("workdiary.resources")
SURFACES = ("surface-page", "surface", "surface-sunken", "surface-selected")
THEMES = sorted(theme.tokens()["themes"])
NAMED = [f"k-{k}" for k, v in theme.tokens()["kinds"].items() if "colour" not in v]
NAMED += [f"v-{v}" for v in theme.tokens()["verdicts"]]


def luminance(colour: str) -> float:
    """WCAG 2.2 relative luminance of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def text_pairs() -> Iterator[tuple[str, str]]:
    """Ink and ground of everything set in letters."""
    yield from itertools.product(("text", "text-2", "text-3", "accent"), SURFACES)
    yield "accent-text", "accent"
    for name in NAMED:
        yield from itertools.product([f"{name}-ink"], [*SURFACES, f"{name}-bg"])
        yield from itertools.product(("text", "text-2"), [f"{name}-bg"])
        yield "surface", f"{name}-ink"


def mark_pairs() -> Iterator[tuple[str, str]]:
    """Icons, pattern lines, control edges, focus."""
    yield from itertools.product(("focus", "line-strong"), SURFACES)
    for name in NAMED:
        yield from itertools.product([name], [*SURFACES, f"{name}-bg"])


@pytest.mark.parametrize("name", THEMES)
def test_contrast_reaches_the_floor_of_the_theme(name):
    colours = theme.tokens()["themes"][name]["colours"]
    floor = theme.tokens()["floors"][name]
    missed = [
        (ink, ground, round(ratio(colours[ink], colours[ground]), 2))
        for need, pairs in ((floor["text"], text_pairs()), (floor["mark"], mark_pairs()))
        for ink, ground in pairs
        if ratio(colours[ink], colours[ground]) < need
    ]
    assert missed == []


def test_the_measure_knows_black_on_white_and_a_bad_pair():
    assert round(ratio("#000000", "#ffffff"), 1) == 21
    assert ratio("#999999", "#ffffff") < 3


def test_floors_are_those_of_the_design():
    floors = theme.tokens()["floors"]
    assert floors["light"] == floors["dark"] == {"text": 4.5, "mark": 3.0}
    assert floors["hc"] == {"text": 7.0, "mark": 4.5}


def test_every_theme_has_the_same_names():
    names = {name: set(t["colours"]) for name, t in theme.tokens()["themes"].items()}
    assert names["light"] == names["dark"] == names["hc"]
    assert all(
        re.fullmatch("#[0-9a-f]{6}", c)
        for t in theme.tokens()["themes"].values()
        for c in t["colours"].values()
    )


def test_the_style_sheet_is_made_from_the_json():
    sheet = RESOURCES.joinpath("themes/tokens.css").read_text("utf-8")
    assert sheet == theme.css(theme.tokens()), (
        "python -m workdiary.server.web.theme > resources/themes/tokens.css"
    )


def icon_names() -> list[str]:
    doc = theme.tokens()
    named = [v["icon"] for group in ("kinds", "verdicts") for v in doc[group].values()]
    return named + [v for group in ("gaps", "states", "sync", "shots") for v in doc[group].values()]


@pytest.mark.parametrize("name", sorted(set(icon_names())))
def test_an_icon_the_tokens_name_exists(name):
    assert RESOURCES.joinpath(f"icons/{name}.svg").is_file()


def test_icons_are_one_family_and_inert():
    for entry in RESOURCES.joinpath("icons").iterdir():
        root = ET.fromstring(entry.read_text("utf-8"))  # noqa: S314 - our own files
        assert root.get("viewBox"), entry.name
        tags = {e.tag.rpartition("}")[2] for e in root.iter()}
        assert tags <= {"svg", "path", "rect", "circle", "g"}, entry.name
        if entry.name != "mark.svg":
            assert root.get("viewBox") == "0 0 16 16", entry.name
            assert "currentColor" in {e.get("stroke") for e in root.iter()}, entry.name
            colours = {e.get(a) for e in root.iter() for a in ("fill", "stroke")} - {None}
            assert colours <= {"none", "currentColor"}, entry.name


def test_kinds_differ_without_colour():
    kinds = {k: v for k, v in theme.tokens()["kinds"].items() if "colour" not in v}
    assert len({v["pattern"] for v in kinds.values()}) == len(kinds)
    assert len({v["icon"] for v in kinds.values()}) == len(kinds)
