"""Real homes and a real server: the client's own classes over HTTP."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes.clock import FakeClock
from tests.fakes.enrolled import EnrolledHome
from tests.fakes.keyring import FakeKeyring
from workdiary.client.upload.keydesk import KeyDesk, KeyParts
from workdiary.client.upload.server import DiaryServer
from workdiary.client.upload.transport import HttpTransport
from workdiary.evidence.envelope import ParsedRecord, parse
from workdiary.server.compose import Service


@dataclass
class Homes:
    """Homes of one account on one server."""

    service: Service
    folder: Path
    made: list[EnrolledHome] = field(default_factory=list)
    transports: list[HttpTransport] = field(default_factory=list)

    def transport(self) -> HttpTransport:
        made = HttpTransport(lambda: self.service.runtime.address)
        self.transports.append(made)
        return made

    def new(self, name: str, machine: str = "") -> EnrolledHome:
        """A home enrolled as another computer of the solo freelancer."""
        about = json.loads((self.service.runtime.folder / "solo.json").read_text())
        clock = FakeClock(time.time_ns() // 1_000_000)
        home = EnrolledHome(
            self.folder / name,
            clock=clock,
            machine=machine,
            transport=self.transport(),
            token=about["enrol_token"],
        )
        self.made.append(home)
        return home

    def copy(self, home: EnrolledHome, name: str, machine: str = "") -> EnrolledHome:
        """The home as it lies on the disk now, keys included, opened a second time."""
        home.spool.close()
        shutil.copytree(home.path, self.folder / name)
        home.reopen(crash=True)
        keyring = FakeKeyring(dict(home.keyring.secrets))
        clock = FakeClock(home.clock.wall_ms())
        made = EnrolledHome(
            self.folder / name, clock=clock, keyring=keyring, machine=machine, transport=self.transport()
        )
        self.made.append(made)
        return made

    def hang_up(self) -> None:
        """Close the connections kept open, so that a server's port is free again."""
        for transport in self.transports:
            transport.close()

    def close(self) -> None:
        for home in self.made:
            home.close()
        self.hang_up()


def desk_of(home: EnrolledHome) -> KeyDesk:
    assert home.transport is not None
    server = DiaryServer(home.transport, home.keys.token)
    return KeyDesk(KeyParts(home.account, home.keys, home.journal, server, home.clock.wall_ms))


def sent(home: EnrolledHome) -> str:
    """Pass after pass until nothing waits; how it ended."""
    home.uploader.link_up()
    for _ in range(20):
        report = home.uploader.run_once()
        if report.sync != "waiting" or report.reason:
            break
    return report.sync


def work(home: EnrolledHome, memo: str = "Write the report") -> str:
    """A signed segment; its rid."""
    rid = home.segment(memo, shot=False).rid
    home.sign()
    return rid


def signed(home: EnrolledHome, kind: str = "") -> list[ParsedRecord]:
    rows = home.spool._database.rows("SELECT jws FROM records ORDER BY ord")
    return [record for record in (parse(row[0]) for row in rows) if kind in {"", record.kind}]
