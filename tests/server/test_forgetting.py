"""What was recorded is plain nowhere, and what was redacted is gone from everything both sides ever wrote.

The real client (spool, journal, uploader, HTTP) and the real server; only screen, keys and time are made up.
"""

from __future__ import annotations

import io
import sqlite3
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.devices import Door, FakeDevice, picture
from tests.fakes.postgres import Postgres, either
from tests.fakes.traces import of_digest, of_image, of_text, traces
from tests.fakes.week import MONDAY, Desk, NoiseTaker, server_plan, serving
from tests.server.conftest import running
from workdiary.client.segment.image_file import decode_key, open_image
from workdiary.evidence.bundle import open_bundle
from workdiary.evidence.canonical import JsonObject
from workdiary.server.accounts.tickets import issue_signin
from workdiary.server.compose import Plan
from workdiary.server.contracts.solo import person
from workdiary.server.receive.models import Disclosure
from workdiary.server.store.blobs import FOLDER, open_blob, open_thumbnail
from workdiary.server.store.models import Blob
from workdiary.server.store.runtime import runtime

MEMO = "Zanzibar acquisition: draft of the “secret” ledger"
LABEL = "Kilimanjaro"
KEPT = "a memo that nobody removes"
HOUR = 3_600_000

Needles = Mapping[str, frozenset[bytes]]


@dataclass
class Both:
    """A desk and its server, and what was recorded on them."""

    desk: Desk = field(repr=False)
    folder: Path = field(repr=False)
    images: dict[str, bytes] = field(default_factory=dict)

    @property
    def contract(self) -> str:
        return self.desk.contracts()[0].id

    def needles(self) -> dict[str, frozenset[bytes]]:
        """Everything that must never be found plain."""
        found = {"memo": of_text(MEMO), "label": of_text(LABEL), "kept memo": of_text(KEPT)}
        return found | {f"image {number}": of_image(data) for number, data in enumerate(self.images.values())}

    def found(self, needles: Needles) -> dict[str, set[str]]:
        return traces([self.folder], needles)


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Both]:
    clock = FakeClock(MONDAY)
    home = tmp_path / "home"
    with serving(server_plan(home, clock)) as server:
        desk = Desk(home, clock=clock, taker=NoiseTaker(), server=server)
        try:
            yield Both(desk, home)
        finally:
            desk.close()


def recorded(both: Both) -> list[str]:
    """Two cells of work under the planted words, then one under others; the rids of the first."""
    desk = both.desk
    desk.start(memo=MEMO)
    desk.core.set_memo(MEMO, LABEL)
    desk.settle()
    desk.minutes(12)
    remember_images(both)
    assert both.found(both.needles()) == {}, "while it is open and held"
    desk.core.set_memo(KEPT, None)
    desk.minutes(10)
    desk.stop()
    desk.away(2)
    remember_images(both)
    desk.send()
    entries = desk.files.spool.entries(both.contract, 0, 2**42)
    return [entry.rid for entry in entries if entry.kind == "segment" and entry.values.get("memo") == MEMO]


def remember_images(both: Both) -> None:
    """The plain pictures, out of the spool with its own keys."""
    spool = both.desk.files.spool
    for (shot_id,) in spool._database.rows("SELECT DISTINCT shot_id FROM images WHERE key IS NOT NULL"):
        shot = spool.shot(shot_id)
        for image in () if shot is None else shot.images:
            both.images[image.image] = open_image(spool.image_folder / image.image, decode_key(image.key))


def looked_at(both: Both) -> bytes:
    """Every page and picture is shown to a client, a bundle is exported; the bundle."""
    door = Door(both.desk.port)
    signin = door.ask("GET", f"/signin/{issue_signin(person('client'), '/')}")
    door = Door(both.desk.port, {"Cookie": signin.headers["Set-Cookie"].partition(";")[0]})
    for blob in Blob.objects.filter(key__isnull=False):
        for page in ("", "/thumb", "/view"):
            assert door.ask("GET", f"/shots/{blob.digest}{page}").status == 200
    assert MEMO in door.ask("GET", f"/diary/{both.contract}/2026-11-16?zone=UTC").body.decode().replace(
        "&quot;", '"'
    )
    body = f'{{"start":{MONDAY - HOUR},"end":{MONDAY + 24 * HOUR}}}'.encode()
    path = f"/api/v1/contracts/{both.contract}/bundles"
    answer = door.ask("POST", path, body, Content_Type="application/json")
    assert answer.status == 200
    return answer.body


