from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.records import SampleStream, common, counter_entropy, device, fixed, sample_fields
from workdiary.evidence import streams
from workdiary.evidence.canonical import b64u
from workdiary.evidence.envelope import ParsedRecord, build, parse
from workdiary.evidence.kinds.base import Skip
from workdiary.evidence.streams import Finding, Link, chain_word, check_chain, link_of


def stream(count: int = 6, name: str = "stream") -> SampleStream:
    made = SampleStream(name)
    made.open()
    for _ in range(count - 1):
        made.add("segment")
    return made


def kinds(records: list[ParsedRecord]) -> list[tuple[str, int]]:
    return [(finding.kind, finding.seq) for finding in check_chain(records)]


def test_an_unbroken_stream_has_no_findings_in_any_order() -> None:
    records = stream().parsed()
    for _ in range(5):
        random.shuffle(records)
        assert check_chain(records) == ()
    assert chain_word((), records[0]) == "OPEN"
    assert chain_word((), records[0], sealed=True) == "CONTIGUOUS"


def test_a_dropped_record_leaves_a_gap_from_there_on() -> None:
    records = stream().parsed()
    findings = check_chain([*records[:2], *records[4:]])
    assert findings == (Finding(records[0].stream, "GAP", 2, ()),)
    assert [chain_word(findings, record) for record in records] == ["OPEN", "OPEN", *["GAP"] * 4]


def test_a_stream_without_its_opening_has_a_gap() -> None:
    assert kinds(stream().parsed()[1:]) == [("GAP", 0)]


def test_a_gap_that_only_refused_records_fill_is_labelled() -> None:
    made = stream(3)
    lost = [made.add("segment"), made.add("segment")]
    skips = tuple(Skip(seq, record.id, "too-large") for seq, record in zip((3, 4), lost, strict=True))
    made.add("segment", skips=skips)
    records = made.parsed()
    kept = [*records[:3], records[5]]
    assert kinds(kept) == [("GAP(refused)", 3)]
    assert chain_word(check_chain(kept), records[5]) == "GAP(refused)"
    assert check_chain(kept)[0].ids == tuple(skip.id for skip in skips)
    # One of the two missing ones was never refused.
    other = stream(3, "other")
    lost = [other.add("segment"), other.add("segment")]
    other.add("segment", skips=(skips[0],))
    records = other.parsed()
    assert kinds([*records[:3], records[5]]) == [("GAP", 3)]


def test_a_copied_key_leaves_a_fork_from_there_on() -> None:
    original, copy = stream(3), stream(3)
    for _ in range(2):
        original.add("segment")
        copy.add("memo")
    records = [*original.parsed(), *copy.parsed()[3:]]
    findings = check_chain(records)
    assert {(finding.kind, finding.seq) for finding in findings} == {("FORK", 3), ("FORK", 4)}
    words = [chain_word(findings, record) for record in original.parsed()]
    assert words == ["OPEN", "OPEN", "OPEN", "FORK", "FORK"]
    resolved = check_chain(records, {(records[0].stream, 3), (records[0].stream, 4)})
    assert {chain_word(resolved, record) for record in copy.parsed()[3:]} == {"FORK(resolved)"}


def test_a_prev_that_names_an_unknown_record_is_a_fork() -> None:
    records = stream(3).parsed()
    clear, slots = sample_fields("segment", common(3, b64u(fixed("another")), stream=records[0].stream))
    stray = parse(build("segment", clear, slots, device(), counter_entropy("stray")).jws)
    assert kinds([*records, stray]) == [("FORK", 3)]


def test_two_signatures_over_one_signing_input_are_no_fork() -> None:
    links = [link_of(record) for record in stream(3).parsed()]
    twin = replace(links[1], id=b64u(fixed("twin")))
    assert check_chain([*links, twin]) == ()
    follower = replace(links[2], prev=twin.id)
    assert check_chain([links[0], links[1], twin, follower]) == ()


