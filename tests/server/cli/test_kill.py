"""kill -9 of the real server in the middle of uploads: what was promised is there, what is there fits."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

from tests.fakes.devices import Answer, Door, FakeDevice, Signed
from tests.server.api.answers import verified
from tests.server.cli.running import Running, run, serving
from workdiary.evidence.canonical import unb64
from workdiary.evidence.log import verify_consistency
from workdiary.evidence.notes import Checkpoint, open_note, parse_checkpoint, parse_receipt, parse_vkey

ROUNDS = 10
SENDERS = 3


class Truth:
    """What was sent and what was promised, kept outside of the server."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sent: list[Signed] = []
        self.promised: dict[str, Answer] = {}
        self.pictured: list[Signed] = []


def upload(device: FakeDevice, truth: Truth) -> None:
    """Send until the server is gone."""
    while True:
        with truth.lock:
            signed = device.segment()
            truth.sent.append(signed)
        try:
            answer = device.put(signed)
            assert answer.status == 201
            with truth.lock:
                truth.promised[signed.rid] = answer
            if len(truth.sent) % 5 == 0 and device.put_image(signed).status == 201:
                with truth.lock:
                    truth.pictured.append(signed)
        except (OSError, EOFError):
            return
        except Exception as error:
            # A connection that dies inside an answer.
            if type(error).__module__ == "http.client":
                return
            raise


def one_round(server: Running, device: FakeDevice, truth: Truth, promises: int) -> None:
    """Kill it once so many more records are promised, while the senders go on."""
    enough = len(truth.promised) + promises
    senders = [threading.Thread(target=upload, args=(device, truth)) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    bound, tick = time.monotonic() + 30, threading.Event()
    while len(truth.promised) < enough and time.monotonic() < bound:
        tick.wait(0.001)
    server.kill()
    for sender in senders:
        sender.join(30)
        assert not sender.is_alive()


def head_of(device: FakeDevice) -> Checkpoint:
    note = device.door.ask("GET", "/log/checkpoint").body.decode()
    return parse_checkpoint(open_note(note, [parse_vkey(device.installation.log_vkey)]).text)


def check_promises(device: FakeDevice, truth: Truth) -> None:
    """Every receipt still holds, in one log that only grew; what was sent without an answer is sent again."""
    head = head_of(device)
    for signed in truth.sent:
        answer = device.put(signed)
        before = truth.promised.get(signed.rid)
        assert answer.status == 200 if before else answer.status in (200, 201)
        if before is not None:
            assert answer.json == before.json
        truth.promised[signed.rid] = answer
    indexes = [verified(device, signed.record.jws, truth.promised[signed.rid]) for signed in truth.sent]
    assert len(set(indexes)) == len(indexes)
    for answer in truth.promised.values():
        old = parse_checkpoint(
            open_note(
                parse_receipt(answer.json["receipt"]).checkpoint_note,
                [parse_vkey(device.installation.log_vkey)],
            ).text
        )
        if old.size <= head.size:
            lines = device.door.ask("GET", f"/log/consistency?from={old.size}&to={head.size}").body.decode()
            proof = [unb64(line) for line in lines.splitlines()]
            verify_consistency(old.size, head.size, proof, old.root, head.root)
    for signed in truth.pictured:
        assert device.put_image(signed).status == 200


def test_kill_minus_nine_breaks_no_promise(tmp_path: Path) -> None:
    truth = Truth()
    device: FakeDevice | None = None
    for _round in range(ROUNDS):
        with serving(tmp_path) as server:
            if device is None:
                device = FakeDevice(server.door)
                assert device.enrol(server.ready["enrol_token"]).status == 201
                device.open()
            device.door = Door(server.door.port, device.door.headers)
            one_round(server, device, truth, random.randrange(25))
    assert device is not None
    with serving(tmp_path) as server:
        device.door = Door(server.door.port, device.door.headers)
        check_promises(device, truth)
        assert truth.promised
        server.kill()
    done = run(tmp_path, "manage", "verify-all")
    assert done.returncode == 0, done.stdout + done.stderr
    blobs = [path for path in (tmp_path / "server" / "blobs").rglob("*") if path.is_file()]
    with serving(tmp_path):
        left = list((tmp_path / "server" / "blobs" / "incoming").iterdir())
    assert not left
    assert len(blobs) >= 2 * len(truth.pictured)