def sealed_things(both: Both, rids: list[str]) -> dict[str, frozenset[bytes]]:
    """Keys and ciphertexts of what will be redacted: of no use without each other, and to go as well."""
    found: dict[str, frozenset[bytes]] = {}
    rows = Disclosure.objects.filter(record__in=rids, slot__startswith="shot.")
    rows |= Disclosure.objects.filter(record__in=rids, slot="memo")
    for row in rows:
        found[f"server key of {row.slot} {row.pk}"] = frozenset({bytes(row.key or b"")})
        found[f"server text of {row.slot} {row.pk}"] = frozenset({bytes(row.sealed or b"")})
    for blob in Blob.objects.filter(digest__in=[row.digest for row in rows]):
        found[f"server key of blob {blob.pk}"] = frozenset({bytes(blob.key or b"")})
        for name in (blob.file, blob.thumb):
            data = (runtime().folder / FOLDER / name).read_bytes()
            found[f"server file {name}"] = frozenset({data[:64], data[-64:]})
    spool = both.desk.files.spool
    for rid in rids:
        where = "rid = ? AND (name = 'memo' OR name LIKE 'shot.%')"
        for name, box in spool._database.rows(f"SELECT name, box FROM disclosures WHERE {where}", rid):  # noqa: S608
            found[f"client box of {name} {rid}"] = frozenset({bytes(box[:60]), bytes(box[60:])})
        cells = spool._database.rows("SELECT image, thumb, key, sealed_key FROM images WHERE rid = ?", rid)
        for image, thumb, key, sealed in cells:
            found[f"client keys of {image}"] = frozenset({bytes(key), bytes(sealed)})
            for name in (image, thumb):
                data = (spool.image_folder / name).read_bytes()
                found[f"client file {name}"] = frozenset({data[:64], data[-64:]})
    return found


def backups(both: Both, folder: Path) -> None:
    """As a person's backup program may have made them before anything was removed."""
    folder.mkdir()
    for path in (both.folder / "spool" / "spool.db", both.folder / "server" / "diary.db"):
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(folder / path.name)) as copy:
            source.backup(copy)


