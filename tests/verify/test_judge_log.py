from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes import bundles
from tests.fakes.tales import Tale, with_records, word
from tests.fakes.world import TreeLog
from workdiary.evidence.bundle import BundleRecord, Contents, LeafFile, NoteFile
from workdiary.evidence.kinds.base import TreeHead
from workdiary.verify.trust import Trust

AXIS = "log"


def test_enough_pinned_witnesses() -> None:
    tale = Tale()
    contents = tale.contents()
    assert tale.judged(contents).worst[AXIS] == "WITNESSED(3/3)"
    two = replace(tale.trust, witnesses=tale.trust.witnesses[:2], k=2)
    assert tale.judged(contents, [two]).worst[AXIS] == "WITNESSED(2/2)"


def test_fewer_than_k_leave_it_logged() -> None:
    tale = Tale(witnesses=1, k=1)
    other = Tale().trust.witnesses
    trust = replace(tale.trust, witnesses=other, k=2)
    judged = tale.judged(trusts=[trust])
    assert (judged.worst[AXIS], judged.exit) == ("LOGGED", 1)


@pytest.mark.parametrize("trusts", [[], [Trust("another log", "f" * 32, b"\x01" * 32)]])
def test_without_a_pinned_key_nobody_outside_has_seen_it(trusts: list[Trust]) -> None:
    tale = Tale()
    judged = tale.judged(trusts=trusts)
    assert judged.worst[AXIS] == "SELF-ASSERTED"
    assert judged.records[0].notes[0] == "you have pinned no key of this log"


def test_its_owners_own_log_is_self_asserted_unless_witnessed() -> None:
    tale = Tale(solo=True, witnesses=0)
    assert tale.judged().worst[AXIS] == "SELF-ASSERTED"
    tale = Tale(solo=True)
    assert tale.judged().worst[AXIS] == "WITNESSED(3/3)"


def test_a_record_without_receipt_is_self_asserted() -> None:
    tale = Tale()
    record = tale.segments[0]
    contents = with_records(
        tale.contents(), lambda item: replace(item, proof=None) if item.jws == record.jws else item
    )
    judged = tale.judged(contents)
    assert word(judged, record, AXIS) == "SELF-ASSERTED"
    assert word(judged, record, "time") == "UNBOUNDED"


def proof_changed(contents: Contents, jws: str, old: str, new: str) -> Contents:
    def change(item: BundleRecord) -> BundleRecord:
        changed = (item.proof or "").replace(old, new, 1)
        return replace(item, proof=changed) if item.jws == jws else item

    return with_records(contents, change)


def test_a_receipt_that_does_not_hold_is_bad() -> None:
    tale = Tale()
    contents, record = tale.contents(), tale.segments[0]
    index = next(item.index for item in tale.world.placed if item.record is record)
    for old, new in ((f"index {index}", f"index {index + 1}"), ("tlog-proof@v1", "tlog-proof@v2")):
        judged = tale.judged(proof_changed(contents, record.jws, old, new))
        assert word(judged, record, AXIS) == "BAD-RECEIPT"
        assert judged.exit == 2


def test_another_key_of_the_log_makes_every_receipt_bad() -> None:
    tale = Tale()
    judged = tale.judged(trusts=[replace(tale.trust, log_key=TreeLog(seed="key other").key.vkey.public)])
    assert {record.axes.words[AXIS] for record in judged.records} == {"BAD-RECEIPT"}


def test_a_missing_proof_between_states_makes_them_incomparable() -> None:
    tale = Tale()
    contents, record = tale.contents(), tale.segments[0]
    cut = tuple(replace(note, consistency=None) if note.size < 20 else note for note in contents.notes)
    judged = tale.judged(
        replace(contents, notes=tuple(note for note in cut if note.note or note.consistency))
    )
    assert word(judged, record, AXIS) == "INCOMPARABLE"
    assert judged.exit == 1


def test_a_checkpoint_of_no_log_is_incomparable() -> None:
    tale = Tale()
    tale.world.seen = TreeHead(4, tale.segments[0].id)
    record = tale.desk.sign("memo", {"tgt": tale.segments[0].id}, {"memo": "x", "label": None})
    tale.log(record)
    judged = tale.judged()
    assert word(judged, record, AXIS) == "INCOMPARABLE"
    assert word(judged, record, "time") == "UNBOUNDED"