def test_a_stranger_spoils_nothing_but_itself() -> None:
    records = stream().parsed()
    clear, slots = sample_fields("segment", common(3, records[2].id, stream=records[0].stream))
    foreign = parse(build("segment", clear, slots, device("thief"), counter_entropy("x")).jws)
    other = replace(link_of(records[4]), ctr="01936e7a-0000-7000-8000-0000000000ff", id="x")
    findings = check_chain([*records, foreign, other])
    assert [(finding.kind, finding.ids) for finding in findings] == [
        ("STRANGER", (foreign.id,)),
        ("STRANGER", ("x",)),
    ]
    assert {chain_word(findings, record) for record in records} == {"OPEN"}
    assert chain_word(findings, foreign) == "FORK"


def test_several_keys_share_an_accounts_stream() -> None:
    made = SampleStream("account")
    links = [replace(link_of(record), ctr=None) for record in stream(3).parsed()]
    links[2] = replace(links[2], kid=device("root").kid)
    enrolled = {device().kid: "an account", device("root").kid: "an account"}
    assert check_chain(links, accounts=enrolled) == ()
    assert made.records == []


@pytest.mark.parametrize("enrolled", [{}, {"thief": "another account"}])
def test_a_key_of_somebody_else_forks_no_accounts_stream(enrolled: dict[str, str]) -> None:
    links = [replace(link_of(record), ctr=None) for record in stream(3).parsed()]
    foreign = replace(links[1], kid="thief", id="x", signed=b"x")
    accounts = {**enrolled, links[0].kid: "an account"}
    findings = check_chain([*links, foreign], accounts=accounts)
    assert [(finding.kind, finding.ids) for finding in findings] == [("STRANGER", ("x",))]
    assert {chain_word(findings, link) for link in links} == {"OPEN"}
    assert chain_word(findings, foreign) == "FORK"


def test_a_resumed_stream_says_so() -> None:
    made = SampleStream("new")
    made.open({"stream": b64u(fixed("stream", 16)), "seq": 7, "id": b64u(fixed("x")), "why": "restored"})
    made.add("segment")
    records = made.parsed()
    findings = check_chain(records)
    assert [(finding.kind, finding.seq) for finding in findings] == [("RESUMED", 0)]
    assert chain_word(findings, records[1]) == "OPEN"
    assert chain_word(findings, records[1], sealed=True) == "RESUMED"


def test_streams_do_not_touch_one_another() -> None:
    whole, broken = stream(4, "one"), stream(4, "two")
    findings = check_chain([*whole.parsed(), *broken.parsed()[:1], *broken.parsed()[2:]])
    assert [finding.stream for finding in findings] == [broken.stream]
    assert chain_word(findings, whole.parsed()[3]) == "OPEN"


def test_a_record_of_a_newer_kind_still_holds_its_place() -> None:
    records = stream(3).parsed()
    unsupported = replace(records[1], supported=False)
    assert check_chain([records[0], unsupported, records[2]]) == ()
    assert link_of(unsupported).skips == ()


@pytest.mark.parametrize("seq", [2**53 - 1, 10**6])
def test_a_hostile_seq_costs_nothing(seq: int) -> None:
    links = [link_of(record) for record in stream(3).parsed()]
    links.append(replace(links[2], seq=seq, id="far"))
    assert [finding.kind for finding in check_chain(links)] == ["GAP"]


LINKS = st.builds(
    Link,
    st.sampled_from("ab"),
    st.integers(0, 5),
    st.sampled_from("uvwxyz"),
    st.none() | st.sampled_from("uvwxyz"),
    st.sampled_from("kl"),
    st.none() | st.just("c"),
    st.binary(max_size=1),
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("uvwxyz")), max_size=2).map(tuple),
    st.booleans(),
)


@given(st.lists(LINKS, max_size=12))
def test_any_set_of_links_gets_words(links: list[Link]) -> None:
    findings = check_chain(links)
    for link in links:
        word = chain_word(findings, link)
        assert word in {"FORK", "FORK(resolved)", "GAP", "GAP(refused)", "OPEN"}


def test_boot_ids_of_two_streams_cannot_be_linked() -> None:
    first = streams.boot_mac(b"key one", "3f0c-boot")
    assert first == streams.boot_mac(b"key one", "3f0c-boot")
    assert first != streams.boot_mac(b"key two", "3f0c-boot")
    assert first != streams.boot_mac(b"key one", "4f0c-boot")
    # RFC 4231, test case 2.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert streams.boot_mac(b"Jefe", "what do ya want for nothing?") == b64u(bytes.fromhex(expected))