def test_planted_content_is_plain_nowhere_and_gone_after_its_redaction(
    both: Both, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rids = recorded(both)
    assert len(rids) >= 2
    plain = both.needles()
    thumbs = [open_thumbnail(both.contract, blob.digest) for blob in Blob.objects.all()]
    plain |= {f"thumb {n}": of_image(t.data) for n, t in enumerate(thumbs) if t is not None}
    assert len(thumbs) >= 2
    before = zipfile.ZipFile(io.BytesIO(looked_at(both)))
    assert any(before.read(name) in both.images.values() for name in before.namelist() if "blobs/" in name)
    backups(both, tmp_path / "backups")
    assert both.found(plain) == {}
    assert traces([tmp_path / "backups"], plain) == {}

    sealed = sealed_things(both, rids)
    assert both.found(sealed).keys() == sealed.keys(), "what is looked for is there before"
    both.desk.corrections.redact(rids)
    both.desk.real_journal.redact(both.contract, rids, scope="memo")
    both.desk.settle()
    both.desk.send()

    assert both.found(plain) == {}
    assert both.found(sealed) == {}
    assert traces([tmp_path / "backups"], plain) == {}
    gone_from_what_is_shown(both, plain)
    logged = caplog.text.encode()
    assert not [name for name, forms in plain.items() if any(form in logged for form in forms)]


def gone_from_what_is_shown(both: Both, plain: Needles) -> None:
    after = zipfile.ZipFile(io.BytesIO(looked_at_again(both)))
    files = {name: after.read(name) for name in after.namelist()}
    shown = [name for name in plain if any(form in data for form in plain[name] for data in files.values())]
    # The memo and the picture that were not redacted are all that is left.
    assert "memo" not in shown
    assert "kept memo" in shown
    left = {data for name, data in files.items() if name.startswith("blobs/")}
    kept = {open_blob(both.contract, blob.digest) for blob in Blob.objects.filter(key__isnull=False)}
    assert left == {image.data for image in kept if image is not None}
    assert len(left) < len(both.images)


def looked_at_again(both: Both) -> bytes:
    door = Door(both.desk.port)
    signin = door.ask("GET", f"/signin/{issue_signin(person('client'), '/')}")
    door = Door(both.desk.port, {"Cookie": signin.headers["Set-Cookie"].partition(";")[0]})
    for blob in Blob.objects.filter(key=None):
        for page in ("", "/thumb"):
            assert door.ask("GET", f"/shots/{blob.digest}{page}").status == 404
    assert MEMO.encode() not in door.ask("GET", f"/diary/{both.contract}/2026-11-16?zone=UTC").body
    body = f'{{"start":{MONDAY - HOUR},"end":{MONDAY + 24 * HOUR}}}'.encode()
    path = f"/api/v1/contracts/{both.contract}/bundles"
    answer = door.ask("POST", path, body, Content_Type="application/json")
    assert answer.status == 200
    assert open_bundle(answer.body).manifest.seal is not None
    return answer.body


def test_on_postgresql_rows_pages_and_wal_segments_hold_nothing_plain(
    plan: Plan, cluster: Postgres, template: str
) -> None:
    with either("postgres", cluster, template) as url, running(replace(plan, database=url)) as server:
        device = FakeDevice(Door(server.runtime.port))
        assert device.enrol(server.enrol_token or "").status == 201
        device.open()
        image = picture("orchid", (700, 500))
        title: JsonObject = {
            "start": 0,
            "app": "Kilimanjaro Planner",
            "title": "Zanzibar acquisition - draft",
        }
        signed = device.sign("segment", {"apps": 1}, {"memo": MEMO, "label": LABEL, "app.0": title}, image)
        assert device.put(signed).status == 201
        assert device.put_image(signed).status == 201
        digests = [signed.record.digest(name) for name in ("memo", "label", "app.0", "shot.0")]
        plain = {"memo": of_text(MEMO), "label": of_text(LABEL), "image": of_image(image)}
        plain |= {"title": of_text(str(title["title"])), "app": of_text(str(title["app"]))}
        cluster.run("CHECKPOINT")
        cluster.run("SELECT pg_switch_wal()")
        assert traces([cluster.data, plan.folder], plain) == {}
        redact: JsonObject = {
            "tgt": signed.record.id,
            "digests": [*digests],
            "scope": "several",
            "why": "owner",
        }
        assert device.put(device.sign("redact", redact)).status == 201
        cluster.run("CHECKPOINT")
        assert traces([cluster.data, plan.folder], plain) == {}
        assert open_blob(device.contract, signed.shot) is None


def test_the_search_itself_finds_what_is_there(tmp_path: Path) -> None:
    """A net that catches nothing proves nothing: each encoding, at each alignment, is found."""
    needles = {"memo": of_text(MEMO), "digest": of_digest(bytes(range(32)))}
    forms = [*needles["memo"], *needles["digest"]]
    for number, form in enumerate(forms):
        (tmp_path / f"{number}.bin").write_bytes(b"\0\0" + form + b"\xff")
    found = traces([tmp_path], needles)
    assert len(found["memo"] | found["digest"]) == len(forms)
    (tmp_path / "one").mkdir()
    shifted = subprocess.run(
        ["base64", "-w0"], input=b"xy" + MEMO.encode() + b"z", capture_output=True, check=True
    ).stdout
    (tmp_path / "one" / "shifted").write_bytes(shifted)
    assert "memo" in traces([tmp_path / "one"], needles)
