from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.records import device
from tests.fakes.tales import Tale, again, verdict, word
from tests.fakes.tsa import Tsa
from tests.fakes.world import MINUTE, SECOND
from workdiary.evidence.bundle import Contents
from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.cosign import Cosignature
from workdiary.evidence.envelope import SignedRecord
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.bounds import Bounds, not_after_of, not_before_of
from workdiary.verify.stamps import Stamps, check_pem
from workdiary.verify.window import span_text

AXIS = "time"
HOUR = 60 * MINUTE


def segment(tale: Tale, offline_ms: int = 0, **clear: object) -> SignedRecord:
    """Another cell with some fields changed, sent when the device was online again."""
    kept = ("policy", "demo", "mode", "backend_counts", "session")
    fields: JsonObject = {name: tale.segments[0].payload[name] for name in kept}
    start, cp0, mono0 = tale.world.now, tale.world.seen, tale.world.mono
    tale.world.wait(10 * MINUTE)
    fields |= {"start": start, "end": tale.world.now, "tracked": 10 * MINUTE}
    fields |= {"mono0": mono0, "mono1": tale.world.mono, "cp0": cp0.to_json() if cp0 else None}
    fields |= {"shots": 0, "apps": 0, "buckets": 0, "no_shot": "error", "hit": False, "open": "start"}
    fields |= {
        "close": "stop",
        "active_ms": None,
        "injected": None,
        "clock_unsure": False,
        "clock_step": False,
    }
    record = tale.desk.sign("segment", {**fields, **clear})  # type: ignore[dict-item] # fields by name
    tale.world.wait(offline_ms)
    tale.log(record)
    return record


def test_live_is_a_window_of_at_most_an_hour() -> None:
    tale = Tale()
    segment(tale)
    judged = tale.judged()
    found = verdict(judged, tale.segments[-1])
    assert found.axes.words[AXIS] == "LIVE"
    assert found.window.width is not None
    assert 10 * MINUTE < found.window.width < 60 * MINUTE


def test_a_wider_window_is_late_and_says_how_wide() -> None:
    tale = Tale()
    record = segment(tale, 30 * HOUR)
    judged = tale.judged()
    assert word(judged, record, AXIS).startswith("LATE(1 d 6 h")
    assert judged.late == (verdict(judged, record),), "over a day: a total of its own"
    assert verdict(judged, record).axes.level == 1, "for its pay alone"


def test_without_witness_and_time_stamp_only_the_device_says_when() -> None:
    tale = Tale(witnesses=0)
    judged = tale.judged()
    assert word(judged, tale.segments[0], AXIS) == "UNBOUNDED"
    assert judged.unbounded == tuple(r for r in judged.records if r.kind == "segment")
    assert word(judged, tale.desk.records[0], AXIS) == "NOT-APPLICABLE"


def test_beacons_give_the_lower_bound() -> None:
    tale = Tale()
    contents = replace(tale.contents(), beacons=())
    judged = tale.judged(contents)
    found = verdict(judged, tale.segments[0])
    assert found.axes.words[AXIS] == "UNBOUNDED"
    assert found.window.not_before is None
    assert found.window.not_after is not None


@pytest.mark.parametrize("shift", [3 * MINUTE, -3 * HOUR, 5 * HOUR])
def test_a_claim_outside_the_window_is_contradicted(shift: int) -> None:
    tale = Tale()
    start = tale.world.now + shift
    record = segment(tale, start=start, end=start + 10 * MINUTE)
    judged = tale.judged()
    found = verdict(judged, record)
    assert found.axes.words[AXIS] == "CONTRADICTED"
    assert judged.exit == 2
    assert found.notes


@pytest.mark.parametrize("shift", [90 * SECOND, -90 * SECOND])
def test_two_minutes_of_difference_between_clocks_are_none(shift: int) -> None:
    tale = Tale()
    start = tale.world.now + shift
    record = segment(tale, start=start, end=start + 10 * MINUTE)
    assert word(tale.judged(), record, AXIS) == "LIVE"


