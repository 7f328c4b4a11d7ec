"""The pages in a real browser: looked at, measured, walked by keyboard; wide, narrow, light, dark, paper."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.fakes.browser import LOW_CONTRAST, OVERFLOW, SMALL_TARGETS, chromium, picture, settle
from tests.fakes.diary_days import digest_of
from tests.fakes.friday import Friday

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True, slots=True)
class Site:
    """A served Friday: its address, a freelancer's cookie, and the folder pictures are kept in."""

    base: str
    cookie: dict[str, str]
    paths: dict[str, str]
    artifacts: Path


@pytest.fixture
def site(friday: Friday, root: Path) -> Iterator[Site]:
    from django.core.wsgi import get_wsgi_application

    from workdiary.server.api.listener import Listener

    listener = Listener.bind("127.0.0.1", 0)
    listener._server.expiration_interval = 0.05
    thread = threading.Thread(target=listener.serve, args=(get_wsgi_application(),), name="pages")
    thread.start()
    day = f"/diary/{friday.server.contract.id}/2026-11-20"
    paths = {
        "day": day,
        "cell": f"{day}?zone=Africa/Nairobi&cell=2026-11-20T08:20:00Z",
        "filter": f"{day}?show=no-shot",
        "empty": f"/diary/{friday.server.contract.id}/2026-11-25",
        "index": "/",
        "record": f"/record/{friday.records['08:30'].payload['rid']}",
        "picture": f"/shots/{digest_of(friday.records['06:00'], 'shot.0')}/view",
        "redacted": f"/shots/{digest_of(friday.records['08:30'], 'shot.0')}/view",
        "meanings": "/about/verification",
        "zone": "/zone",
        "error": "/nothing",
    }
    try:
        yield Site(
            f"http://127.0.0.1:{listener.port}", friday.server.cookie(), paths, root / "artifacts" / "pages"
        )
    finally:
        listener.stop()
        thread.join(10)


@pytest.fixture
def browser(site: Site) -> Iterator[Browser]:
    """Started after everything that asks the database: its loop forbids that in this thread."""
    with chromium() as started:
        yield started


def opened(browser: Browser, site: Site, width: int, height: int, **wish) -> Page:
    context = browser.new_context(viewport={"width": width, "height": height}, **wish)
    context.add_cookies([{"name": n, "value": v, "url": site.base} for n, v in site.cookie.items()])
    page = context.new_page()
    page.faults = []
    page.on("console", lambda m: page.faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("requestfailed", lambda r: page.faults.append(f"failed {r.url}"))
    page.on("request", lambda r: r.url.startswith(site.base) or page.faults.append(f"elsewhere {r.url}"))
    return page


LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "contrast": {"color_scheme": "light", "contrast": "more"},
}


# The third theme has the same rules on every page: these hold every part there is.
CONTRAST_PAGES = ("cell", "filter", "index", "record")


def test_the_measures_find_what_they_look_for(site, browser):
    page = opened(browser, site, 400, 300)
    page.set_content(
        "<body style='background: white'><p style='color: #999'>pale</p><p style='color: #333'>dark</p>"
        "<a href='/' style='font-size: 9px; line-height: 1'>tiny</a><div style='width: 900px'>wide</div>"
    )
    assert [found.split()[-1] for found in page.evaluate(LOW_CONTRAST, 4.5)] == ["pale"]
    assert [found.split()[-1] for found in page.evaluate(SMALL_TARGETS)] == ["tiny"]
    assert page.evaluate(OVERFLOW) == 508


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_reads_well(site, browser, look):
    page = opened(browser, site, 1440, 900, **LOOKS[look])
    floor = 7 if look == "contrast" else 4.5
    for name, path in site.paths.items():
        if look == "contrast" and name not in CONTRAST_PAGES:
            continue
        page.goto(site.base + path)
        settle(page)
        picture(page, site.artifacts, f"{name}-{look}", whole=name != "cell")
        assert page.evaluate(LOW_CONTRAST, floor) == [], name
        assert page.evaluate(OVERFLOW) <= 0, name
        assert page.evaluate(SMALL_TARGETS) == [], name
        page.faults[:] = [f for f in page.faults if not (name == "error" and "404" in f)]
        assert page.faults == [], name


@pytest.mark.parametrize("width", [390, 320])
def test_every_page_reflows(site, browser, width):
    page = opened(
        browser, site, width, 844, color_scheme="light", device_scale_factor=2 if width == 390 else 1
    )
    for name, path in site.paths.items():
        page.goto(site.base + path)
        settle(page)
        picture(page, site.artifacts, f"{name}-{width}", whole=name != "cell")
        assert page.evaluate(OVERFLOW) <= 0, name
        assert page.evaluate(SMALL_TARGETS) == [], name


def test_the_day_is_walked_by_keyboard_and_needs_no_script(site, browser):
    page = opened(browser, site, 1440, 900, java_script_enabled=False)
    page.goto(site.base + site.paths["day"])
    page.keyboard.press("Tab")
    skip = page.locator("a.skip")
    assert skip.evaluate("e => e === document.activeElement && e.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    first = page.locator("li.cell a.pic").first
    for _press in range(40):
        page.keyboard.press("Tab")
        if first.evaluate("e => e === document.activeElement"):
            break
    assert first.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Tab")
    tip = page.locator("li.cell .tipbox").first
    tip.wait_for(state="visible")
    assert "nobody outside" in tip.inner_text()
    first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**cell=2026-11-20T05:10:00Z**")
    assert page.locator("#detail h2").first.inner_text().startswith("05:10 – 05:20")
    page.get_by_role("link", name="Next cell").click()
    page.wait_for_url("**cell=2026-11-20T05:20:00Z**")
    page.get_by_role("link", name="Close").click()
    page.wait_for_url(f"**{site.paths['day']}")
    assert page.locator("#detail").count() == 0


def test_on_a_phone_a_cell_is_a_sheet_of_its_own(site, browser):
    page = opened(browser, site, 390, 844)
    page.goto(site.base + site.paths["day"])
    page.locator("li.cell a.pic").first.click()
    page.wait_for_url("**cell=**")
    box = page.locator("#detail").bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
    assert page.get_by_role("link", name="Close").is_visible()


def test_paper_takes_the_day_and_not_the_controls(site, browser):
    page = opened(browser, site, 794, 1123, color_scheme="dark")
    page.goto(site.base + site.paths["day"])
    settle(page)
    page.emulate_media(media="print")
    picture(page, site.artifacts, "day-print")
    assert page.evaluate("getComputedStyle(document.querySelector('.hour h2')).color") == "rgb(22, 27, 35)"
    for gone in (".filters", ".zone", ".panel.hint", ".daynav .btn"):
        assert not page.locator(gone).first.is_visible()
    assert page.evaluate(OVERFLOW) <= 0
    pdf = page.pdf(prefer_css_page_size=True)
    (site.artifacts / "day.pdf").write_bytes(pdf)
    assert pdf.startswith(b"%PDF")


def test_images_load_and_keep_their_shape(site, browser):
    page = opened(browser, site, 1440, 900)
    page.goto(site.base + site.paths["picture"])
    settle(page)
    natural, shown = page.locator(".photo img").evaluate(
        "e => [[e.naturalWidth, e.naturalHeight], [e.width, e.height]]"
    )
    assert natural == [1600, 1000]
    assert abs(shown[0] / shown[1] - 1.6) < 0.01
    page.goto(site.base + site.paths["day"])
    settle(page)
    assert page.evaluate("[...document.images].every((i) => i.complete && i.naturalWidth > 0)")
