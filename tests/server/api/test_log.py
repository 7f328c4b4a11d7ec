"""/log: for parties only, and every proof holds."""

from __future__ import annotations

from tests.fakes.devices import Door, FakeDevice
from workdiary.evidence.canonical import unb64
from workdiary.evidence.log import leaf_reader, record_leaf_hash, verify_consistency
from workdiary.evidence.notes import Checkpoint, open_note, parse_checkpoint, parse_vkey


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