@pytest.mark.parametrize(
    "clear",
    [{"tracked": 11 * MINUTE}, {"mono1": 10**9}, {"mono1": 0}],
)
def test_what_cannot_be_is_contradicted(clear: dict[str, object]) -> None:
    tale = Tale()
    record = segment(tale, **clear)
    assert word(tale.judged(), record, AXIS) == "CONTRADICTED"


def test_a_clock_step_explains_two_clocks_that_disagree() -> None:
    tale = Tale()
    record = segment(tale, mono1=tale.world.mono + 9 * MINUTE, clock_step=True)
    assert word(tale.judged(), record, AXIS) == "LIVE"


def test_the_same_time_of_one_device_is_claimed_once() -> None:
    tale = Tale()
    first = segment(tale)
    second = again(tale.desk, first, mono=9, seq=len(tale.desk.records), prev=tale.desk.records[-1].id)
    tale.desk.records.append(second)
    tale.log(second)
    judged = tale.judged()
    seconds = [r for r in judged.records if r.kind == "segment" and r.index == judged.records[-3].index]
    assert seconds[0].axes.words[AXIS] == "CONTRADICTED"


def test_a_wrong_clock_is_unsure_until_it_is_placed() -> None:
    tale = Tale()
    shift = -40 * HOUR
    start = tale.world.now + shift
    record = segment(tale, start=start, end=start + 10 * MINUTE, clock_unsure=True)
    unplaced = tale.judged()
    assert word(unplaced, record, AXIS) == "CLOCK-UNSURE"
    assert verdict(unplaced, record).axes.level == 1
    place = tale.desk.sign("clock-place", {"server_time": tale.world.now})
    tale.log(place)
    assert word(tale.judged(), record, AXIS) == "LIVE"


def test_placing_it_somewhere_else_contradicts_the_window() -> None:
    tale = Tale()
    start = tale.world.now
    record = segment(tale, start=start, end=start + 10 * MINUTE, clock_unsure=True)
    tale.log(tale.desk.sign("clock-place", {"server_time": tale.world.now - 5 * HOUR}))
    assert word(tale.judged(), record, AXIS) == "CONTRADICTED"


def test_overlapping_devices_are_to_be_seen() -> None:
    tale = Tale()
    first = segment(tale)
    other = tale.opened("laptop", device("laptop"))
    kept = {k: v for k, v in first.payload.items() if k in SEGMENT_FIELDS}
    tale.log(other.sign("segment", {**kept, "mono0": 1, "mono1": 1 + 10 * MINUTE}))
    judged = tale.judged()
    assert [f.what for f in judged.findings] == [
        "1 segments of different devices overlap; shared time counts once"
    ]
    assert judged.findings[0].level == 0


SEGMENT_FIELDS = {
    *(
        "start",
        "end",
        "tracked",
        "cp0",
        "policy",
        "demo",
        "mode",
        "backend_counts",
        "open",
        "close",
        "session",
    ),
    *("shots", "apps", "buckets", "no_shot", "hit", "active_ms", "injected", "clock_unsure", "clock_step"),
}


def test_of_k_honest_witnesses_one_is_enough() -> None:
    seen = [Cosignature(name, second, "") for name, second in (("a", 10), ("b", 20), ("c", 60))]
    assert (not_before_of(seen, 2), not_after_of(seen, 2)) == (20_000, 20_999)
    assert (not_before_of(seen, 4), not_after_of(seen, 0)) == (None, None)
    bounds = Bounds(2, [(5, seen[:1]), (9, seen[1:])], [(7, 15_000)], [(1, 3_000), (4, 2_000)])
    assert [bounds.covering(index).not_after for index in (0, 4, 6, 8, 9)] == [
        15_000,
        15_000,
        15_000,
        60_999,
        None,
    ]
    assert [bounds.covering(index).witnesses for index in (0, 4, 5, 9)] == [3, 3, 2, 0]
    assert [bounds.not_before(size) for size in (0, 1, 2, 5)] == [None, None, 3_000, 3_000]


