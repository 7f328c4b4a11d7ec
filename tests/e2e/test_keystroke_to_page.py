"""The main job on real things: keys typed into a terminal end, counted and signed, on a page in a browser.

In between: the server away, the tracker killed while typing goes on, and one record that the server refuses.
"""

from __future__ import annotations

import io
import json
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.e2e.conftest import ARTIFACTS, Installed
from tests.e2e.desk import KINDS, WORDS, Desk, wait_for
from workdiary.evidence.digest import record_id
from workdiary.verify.checks import verify_receipt

MEMOS = ("Write the load test", "Read the carrier rates", "Answer the review")
CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
AT_MOST_LOST_MS = 10_000


def ms(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000


def spoil_oldest_waiting(home: Path) -> str:
    """Bit rot: one flipped character in the signature of the oldest unsent segment; its rid."""
    with sqlite3.connect(home / "spool" / "spool.db") as db:
        query = (
            "SELECT rid, jws FROM records WHERE state = 'signed' AND kind = 'segment' ORDER BY ord LIMIT 1"
        )
        rid, jws = db.execute(query).fetchone()
        place = len(jws) - 20
        wrong = jws[:place] + ("A" if jws[place] != "A" else "B") + jws[place + 1 :]
        db.execute("UPDATE records SET jws = ?, id = ? WHERE rid = ?", (wrong, record_id(wrong), rid))
    db.close()
    return str(rid)


def crash_while_typing(installed: Installed, desk: Desk) -> float:
    """kill -9 in the middle of four seconds of typing; when (ms)."""
    victim = installed.running[-1]
    killed: list[float] = []

    def kill() -> None:
        killed.append(time.time() * 1000)
        victim.kill()

    timer = threading.Timer(2.0, kill)
    timer.start()
    desk.work(4)
    timer.join()
    victim.wait(10)
    return killed[0]


def work_a_morning(installed: Installed, desk: Desk) -> tuple[float, str]:
    """The whole story; (when the tracker was killed, rid of the spoilt record)."""
    tracking = ["track", "--contract", "demo", "--memo", MEMOS[0]]
    installed.begin(*tracking)
    wait_for(installed.tracking, 60, "tracking")
    time.sleep(1)
    desk.work(8)
    wait_for(lambda: installed.status()["outbox"]["last_receipt"], 60, "a first receipt")
    server = installed.server()
    server.suspend()
    for memo in MEMOS[1:]:
        installed.run("memo", memo)
        desk.work(4)
    wait_for(lambda: installed.status()["outbox"]["waiting"] >= 2, 60, "records to wait")
    assert installed.status()["state"] == "tracking", "sync must never stop the timer"
    killed = crash_while_typing(installed, desk)
    server.kill()
    rid = spoil_oldest_waiting(installed.home)
    installed.begin("track", "--contract", "demo", "--memo", MEMOS[2])
    wait_for(installed.tracking, 60, "tracking again")
    time.sleep(1)
    desk.work(6)
    wait_for(lambda: installed.status()["outbox"]["quarantined"] == 1, 60, "the refusal")
    time.sleep(1.5)
    last = installed.running[-1]
    last.send_signal(signal.SIGINT)
    assert last.wait(60) == 0, installed.said()
    return killed, rid


def diary_of(installed: Installed) -> dict[str, Any]:
    """Today's diary, in a zone whose day does not end meanwhile."""
    today = datetime.now(ZoneInfo(installed.zone)).date()
    return installed.json("diary", "--zone", installed.zone, "--day", today.isoformat())


def spans_of(segments: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Tracked spans with touching ones joined."""
    joined: list[tuple[float, float]] = []
    for start, end in sorted((ms(s["start"]), ms(s["end"])) for s in segments):
        if joined and start - joined[-1][1] <= 1:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def check_counts(desk: Desk, diary: dict[str, Any], killed: float) -> None:
    """What was counted is what was sent, except in the gap before and after the kill."""
    spans = spans_of(diary["segments"])
    assert len(spans) == 2, spans
    (gap,) = [g for g in diary["gaps"] if g["kind"] == "crash"]
    start, end = ms(gap["start"]), ms(gap["end"])
    assert (start, end) == (spans[0][1], spans[1][0])
    assert 0 <= killed - start <= AT_MOST_LOST_MS
    counted = Counter({k: sum(b[k] for s in diary["segments"] for b in s["buckets"]) for k in KINDS})
    least, most = desk.expected(spans)
    for kind in KINDS:
        assert least[kind] <= counted[kind] <= most[kind], (kind, least, counted, most)
    lost = sum(start <= e.from_ms and e.to_ms <= end for e in desk.sent)
    at_edge = sum(most.values()) - sum(least.values())
    assert abs(len(desk.sent) - sum(counted.values()) - lost) <= at_edge
    assert lost > 0, "typing went on through the kill"


def check_receipts(home: Path, refused: str) -> None:
    """Every record but the refused one has a receipt that an independent check accepts."""
    account = json.loads((home / "account.json").read_text())
    with sqlite3.connect(home / "spool" / "spool.db") as db:
        rows = db.execute("SELECT rid, state, jws, receipt, log_index FROM records").fetchall()
    db.close()
    assert {rid for rid, state, *_ in rows if state != "sent"} == {refused}
    places = set()
    for rid, _, jws, receipt, index in rows:
        if rid != refused:
            place = verify_receipt(jws, receipt, account["log_vkey"], account["origin"])
            assert place.index == index
            places.add(index)
    assert len(places) == len(rows) - 1


def words_in(picture: bytes) -> str:
    image = Image.open(io.BytesIO(picture)).convert("L")
    image = image.resize((image.width * 2, image.height * 2), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "PNG")
    return subprocess.run(
        ["tesseract", "-", "-"], input=out.getvalue(), capture_output=True, check=True
    ).stdout.decode()


def check_page(page: Page, address: str, diary: dict[str, Any]) -> None:
    """The day in a real browser: every thumbnail, the terminal's words in a shot, the claim, the memo."""
    page.goto(address)
    page.locator("a[href*='/diary/'][href*='-']").last.click()
    page.wait_for_load_state("networkidle")
    ARTIFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTIFACTS / "e2e-day.png", full_page=True)
    shown = page.content()
    assert MEMOS[2] in shown
    assert "does not prove that work was done" in " ".join(shown.split())
    thumbs = page.locator("img[src^='/shots/']")
    assert thumbs.count() >= 1
    assert all(t.evaluate("e => e.complete && e.naturalWidth > 0") for t in thumbs.all())
    origin = "/".join(page.url.split("/")[:3])
    shots = [x["id"] for s in diary["segments"] if s["state"] == "sent" for x in s["shots"]]
    read = [words_in(page.request.get(f"{origin}/shots/{shot}").body()) for shot in shots]
    assert any(word in text for text in read for word in WORDS.split()), read
    sent = next(s for s in diary["segments"] if s["state"] == "sent")
    page.goto(f"{origin}/record/{sent['id']}")
    assert "c2sp.org/tlog-proof@v1" in page.content()
    page.screenshot(path=ARTIFACTS / "e2e-record.png", full_page=True)


@pytest.mark.timeout(400)
def test_from_a_keystroke_to_a_page_that_proves_it(installed: Installed, desk: Desk) -> None:
    killed, refused = work_a_morning(installed, desk)
    diary = diary_of(installed)
    check_counts(desk, diary, killed)
    states = Counter(s["state"] for s in diary["segments"])
    assert states["quarantined"] == 1
    assert states["sent"] == len(diary["segments"]) - 1 >= 3  # more where an edge of a cell fell in between
    (spoilt,) = [s for s in diary["segments"] if s["state"] == "quarantined"]
    assert spoilt["id"] == refused
    check_receipts(installed.home, refused)
    stored = installed.json("manage", "verify-all")
    assert stored["findings"] == []
    installed.begin("serve")
    url = wait_for(
        lambda: installed.run("solo", "url", "--as", "client", check=False).stdout.strip(), 30, "the server"
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        try:
            check_page(browser.new_page(viewport={"width": 1440, "height": 900}), url, diary)
        finally:
            browser.close()
