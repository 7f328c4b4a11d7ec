"""`manage seal, lock, export, expire, erase`, as processes beside a running server and beside one another."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.fakes.devices import FakeDevice
from tests.server.cli.running import command, run, serving
from workdiary.evidence.bundle import Bundle, open_bundle
from workdiary.evidence.envelope import ParsedRecord, parse
from workdiary.evidence.streams import check_chain
from workdiary.verify.judge import judge

WEEK = "2026-W40"


def parsed(bundle: Bundle) -> list[ParsedRecord]:
    return [parse(record.jws) for record in bundle.records]


def test_processes_sign_one_stream_without_a_fork(tmp_path: Path) -> None:
    """Eight processes and a server seal at once; every seq of the operator's stream is there once."""
    home, out = tmp_path / "home", tmp_path / "week.zip"
    with serving(home) as server:
        device = FakeDevice(server.door)
        assert device.enrol(server.ready["enrol_token"]).status == 201
        device.open()
        assert device.put(device.segment()).status == 201
        words = command(home, "manage", "seal", "--contract", "demo", "--week", WEEK)
        processes = [
            subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(8)
        ]
        body = b'{"start":0,"end":1}'
        path = f"/api/v1/contracts/{device.contract}/bundles"
        answers = [device.door.ask("POST", path, body, Content_Type="application/json") for _ in range(4)]
        ended = [(process.communicate(timeout=60), process.returncode) for process in processes]
        assert [code for _, code in ended] == [0] * 8, ended
        assert [answer.status for answer in answers] == [200] * 4
        week = time.strftime("%G-W%V", time.gmtime())
        made = run(home, "manage", "export", "--contract", "demo", "--week", week, "-o", str(out))
        assert made.returncode == 0, made.stderr
    found = open_bundle(out.read_bytes())
    records = parsed(found)
    operator = [record for record in records if record.stream == records[-1].stream]
    # Its opening, eight seals, four exports of access and seal, and this one.
    assert [record.seq for record in operator] == [*range(1 + 8 + 4 * 2 + 2)]
    assert check_chain(records) == ()
    assert {verdict.axes.words["chain"] for verdict in judge(found, []).records} == {"CONTIGUOUS"}


def test_a_week_is_locked_by_command_and_named_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(home) as server:
        device = FakeDevice(server.door)
        assert device.enrol(server.ready["enrol_token"]).status == 201
        device.open()
        first = run(home, "manage", "lock", "--contract", device.contract, "--week", WEEK)
        again = run(home, "manage", "lock", "--contract", "demo", "--week", WEEK)
    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout == again.stdout
    assert run(home, "manage", "lock", "--contract", "other", "--week", WEEK).returncode == 6
    assert run(home, "manage", "lock", "--contract", "demo", "--week", "2026-W60").returncode == 2


def test_erasing_and_expiring_by_command(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(home) as server:
        device = FakeDevice(server.door)
        assert device.enrol(server.ready["enrol_token"]).status == 201
        device.open()
        signed = device.segment()
        assert device.put(signed).status == 201
        early = run(home, "manage", "expire", "--contract", "demo", "--before", "2999-01-01", "--yes")
        assert (early.returncode, "too early" in early.stderr) == (7, True)
        none = run(home, "manage", "expire", "--contract", "demo", "--before", "2020-01-01", "--yes")
        assert (none.returncode, none.stdout) == (0, "0 records lost their images.\n")
        assert run(home, "manage", "erase", signed.rid, "--yes").returncode == 0
        assert device.put(signed).status == 410
        assert run(home, "manage", "erase", signed.rid, "--yes").returncode == 6
        whole = run(home, "manage", "verify-all")
        assert whole.returncode == 0, whole.stdout
