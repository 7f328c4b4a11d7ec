"""Clients of a real server that keep its every promise, and the log as its database holds it in the end."""

from __future__ import annotations

import http.client
import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests.fakes.devices import Answer, Door, FakeDevice, Signed
from tests.fakes.postgres import PASSWORD
from tests.oracle import log as oracle

LEAVES = (
    'SELECT l."index", r.jws FROM log_leaf l JOIN receive_record r ON r.leaf_id = l.id '
    'WHERE l.epoch = 0 ORDER BY l."index"'
)


@dataclass
class Promises:
    """Every receipt and note that any client was ever given, kept outside of the server."""

    receipts: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    records: dict[str, tuple[Signed, Answer]] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, signed: Signed, answer: Answer) -> None:
        with self.guard:
            self.receipts.append((signed.record.jws, answer.json["receipt"]))
            self.records.setdefault(signed.rid, (signed, answer))

    def judge(self, entries: Sequence[bytes], vkey: str) -> None:
        """By the oracle: the log that is there now keeps all of them."""
        oracle.judge(entries, vkey, self.receipts, self.notes)


class Client(threading.Thread):
    """One device that sends until it is told to stop; a record without an answer is sent again first."""

    def __init__(self, device: FakeDevice, promises: Promises) -> None:
        super().__init__(name="client")
        self.device = device
        self.promises = promises
        self.stopping = threading.Event()
        self.unsure: Signed | None = None
        self.wrong: list[str] = []

    def run(self) -> None:
        while not self.stopping.is_set():
            self.unsure = self.unsure or self.device.sign("segment")
            try:
                answer = self.device.put(self.unsure)
                note = self.device.door.ask("GET", "/log/checkpoint")
            except (OSError, http.client.HTTPException):
                self.stopping.wait(0.02)
                continue
            if note.status == 200:
                with self.promises.guard:
                    self.promises.notes.append(note.body.decode())
            if answer.status in (200, 201):
                self.promises.keep(self.unsure, answer)
                self.unsure = None
            elif answer.status >= 500:
                self.stopping.wait(0.02)
            else:
                self.wrong.append(f"{answer.status} {answer.body.decode()[:200]}")
                return


def enrolled(door: Door, token: str) -> FakeDevice:
    """A device of its own key, its stream open."""
    device = FakeDevice(door)
    assert device.enrol(token).status == 201
    device.open()
    return device


def several(home: Path, door: Door, count: int) -> list[FakeDevice]:
    """Each enrolled with the token that the one before left in the owner's file."""
    path = home / "server" / "solo.json"
    return [enrolled(door, json.loads(path.read_text())["enrol_token"]) for _ in range(count)]


@contextmanager
def sending(devices: Sequence[FakeDevice], promises: Promises) -> Iterator[list[Client]]:
    """All of them at once, until the block ends."""
    clients = [Client(device, promises) for device in devices]
    for client in clients:
        client.start()
    try:
        yield clients
    finally:
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(60)
    assert not [word for client in clients for word in client.wrong]


def wait_for_promises(promises: Promises, more: int, seconds: float = 60) -> None:
    """Until so many more receipts are given."""
    enough, until = len(promises.receipts) + more, time.monotonic() + seconds
    while len(promises.receipts) < enough:
        assert time.monotonic() < until, "no receipts any more"
        threading.Event().wait(0.002)


def entries_of(home: Path, url: str | None) -> list[bytes]:
    """The log's leaves as the database has them: every one a record, none missing."""
    if url is None:
        with closing(sqlite3.connect(home / "server" / "diary.db")) as connection:
            rows = connection.execute(LEAVES).fetchall()
    else:
        with psycopg.connect(url, password=PASSWORD) as connection:
            rows = connection.execute(LEAVES).fetchall()
    assert [index for index, _jws in rows] == list(range(len(rows)))
    return [b"\x01" + jws.encode() for _index, jws in rows]
