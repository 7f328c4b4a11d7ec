"""What was redacted leaves SQLite's journal; PostgreSQL's own is its administrator's (docs/operator.md)."""

from __future__ import annotations

import sqlite3

import pytest

from tests.fakes.devices import FakeDevice
from workdiary.server.compose import Service
from workdiary.server.receive.models import Disclosure
from workdiary.server.store import events
from workdiary.server.store.forgetting import FORGET


@pytest.mark.parametrize("early", [False, True])
def test_a_redacted_key_leaves_the_disk_though_a_reader_was_in_the_way(
    server: Service, device: FakeDevice, early: bool
) -> None:
    signed = device.segment()
    wanted = {
        "tgt": signed.record.id,
        "digests": [signed.record.digest("memo")],
        "scope": "memo",
        "why": "owner",
    }
    first, second = (
        (device.sign("redact", wanted), signed) if early else (signed, device.sign("redact", wanted))
    )
    assert device.put(first).status == 201
    keys = [bytes(key) for key in Disclosure.objects.filter(slot="memo").values_list("key", flat=True)]
    reader = sqlite3.connect(server.runtime.folder / "diary.db", isolation_level=None)
    try:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM receive_record").fetchone()
        assert device.put(second).status == 201
        assert events.newest(FORGET) is not None
    finally:
        reader.close()
    assert device.put(device.segment()).status == 201
    assert events.newest(FORGET) is None
    assert (server.runtime.folder / "diary.db-wal").stat().st_size < 200_000
    raw = b"".join(path.read_bytes() for path in server.runtime.folder.iterdir() if path.is_file())
    assert not any(key in raw for key in keys)
    assert Disclosure.objects.get(record=signed.rid, slot="memo").key is None
