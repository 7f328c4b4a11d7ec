"""Every page: well-formed, self-contained, script-free, spoken, and every word of it translatable."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import pytest

from tests.fakes import html
from tests.fakes.diary_days import digest_of
from workdiary.server.web.assets import assets

TEMPLATES = files("workdiary.server.web").joinpath("templates/web")


def pages(friday) -> dict[str, str]:
    day = f"/diary/{friday.server.contract.id}/2026-11-20"
    return {
        "index": "/",
        "day": day,
        "cell": f"{day}?cell=2026-11-20T08:20:00Z",
        "removed cell": f"{day}?cell=2026-11-20T11:10:00Z",
        "manual cell": f"{day}?cell=2026-11-20T13:00:00Z",
        "redacted cell": f"{day}?cell=2026-11-20T08:30:00Z",
        "empty": f"/diary/{friday.server.contract.id}/2026-11-25",
        "record": f"/record/{friday.records['08:30'].payload['rid']}",
        "removed record": f"/record/{friday.records['11:10'].payload['rid']}",
        "picture": f"/shots/{digest_of(friday.records['06:00'], 'shot.0')}/view",
        "no picture": f"/shots/{digest_of(friday.records['08:30'], 'shot.0')}/view",
        "meanings": "/about/verification",
        "zone": "/zone",
        "error": "/nothing/here",
    }


NAMES = [
    "index", "day", "cell", "removed cell", "manual cell", "redacted cell", "empty", "record",
    "removed record", "picture", "no picture", "meanings", "zone", "error",
]  # fmt: skip


@pytest.fixture(params=NAMES)
def page(request, friday, freelancer):
    assert list(pages(friday)) == NAMES
    return html.read(freelancer.get(pages(friday)[request.param]).content)


def test_ids_are_unique_and_anchors_lead_somewhere(page):
    ids = [n.attributes["id"] for n in page.walk() if "id" in n.attributes]
    assert len(ids) == len(set(ids))
    inside = [a.attributes["href"][1:] for a in page.all("a") if a.attributes.get("href", "").startswith("#")]
    assert set(inside) <= set(ids)


def test_nothing_comes_from_elsewhere_and_nothing_runs(page):
    assert page.all("script") == []
    assert page.all("style") == []
    for node in page.walk():
        assert "style" not in node.attributes
        assert not [name for name in node.attributes if name.startswith("on")]
        for name in ("src", "href", "action", "srcset"):
            assert not re.match(r"[a-z]+:|//", node.attributes.get(name, "")), node.attributes


def test_everything_has_a_name(page):
    for link in [*page.all("a"), *page.all("button")]:
        pictured = [image.attributes["alt"] for image in link.all("img")]
        assert link.attributes.get("aria-label") or link.text or any(pictured), link.attributes
    for image in page.all("img"):
        assert "alt" in image.attributes
    for icon in page.all("svg"):
        assert icon.attributes.get("aria-hidden") == "true"
    for control in [*page.all("select"), *(i for i in page.all("input") if i.attributes["type"] != "hidden")]:
        assert page.all("label"), control.attributes


def test_headings_and_landmarks(page):
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    assert page.one("html").attributes["lang"] == "en"
    assert page.one("title").text.endswith("· WorkDiary")
    levels = [int(n.tag[1]) for n in page.walk() if re.fullmatch("h[1-6]", n.tag)]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_every_icon_on_it_exists(page):
    known = assets()["icons.svg"].body.decode()
    for use in page.all("use"):
        address, _, name = use.attributes["href"].partition("#")
        assert address == assets()["icons.svg"].url
        assert f'id="{name}"' in known, name


class _Words(HTMLParser):
    """Text and spoken attributes of a template whose tags were taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("title", "alt", "aria-label") and value]

    def handle_data(self, data):
        self.found.append(data)


@pytest.mark.parametrize(
    "path",
    sorted(
        p.name
        for p in [*TEMPLATES.iterdir(), *TEMPLATES.joinpath("parts").iterdir()]
        if p.name.endswith(".html")
    ),
)
def test_every_word_of_a_template_is_translatable(path):
    place = TEMPLATES.joinpath(path)
    text = (place if place.is_file() else TEMPLATES.joinpath("parts", path)).read_text("utf-8")
    text = re.sub(r"\{% blocktranslate.*?%\}.*?\{% endblocktranslate %\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{% block body_class %\}.*?\{% endblock %\}", "", text)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    words = _Words()
    words.feed(text)
    plain = {w.strip(" ·–×#:→\n.,/+") for w in words.found}
    assert plain <= {"", "WorkDiary"}
