"""A working week of 240 segments, by the real pipeline on a simulated clock, checked by everybody offline.

Client, server, log, three witnesses and a time stamping authority share one clock; everything else is real:
files, keys, HTTP, databases, `openssl ts`, and the commands a person types.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.crosscheck import tools
from tests.fakes import tsa, witnesses
from tests.fakes.clock import FakeClock
from tests.fakes.week import ENV, MINUTE, MONDAY, Desk, NoiseTaker, server_plan, serving
from tests.faults.bundle_mutants import mended
from workdiary.client.upload.keydesk import KeyDesk, KeyParts
from workdiary.client.upload.server import DiaryServer
from workdiary.evidence.bundle import Bundle, open_bundle
from workdiary.evidence.bundle.archive import read_zip
from workdiary.evidence.canonical import unb64u
from workdiary.evidence.disclosure import digest as digest_of
from workdiary.evidence.envelope import ParsedRecord, parse
from workdiary.evidence.notes import VerifierKey

pytestmark = [pytest.mark.e2e, pytest.mark.sockets]
HOURS = 8
DAYS = 5
# A minute past the next Monday's noon the week is locked.
LOCKED = MONDAY + 7 * 24 * 60 * MINUTE + 186 * MINUTE
SECRET = bytes(range(20))
MEMO = "Write the quarterly report"
AXES = ("integrity", "chain", "log", "time", "content", "key", "pay")


@dataclass(repr=False)
class Week:
    """The home after the week, its bundle, and the trust file the other side would get."""

    home: Path
    desk: Desk
    settle: Callable[[], None]
    discarded: str
    authority: tsa.Tsa
    files: dict[str, Path] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Week({self.home})"

    def command(self, *args: str) -> subprocess.CompletedProcess[str]:
        return workdiary(self.home, *args)

    def export(self, name: str) -> Path:
        """The week's bundle, as a person exports it."""
        path = self.home.parent / f"{name}.zip"
        done = self.command("export", "--contract", "demo", "--week", "2026-W47", "-o", str(path))
        assert done.returncode == 0, done.stderr
        return path

    def verify(self, path: Path, *args: str) -> tuple[int, dict[str, Any]]:
        """Exit code and JSON of `workdiary verify` in a home that knows nothing."""
        stranger = self.home.parent / "stranger"
        trust = ["--trust", str(self.files["trust"])]
        done = workdiary(stranger, "verify", str(path), *trust, "--json", *args)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)


