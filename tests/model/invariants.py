"""What must hold of a life at every step, and what once all could be sent (reliability.md, I1 to I10)."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from tests.model.computer import FOREVER, POLICY
from tests.model.life import Life
from tests.oracle.spans import Span, clip, length, minus
from workdiary.client.capture.port import SessionEventKind
from workdiary.client.tracker.machine import Event, Mode
from workdiary.evidence.envelope import parse
from workdiary.rules.cells import cell_start
from workdiary.rules.diary import DiarySegment
from workdiary.rules.projection import project

# However long it was away: the queue of an example takes a few passes, a minute apart at most.
DRAINED_S = 120


def now_and_always(life: Life) -> None:
    """After every step: what the tracker says it does is what is true (nothing tracked unseen, I10)."""
    truly, mode = life.tracking, life.computer.mode
    assert (mode is Mode.TRACKING) == (truly is not None), (mode, truly)
    if truly is not None:
        work = life.computer.core.timer.work
        assert work is not None
        assert work.contract == truly
    assert life.computer.desktop.input.running == (truly is not None), "input is counted"


def so_far(life: Life) -> None:
    """The home's own diary agrees with the truth at this instant, the second that runs excepted (I1, I8)."""
    _agrees(life, here=True, there=life.restored, running=True)


def drain(life: Life) -> None:
    """The network is back and the day is over: everything goes out, soon and by itself (I9, I10)."""
    computer = life.computer
    life.plug.reset()
    life.fail_shots(None)
    for back in ("unlock", "switch-back"):
        kind: SessionEventKind = back  # type: ignore[assignment]
        life.hear(kind)
    life.command(Event.STOP, "stop")
    life.act(computer.core.keep_all)
    life.server.mood = "up"
    computer.core.outgoing.link_up()
    computer.settle()
    for _ in range(DRAINED_S):
        counts = computer.enrolled.spool.outbox.counts()
        if not (counts.waiting or counts.images):
            break
        life.seconds(1, typed=False)
    counts = computer.enrolled.spool.outbox.counts()
    assert (counts.waiting, counts.images) == (0, 0), f"not sent after {DRAINED_S} s: {counts}"
    assert computer.enrolled.spool.held(FOREVER, force=True) == []
    assert life.restored or counts.quarantined == 0, "nothing of this was refused"


def at_the_end(life: Life) -> None:
    """Everything is sent: client, server, log and truth agree."""
    _agrees(life, here=False, there=True)
    if not life.restored:
        _agrees(life, here=True, there=False)
        _same_diary(life)
        _claims_right(life)
    _any_order(life)
    _accepted_once(life)
    _streams_whole(life)
    _images_right(life)
    for contract in () if life.restored else life.contracts:
        _cells_have_shots(life.server.diary(contract).segments)


def _agrees(life: Life, *, here: bool, there: bool, running: bool = False) -> None:
    """The diary of those records bills what was worked, all of it, and nothing else."""
    life.note("look")
    for contract in life.contracts:
        recorded = life.recorded(contract, here=here, there=there)
        true = life.truth.intervals(contract, "tracked")
        invented = minus(recorded, true)
        assert not invented, f"time that nobody worked is billed: {_shown(life, invented)}"
        missing = minus(minus(true, recorded), life.truth.may_miss(contract))
        missing = minus(missing, life.lost.get(contract, []))
        if running:
            missing = minus(missing, [(life.now - 1_000, life.now)])
        assert not missing, f"worked time is lost: {_shown(life, missing)}"


def _claims_right(life: Life) -> None:
    """What was claimed of an absence counts, as far as it was one; a kill may have cut its record short."""
    for contract in () if life.stepped else life.contracts:
        claimed = life.claimed_ms(contract)
        true = length(life.truth.intervals(contract, "idle-claim", "manual"))
        assert true - 1_000 * life.kills <= claimed <= true, (claimed, true)


def _shown(life: Life, spans: Iterable[Span]) -> list[tuple[float, float]]:
    began = life.truth.facts[0].at
    return [((start - began) / 1_000, (end - began) / 1_000) for start, end in spans]


