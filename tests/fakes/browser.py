"""A real Chromium, quiet: no updates, no look-ups of its own, pages from loopback only."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, closed with everything it started."""
    path = shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def settle(page: Page) -> None:
    """Scroll through, so that lazy images come, then wait for the network to be still."""
    page.evaluate(
        "async () => { for (let y = 0; y < document.body.scrollHeight; y += 400) {"
        " window.scrollTo(0, y); await new Promise(requestAnimationFrame); } window.scrollTo(0, 0); }"
    )
    page.wait_for_load_state("networkidle")


def picture(page: Page, folder: Path, name: str, *, whole: bool = True) -> Path:
    """Keep what the page looks like."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    page.screenshot(path=path, full_page=whole)
    return path


# Every visible text against the ground it really stands on; pictures and patterns are no ground to measure.
LOW_CONTRAST = """
(floor) => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      const colour = rgb(style.backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return colour;
      if (style.backgroundImage !== 'none') return null;
    }
    return rgb(getComputedStyle(document.documentElement).backgroundColor);
  };
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest('.sr, .skip')) continue;
    const behind = ground(element);
    if (!behind) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const words = walker.currentNode.data.trim().slice(0, 30);
    if (ratio < floor) low.push(`${ratio.toFixed(2)} ${element.className} ${words}`);
  }
  return low;
}
"""

# What one presses must be 24 px high and wide; links inside a sentence are exempt (WCAG 2.5.8).
SMALL_TARGETS = """
() => [...document.querySelectorAll('a, button, select, summary')]
  .filter((e) => e.checkVisibility() && !e.closest('.skip, p:not(.f2), dd, figcaption, h2, td:not(.day)'))
  .map((e) => [e.getBoundingClientRect(), e])
  .filter(([box]) => box.height < 24 || box.width < 24)
  .map(([box, e]) => [Math.round(box.width), Math.round(box.height), e.className, e.textContent.trim()])
  .map((found) => found.join(' '))
"""

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