@pytest.mark.parametrize(
    ("ms", "text"), [(0, "0 min"), (1, "1 min"), (3_600_000, "1 h"), (90_061_000, "1 d 1 h"), (-5, "0 min")]
)
def test_lengths_of_time_are_for_people(ms: int, text: str) -> None:
    assert span_text(ms) == text


def authority(folder: Path) -> Tsa:
    """An authority by `openssl ts`, at this computer's time."""
    tsa = Tsa(folder)
    tsa.make()
    return tsa


def stamp(tsa: Tsa, data: bytes) -> bytes:
    """The response (DER) over `data`."""
    (tsa.folder / "data").write_bytes(data)
    tsa.openssl("ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "asked.tsq")
    return tsa.reply((tsa.folder / "asked.tsq").read_bytes())


def stamped(contents: Contents, token: bytes, size: int) -> Contents:
    notes = tuple(replace(note, token=token) if note.size == size else note for note in contents.notes)
    return replace(contents, notes=notes)


def test_a_time_stamp_bounds_what_no_witness_does(tmp_path: Path) -> None:
    tale = Tale(witnesses=0)
    contents = tale.contents()
    tsa = authority(tmp_path / "tsa")
    size = max(note.size for note in contents.notes if note.note)
    note = next(note.note for note in contents.notes if note.size == size) or ""
    text = (note.partition("\n\n")[0] + "\n").encode()
    token = stamp(tsa, text)
    trust = replace(tale.trust, tsas=(tsa.certificate.read_text(),))
    judged = tale.judged(stamped(contents, token, size), [trust])
    found = verdict(judged, tale.segments[0])
    assert found.window.not_after is not None
    assert found.window.not_before is None
    assert not judged.findings
    assert tsa.verify(token, text) == "Verification: OK", "openssl agrees"
    nobody = tale.judged(stamped(contents, token, size))
    assert [finding.level for finding in nobody.findings] == [0]
    other = authority(tmp_path / "other").certificate.read_text()
    stranger = tale.judged(stamped(contents, token, size), [replace(tale.trust, tsas=(other,))])
    assert stranger.findings[0].word == "INCOMPARABLE"
    wrong = tale.judged(stamped(contents, stamp(tsa, b"something else"), size), [trust])
    assert wrong.findings[0].word == "BAD-RECEIPT"


def test_a_bare_token_is_as_good_as_a_response(tmp_path: Path) -> None:
    tsa = authority(tmp_path / "tsa")
    response = stamp(tsa, b"note\n")
    tsa.openssl("ts", "-reply", "-in", "reply.tsr", "-token_out", "-out", "token.der")
    stamps = Stamps([tsa.certificate.read_text()])
    found = stamps.check(response, b"note\n")
    assert stamps.check((tsa.folder / "token.der").read_bytes(), b"note\n") == found
    assert found.latest - found.earliest >= 2_000, "one second of accuracy on either side"


@pytest.mark.parametrize("token", [b"", b"0", b"0\x80", b"\x30\x03\x02\x01\x00", b"x" * 100, b"0" * 70_000])
def test_what_is_no_stamp_is_an_evidence_error(token: bytes) -> None:
    with pytest.raises(EvidenceError):
        Stamps([]).check(token, b"note")


def test_certificates_are_pinned_with_their_issuer(tmp_path: Path) -> None:
    tsa = authority(tmp_path / "tsa")
    check_pem(tsa.certificate.read_text())
    for pem in ((tsa.folder / "tsa.pem").read_text(), "nonsense", ""):
        with pytest.raises(EvidenceError):
            check_pem(pem)


def test_a_clock_that_was_wrong_from_the_start_is_placed_though_nothing_was_marked() -> None:
    """An hour fast at the boot: signed as certain, in a time that had not come yet."""
    tale = Tale()
    start = tale.world.now + HOUR
    record = segment(tale, start=start, end=start + 10 * MINUTE)
    assert word(tale.judged(), record, AXIS) == "CONTRADICTED"
    tale.log(tale.desk.sign("clock-place", {"server_time": tale.world.now}))
    assert word(tale.judged(), record, AXIS) == "LIVE"


def test_a_record_that_was_signed_by_a_wrong_clock_is_placed_with_its_boot() -> None:
    tale = Tale()
    record = segment(tale, at=tale.world.now + 50 * HOUR)
    assert word(tale.judged(), record, AXIS) == "CONTRADICTED"
    tale.log(tale.desk.sign("clock-place", {"server_time": tale.world.now}))
    assert word(tale.judged(), record, AXIS) == "LIVE"


@pytest.mark.parametrize("by", [-3 * HOUR, 3 * HOUR])
def test_a_false_word_of_the_clock_moves_nothing_out_of_its_window(by: int) -> None:
    tale = Tale()
    record = segment(tale)
    tale.log(tale.desk.sign("clock-place", {"server_time": tale.world.now + by}))
    assert word(tale.judged(), record, AXIS) == "CONTRADICTED"


def test_a_word_that_agrees_with_the_clock_changes_no_claim() -> None:
    tale = Tale()
    record = segment(tale)
    tale.log(tale.desk.sign("clock-place", {"server_time": tale.world.now + 119 * SECOND}))
    assert word(tale.judged(), record, AXIS) == "LIVE"


def locked(tale: Tale) -> None:
    """A lock over all that is in the log."""
    span: JsonObject = {"start": tale.world.now - 100 * HOUR, "end": tale.world.now + 100 * HOUR}
    size = tale.world.log.size
    tale.log(tale.operator.sign("lock", {"span": span, "size": size, "heads": []}))


def placed_and_locked(tale: Tale, *, lock_first: bool, unsure: bool = False) -> str:
    """A false start, the lock of its week and the word that would place it, in either order."""
    start = tale.world.now + HOUR
    record = segment(tale, start=start, end=start + 10 * MINUTE, clock_unsure=unsure)
    place = tale.desk.sign("clock-place", {"server_time": tale.world.now})
    if lock_first:
        locked(tale)
    tale.log(place)
    if not lock_first:
        locked(tale)
    return word(tale.judged(), record, AXIS)


def test_what_a_lock_has_counted_is_not_rescued_by_a_later_word_of_the_clock() -> None:
    """It stays billed where it claims to be (`rules.placing`), so that is what is judged."""
    assert placed_and_locked(Tale(), lock_first=True) == "CONTRADICTED"
    assert placed_and_locked(Tale(), lock_first=False) == "LIVE"


def test_what_was_marked_and_counted_stays_unsure() -> None:
    assert placed_and_locked(Tale(), lock_first=True, unsure=True) == "CLOCK-UNSURE"
    assert placed_and_locked(Tale(), lock_first=False, unsure=True) == "LIVE"


@pytest.mark.parametrize("unsure", [False, True])
def test_a_later_word_of_the_clock_still_contradicts_what_a_lock_has_counted(unsure: bool) -> None:
    tale = Tale()
    record = segment(tale, clock_unsure=unsure)
    locked(tale)
    tale.log(tale.desk.sign("clock-place", {"server_time": tale.world.now - 5 * HOUR}))
    assert word(tale.judged(), record, AXIS) == "CONTRADICTED"


def test_what_claims_to_be_longer_than_a_cell_is_placed_by_nobody() -> None:
    tale = Tale()
    start = tale.world.now + HOUR
    record = segment(tale, start=start, end=start + 11 * MINUTE)
    tale.log(tale.desk.sign("clock-place", {"server_time": tale.world.now}))
    assert word(tale.judged(), record, AXIS) == "CONTRADICTED"
