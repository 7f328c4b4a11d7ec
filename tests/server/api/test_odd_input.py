"""Texts that no database of ours can hold, in addresses and bodies: an answer like to any other nonsense."""

from __future__ import annotations

import pytest

from tests.fakes.devices import FakeDevice
from workdiary.wire.upload import BLOB_TYPE, RECORD_TYPE

NUL = b'{"rids":["\\u0000"]}'


ADDRESSES = ("records/%00/receipt", "streams/%00/head", "streams/%00/forks", "keys/%00/heads?before=1")


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_nul_in_an_address_is_not_there(device: FakeDevice, path: str) -> None:
    assert device.door.ask("GET", f"/api/v1/{path}").status in {400, 404}


@pytest.mark.parametrize("path", ["check", "receipts"])
def test_a_nul_in_a_list_names_nothing(device: FakeDevice, path: str) -> None:
    assert device.door.ask("POST", f"/api/v1/records/{path}", NUL).status in {200, 400}


@pytest.mark.parametrize(("path", "kind"), [("records", RECORD_TYPE), ("blobs", BLOB_TYPE)])
def test_a_nul_as_the_place_of_what_is_sent_is_refused(device: FakeDevice, path: str, kind: str) -> None:
    answer = device.door.ask("PUT", f"/api/v1/{path}/%00", device.segment().body, Content_Type=kind)
    assert answer.status in {400, 404, 422}