def workdiary(home: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workdiary", "--home", str(home), *args],
        env={**os.environ, **ENV},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def work(desk: Desk, settle: Callable[[], None]) -> str:
    """Five days of eight hours; on Wednesday ten minutes are taken back. The rid of what was discarded."""
    discarded = ""
    for day in range(DAYS):
        desk.away(5)
        desk.send()
        settle()
        desk.send()  # the app is open before work begins, so it knows a fresh state of the log
        desk.start("demo", MEMO)
        desk.minutes(HOURS * 60 - 1)  # a minute before the last cell ends
        desk.stop()
        desk.away(3)
        desk.send()
        if day == DAYS // 2:
            discarded = segments_of(desk)[-1]
            desk.corrections.discard([discarded])
            desk.settle()
            desk.send()
        settle()
        desk.send()
        desk.away((24 - HOURS) * 60 - 7)
    return discarded


def segments_of(desk: Desk) -> list[str]:
    """The rids of the contract's segments, oldest first."""
    entries = desk.files.spool.entries(desk.contracts()[0].id, 0, 2**53, verdicts=False)
    segments = [entry for entry in entries if entry.kind == "segment"]
    return [entry.rid for entry in sorted(segments, key=lambda entry: entry.number("start"))]


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    folder = tmp_path_factory.mktemp("week")
    clock = FakeClock(MONDAY)
    with ExitStack() as stack:
        plan = server_plan(folder / "home", clock)
        vkey = witnesses.log_vkey(plan.folder)
        authority = stack.enter_context(tsa.authority(folder / "tsa", clock.wall_ms))
        now_s = lambda: clock.wall_ms() // 1000  # noqa: E731 - a clock in one line
        pinned = stack.enter_context(witnesses.threads(folder / "witnesses", [vkey], now_s))
        witnesses.write_settings(plan.folder, pinned, 2, (authority.url, authority.certificate))
        server = stack.enter_context(serving(plan))
        assert server.witnessing is not None

        def settle() -> None:
            for _ in range(3):
                server.witnessing.turn()

        desk = Desk(folder / "home", clock=clock, taker=NoiseTaker(), server=server, after_send=settle)
        stack.callback(desk.close)
        make_root(desk)
        discarded = work(desk, settle)
        desk.away((LOCKED - clock.wall_ms()) // MINUTE)
        desk.send()
        settle()
        made = Week(folder / "home", desk, settle, discarded, authority)
        made.files["trust"] = folder / "trust.json"
        done = made.command("trust", "export", "--contract", "demo", "-o", str(made.files["trust"]))
        assert done.returncode == 0, done.stderr
        made.files["week"] = made.export("week")
        yield made


def make_root(desk: Desk) -> None:
    """What `workdiary keys root` does, on the desk's clock."""
    files = desk.files
    server = DiaryServer(desk.transport, files.keys.token)
    parts = KeyParts(files.account, files.keys, desk.real_journal, server, desk.clock.wall_ms)
    KeyDesk(parts).make_root(SECRET)
    desk.send()


def parsed(path: Path) -> list[ParsedRecord]:
    """The bundle's records, by the log's order."""
    return [parse(record.jws) for record in open_bundle(path.read_bytes()).records]


def without(path: Path, gone: Callable[[ParsedRecord], bool]) -> Path:
    """The bundle as somebody hands it on who leaves records out: their images too, checksums made anew."""
    files = {name: bytes(data) for name, data in read_zip(path.read_bytes()).files.items()}
    left = 0
    for name in [name for name in files if name.endswith(".jws")]:
        if gone(parse(files[name].decode())):
            stem = name.removesuffix(".jws")
            for text in files.get(f"{stem}.disc", b"").decode().split():
                files.pop(f"blobs/{unb64u(digest_of(text)).hex()}", None)
            for part in (".jws", ".disc", ".proof"):
                files.pop(stem + part, None)
            left += 1
    assert left
    out = path.with_name("shortened.zip")
    out.write_bytes(mended(files))
    return out


def words(told: dict[str, Any], axis: str) -> set[str]:
    return {record["axes"][axis].partition("(")[0] for record in told["records"]}


@pytest.mark.timeout(600)
def test_the_week_is_proven_to_a_stranger(week: Week) -> None:
    code, told = week.verify(week.files["week"], "--require", "log=WITNESSED,chain=CONTIGUOUS")
    segments = [record for record in told["records"] if record["kind"] == "segment"]
    assert len(segments) == DAYS * HOURS * 6
    assert {record["axes"]["time"] for record in segments} == {"LIVE"}
    assert {record["axes"]["log"] for record in segments} == {"WITNESSED(3/3)"}
    assert {record["axes"]["key"] for record in segments} == {"SOFTWARE"}
    assert {record["axes"]["pay"] for record in segments} == {"MATCHES"}
    assert words(told, "chain") == {"CONTIGUOUS"}
    assert words(told, "integrity") == {"VALID"}
    assert words(told, "content") <= {"FULL", "REDACTED", "NOT-APPLICABLE"}
    assert code == told["exit"] == 0, told["axes"]


@pytest.mark.timeout(60)
def test_a_week_without_its_last_record_has_a_gap(week: Week) -> None:
    own = [record for record in parsed(week.files["week"]) if record.kind in {"segment", "discard"}]
    last = own[-1].id
    code, told = week.verify(without(week.files["week"], lambda record: record.id == last))
    assert code > 0
    assert told["axes"]["chain"] == "GAP"


@pytest.mark.timeout(60)
def test_a_week_without_the_record_that_took_time_back_has_a_gap(week: Week) -> None:
    code, told = week.verify(without(week.files["week"], lambda record: record.kind == "discard"))
    assert code > 0
    assert "GAP" in words(told, "chain")
    assert told["axes"]["pay"] == "DIFFERS", "more time is shown than was billed"


@pytest.mark.timeout(60)
def test_a_week_without_a_whole_stream_says_so(week: Week) -> None:
    (root,) = {record.stream for record in parsed(week.files["week"]) if record.kind == "cert"}
    code, _ = week.verify(without(week.files["week"], lambda record: record.stream == root))
    assert code > 0
    plain = workdiary(
        week.home.parent / "stranger",
        *("verify", str(week.files["week"].with_name("shortened.zip")), "--trust", str(week.files["trust"])),
    )
    assert "stream" in plain.stdout, plain.stdout


@pytest.mark.timeout(120)
def test_the_outside_verifiers_agree(week: Week, tmp_path: Path) -> None:
    data = week.files["week"].read_bytes()
    bundle = open_bundle(data)
    check_by_node(bundle, tmp_path)
    check_by_go(bundle, json.loads(week.files["trust"].read_text()), tmp_path)
    key = json.loads(week.files["trust"].read_text())["log"]["key"]
    authority = week.authority.certificate
    script = Path(__file__).parents[2] / "installers" / "verify.sh"
    command = ["sh", str(script), "--tsa", str(authority), "--log", key, str(unpacked(data, tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


def unpacked(data: bytes, folder: Path) -> Path:
    for name, content in read_zip(data).files.items():
        path = folder / "bundle" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "bundle"


def check_by_node(bundle: Bundle, scratch: Path) -> None:
    """jose and @sd-jwt/core on every record with its disclosures."""
    cases = [
        {
            "jws": record.jws,
            "jwk": bundle.keys[parse(record.jws).kid],
            "disclosures": list(record.disclosures),
        }
        for record in bundle.records
    ]
    verdicts = tools.node(cases, scratch)
    for record, verdict in zip(bundle.records, verdicts, strict=True):
        assert verdict["jose"] == parse(record.jws).payload
        assert verdict["claims"] is not None


def check_by_go(bundle: Bundle, trust: dict[str, Any], scratch: Path) -> None:
    """x/mod/sumdb on every receipt, each under the log's pinned key."""
    vkey = VerifierKey(bundle.manifest.origin, unb64u(trust["log"]["key"])).encode()
    receipts = [{"jws": r.jws, "receipt": r.proof, "vkey": vkey} for r in bundle.records]
    assert tools.go({"receipts": receipts}, scratch)["receipts"] == [True] * len(receipts)


@pytest.mark.timeout(120)
def test_a_shot_deleted_through_the_product_leaves_everything_else_proven(week: Week) -> None:
    victim = segments_of(week.desk)[7]
    week.desk.corrections.redact([victim])
    week.desk.settle()
    week.desk.send()
    week.settle()
    week.desk.send()
    code, told = week.verify(week.export("redacted"))
    (segment,) = [record for record in told["records"] if record["rid"] == victim]
    assert segment["axes"]["content"] == "REDACTED"
    assert segment["axes"]["integrity"] == "VALID"
    assert segment["axes"]["log"] == "WITNESSED(3/3)"
    assert code == 0, told["axes"]


@pytest.mark.timeout(60)
def test_the_home_itself_proves_nothing_to_itself(week: Week) -> None:
    done = week.command("verify", str(week.files["week"]))
    assert done.returncode == 1
    told = " ".join(done.stdout.split())
    assert "Intact and continuous; nobody outside this computer has witnessed it" in told
    assert "It does not prove that work was done" in told
