"""/log: for parties only, and every proof holds."""

from __future__ import annotations

import pytest
from django.http import HttpRequest

from tests.fakes.devices import Door, FakeDevice
from tests.server.conftest import running
from workdiary.evidence.canonical import unb64
from workdiary.evidence.log import leaf_reader, record_leaf_hash, verify_consistency
from workdiary.evidence.notes import Checkpoint, open_note, parse_checkpoint, parse_vkey
from workdiary.server.api.log import admit_reader
from workdiary.server.compose import Plan
from workdiary.server.log.readers import add_reader
from workdiary.server.store.problem import ProblemError


def head_of(device: FakeDevice) -> Checkpoint:
    answer = device.door.ask("GET", "/log/checkpoint")
    assert answer.status == 200
    note = open_note(answer.body.decode(), [parse_vkey(device.installation.log_vkey)])
    return parse_checkpoint(note.text)


def test_every_growth_is_consistent(device: FakeDevice) -> None:
    heads = [head_of(device)]
    for _step in range(6):
        device.put(device.segment())
        heads.append(head_of(device))
    assert [head.size for head in heads] == list(range(1, 8))
    for old in heads:
        for new in heads:
            answer = device.door.ask("GET", f"/log/consistency?from={old.size}&to={new.size}")
            if old.size > new.size:
                assert answer.status == 400
                continue
            proof = [unb64(line) for line in answer.body.decode().splitlines()]
            verify_consistency(old.size, new.size, proof, old.root, new.root)


def test_tiles_hold_the_leaves(device: FakeDevice) -> None:
    opened = device.new_stream() or device.open()
    signed = device.segment()
    device.put(signed)
    tile = device.door.ask("GET", "/log/tile/0/000.p/3").body
    assert tile[32:64] == record_leaf_hash(opened.record.jws)
    assert tile[64:] == record_leaf_hash(signed.record.jws)
    leaves = [tile[at : at + 32] for at in range(0, 96, 32)]
    assert leaf_reader(leaves)(0, 2) == leaves[2]
    for path in ("0/000", "0/000.p/4", "1/000.p/1", "0/001.p/1", "0/../checkpoint", "x", "64/000.p/1"):
        assert device.door.ask("GET", f"/log/tile/{path}").status == 404


def test_sizes_that_are_none(device: FakeDevice) -> None:
    for query in ("", "?from=0", "?from=0&to=99", "?from=-1&to=1", "?from=a&to=1", "?from=00&to=1"):
        answer = device.door.ask("GET", f"/log/consistency{query}")
        assert answer.status == 400
        assert answer.json["code"] == "malformed"


def test_nothing_of_the_log_is_public(device: FakeDevice) -> None:
    stranger = Door(device.door.port)
    for path in ("/log/checkpoint", "/log/tile/0/000.p/1", "/log/consistency?from=0&to=1"):
        assert stranger.ask("GET", path).status == 401


def asking(token: str) -> HttpRequest:
    request = HttpRequest()
    request.META["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return request


def test_an_auditor_is_no_client_that_makes_beacons_grow(device: FakeDevice) -> None:
    assert admit_reader(asking(device.token)) is True
    assert admit_reader(asking(add_reader("auditor"))) is False
    with pytest.raises(ProblemError):
        admit_reader(asking("nobody's"))


def test_whoever_looks_into_a_public_log_is_no_client_either(plan: Plan) -> None:
    plan.folder.mkdir(mode=0o700, parents=True)
    (plan.folder / "server.toml").write_text("[log]\npublic = true\n")
    with running(plan) as server:
        device = FakeDevice(Door(server.runtime.port))
        assert device.enrol(server.enrol_token or "").status == 201
        assert Door(server.runtime.port).ask("GET", "/log/checkpoint").status == 200
        assert admit_reader(HttpRequest()) is False
        assert admit_reader(asking(device.token)) is True