def _same_diary(life: Life) -> None:
    for contract in life.contracts:
        mine = [_seen(segment) for segment in life.computer.diary(contract).segments]
        theirs = [_seen(segment) for segment in life.server.diary(contract).segments]
        assert mine == theirs, "the client's diary is not the server's"
        assert life.computer.diary(contract).gaps == life.server.diary(contract).gaps


def _seen(segment: DiarySegment) -> tuple[object, ...]:
    shots = tuple((shot.id, shot.state, str(shot.facts)) for shot in segment.shots)
    said = (segment.memo, segment.label, segment.open, segment.close, segment.no_shot, segment.removed)
    return segment.rid, segment.kind, segment.time, said, shots, segment.index, segment.level


def _any_order(life: Life) -> None:
    """I8 holds in every diary by `Life.recorded`; here: the order of arrival decides nothing."""
    for contract in life.contracts:
        entries = life.server.entries(contract)
        stored = frozenset(life.server.images)
        shuffled = random.sample(entries, len(entries))
        assert project(shuffled, stored) == project(entries, stored)


def _accepted_once(life: Life) -> None:
    """I2: one leaf for each record that is in the log, and no other bytes under its id."""
    bytes_of: dict[str, str] = {}
    for rid, jws in life.server.appended:
        assert bytes_of.setdefault(rid, jws) == jws, "one id with two texts"
    leaves = defaultdict(list)
    for stored in life.server.records.values():
        leaves[stored.parsed.log, stored.index].append(stored.parsed.rid)
    assert all(len(rids) == 1 for rids in leaves.values()), "two records in one leaf"
    if not life.server.logs:
        assert len(life.server.appended) == len(bytes_of), "a record was accepted twice"


def _streams_whole(life: Life) -> None:
    """No fork, no hole, each record after the one it names; only a restore may cost a stream its end."""
    streams = defaultdict(list)
    for stored in life.server.records.values():
        streams[stored.parsed.stream].append(stored.parsed)
    for records in streams.values():
        records.sort(key=lambda record: record.seq)
        seqs = [record.seq for record in records]
        assert len(set(seqs)) == len(seqs), "a stream forks"
        assert life.restored or seqs == list(range(len(seqs))), "a stream has a hole"
        for before, record in pairwise(records):
            follows = record.seq > before.seq + 1 or record.payload["prev"] == before.id
            assert follows, "a record names another one before it"
    known = {stored.parsed.id for stored in life.server.records.values()}
    for row in life.computer.enrolled.spool._database.rows("SELECT jws, state FROM records"):
        assert row[1] == "quarantined" or parse(row[0]).id in known, "called sent, and the server has it not"


def _images_right(life: Life) -> None:
    """I3: what an accepted record names is there and is what was signed, or was removed in writing."""
    assert not life.server.removed & life.server.images.keys(), "removed, and still there"
    for contract in life.contracts:
        for segment in life.server.diary(contract).segments:
            for shot in segment.images:
                if shot.state == "redacted":
                    continue
                if shot.state == "missing" and life.restored:
                    continue  # it was on the disk that is gone
                assert shot.state == "sent", (shot.state, segment.rid)
                plain = life.server.images[shot.id]
                assert hashlib.sha256(plain).hexdigest() == shot.facts["sha256"]


def _cells_have_shots(segments: tuple[DiarySegment, ...]) -> None:
    """product.md, Shots 1: the duty is judged over (contract, cell): any shot, else the last reason."""
    cells: dict[int, list[DiarySegment]] = defaultdict(list)
    for segment in segments:
        cells[cell_start(segment.start, POLICY)].append(segment)
    for cell, inside in cells.items():
        if any(one.placed or one.clock_unsure for one in inside):
            continue  # nobody knew yet in which cell this was
        if any(one.removed == "owner" for one in inside):
            continue  # the shot that stood for the cell went with the time it was removed with
        tracked = length(span for one in inside for span in clip(one.time.spans, cell, cell + POLICY.cell_ms))
        if tracked < POLICY.shot_duty_ms or any(one.images for one in inside):
            continue
        reasons = [one.no_shot for one in inside if one.no_shot is not None]
        assert reasons, f"a cell with {tracked} ms owes a shot and says nothing"