def test_a_record_that_a_seal_leaves_out_proves_two_stories() -> None:
    tale = Tale()
    told = tale.told
    heads = tale.world.heads

    def shorter(size: int, ctr: str = "") -> list:
        return [
            {**head, "seq": head["seq"] - 1} if head["stream"] == tale.desk.stream else head
            for head in heads(size)
        ]

    tale.world.heads = shorter  # type: ignore[method-assign]
    contents = tale.contents()
    judged = tale.judged(contents)
    assert word(judged, tale.segments[-1], AXIS) == "EQUIVOCATION"
    assert judged.exit == 2
    assert told.seal is not None


def test_a_stream_or_a_hole_that_a_seal_leaves_out_proves_it_too() -> None:
    for how in ("stream", "hole"):
        tale = Tale()
        heads = tale.world.heads

        def told(
            size: int, ctr: str = "", *, how: str = how, tale: Tale = tale, heads: object = heads
        ) -> list:
            found = heads(size)  # type: ignore[operator]
            if how == "stream":
                return [head for head in found if head["stream"] != tale.desk.stream]
            return [{**head, "holes": [2]} if head["stream"] == tale.desk.stream else head for head in found]

        tale.world.heads = told  # type: ignore[method-assign]
        judged = tale.judged()
        assert judged.worst[AXIS] == "EQUIVOCATION", how


def test_two_signed_roots_of_one_size_are_two_stories() -> None:
    tale = Tale()
    contents = tale.contents()
    log = tale.world.log
    forged = TreeLog(log.origin, log.witnesses)
    forged.leaves = [bytes(32) if at == 3 else leaf for at, leaf in enumerate(log.leaves)]
    size = contents.notes[2].size
    notes = [
        replace(note, note=forged.sign(0, size)) if note.size == size else note for note in contents.notes
    ]
    judged = tale.judged(replace(contents, notes=tuple(notes)))
    assert judged.worst[AXIS] == "EQUIVOCATION"


def across_epochs(tale: Tale) -> Contents:
    """The export with everything of the epoch before."""
    contents, told = tale.contents(), tale.told
    old = told.world.logs[0]
    last = max(old.notes)
    earlier = [placed for placed in told.world.placed if placed.epoch == 0]
    records = {(item.epoch, item.index): item for item in contents.records}
    records |= {(0, placed.index): bundles._bundle_record(told, placed) for placed in earlier}
    new = told.world.log
    return replace(
        contents,
        records=tuple(records[place] for place in sorted(records)),
        checkpoints={0: old.notes[last], **contents.checkpoints},
        notes=(
            *(NoteFile(0, size, None, old.consistency(size, last)) for size in old.notes),
            *contents.notes,
        ),
        beacons=(
            *(LeafFile(0, at, leaf, old.path(at, last)) for at, leaf in old.beacons.items()),
            *contents.beacons,
        ),
        epochs=(LeafFile(1, 0, new.first or b"", new.path(0, max(new.notes))),),
    )


def test_epochs_are_joined_by_their_first_leaf() -> None:
    tale = Tale()
    tale.world.next_epoch()
    record = tale.desk.sign("memo", {"tgt": tale.segments[0].id}, {"memo": "x", "label": None})
    tale.log(record)
    contents = across_epochs(tale)
    judged = tale.judged(contents)
    assert word(judged, record, AXIS) == "WITNESSED(3/3)"
    assert word(judged, tale.segments[0], AXIS) == "WITNESSED(3/3)"
    assert not judged.findings
    unjoined = tale.judged(replace(contents, epochs=()))
    assert unjoined.worst[AXIS] == "INCOMPARABLE"
    other = replace(
        contents.epochs[0], path=contents.epochs[0].path and (bytes(32), *contents.epochs[0].path[1:])
    )
    assert tale.judged(replace(contents, epochs=(other,))).worst[AXIS] == "BAD-RECEIPT"


def test_the_manifest_names_the_final_state_that_is_there() -> None:
    tale = Tale()
    contents = tale.contents()
    other = replace(contents.manifest, checkpoint=TreeHead(1, tale.segments[0].id))
    judged = tale.judged(replace(contents, manifest=other))
    assert judged.worst["integrity"] == "INVALID"
    assert bundles.span_of(tale.told).start == contents.manifest.span.start
