"""Over real HTTP: a device sends, a person signs in by a one-time address, looks, and others do not."""

from __future__ import annotations

import http.cookies
import time

import pytest

from tests.fakes import html
from workdiary.rules.weeks import local_date


@pytest.fixture
def signed_in(server, device, door):
    """A one-time address spent: the cookie it left, as a header."""
    from workdiary.server.accounts.tickets import issue_signin
    from workdiary.server.contracts.solo import person

    address = f"/signin/{issue_signin(person('client'), f'/diary/{device.contract}')}"
    answer = door.ask("GET", address)
    assert answer.status == 302
    assert answer.headers["Location"] == f"/diary/{device.contract}"
    cookie = http.cookies.SimpleCookie(answer.headers["Set-Cookie"])
    assert door.ask("GET", address).status == 410
    return {"Cookie": "; ".join(f"{m.key}={m.value}" for m in cookie.values())}


def test_from_a_devices_record_to_a_page_that_shows_it(device, door, signed_in):
    record = device.segment()
    assert device.put(record).status == 201
    today = local_date(time.time_ns() // 1_000_000, "UTC").isoformat()
    day = f"/diary/{device.contract}/{today}"
    before = html.read(door.ask("GET", day, **signed_in).body)
    # the sample is a minute long: at the end of a cell it stands in two
    assert {ph.text for ph in before.all("span", "ph")} == {"Not arrived"}
    assert device.put_image(record).status == 201
    page = html.read(door.ask("GET", day, **signed_in).body)
    thumb = page.all("li", "cell")[0].one("img")
    image = door.ask("GET", thumb.attributes["src"], **signed_in)
    assert (image.status, image.headers["Content-Type"]) == (200, "image/webp")
    assert door.ask("GET", f"/shots/{record.shot}", **signed_in).body == record.image
    assert door.ask("GET", thumb.attributes["src"]).status == 401
    raw = door.ask("GET", f"/record/{record.rid}", **signed_in).body.decode()
    assert record.record.jws in raw


def test_a_sign_in_that_fails_says_how_to_get_a_new_one(server, door):
    answer = door.ask("GET", "/signin/never-issued")
    assert answer.status == 410
    page = html.read(answer.body)
    assert "workdiary solo url" in page.text
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
