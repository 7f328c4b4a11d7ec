"""What a rejoin resolves: the parting it names and what grew on its branches, no more."""

from __future__ import annotations

from workdiary.evidence.forks import Rejoin, resolved_forks
from workdiary.evidence.streams import Link, chain_word, check_chain

STREAM = "s"


def link(seq: int, name: str, prev: str | None) -> Link:
    return Link(STREAM, seq, name, prev, "kid", "ctr", name.encode())


# a and b part behind o; a goes on with a2, b with b2
ROOT, A, B = link(0, "o", None), link(1, "a", "o"), link(1, "b", "o")
A2, B2 = link(2, "a2", "a"), link(2, "b2", "b")
BOTH = Rejoin(STREAM, 1, ("a", "b"))


def test_both_branches_and_what_grew_on_them() -> None:
    links = [ROOT, A, B, A2, B2]
    resolved = resolved_forks(links, [BOTH])
    assert resolved == {(STREAM, 1), (STREAM, 2)}
    findings = check_chain(links, resolved)
    assert {finding.kind for finding in findings} == {"FORK(resolved)"}
    assert chain_word(findings, ROOT, sealed=True) == "CONTIGUOUS"
    assert chain_word(findings, B2) == "FORK(resolved)"


def test_without_a_rejoin_nothing_is_resolved() -> None:
    assert resolved_forks([ROOT, A, B, A2, B2], []) == frozenset()


def test_a_rejoin_of_another_place_or_other_records_resolves_nothing() -> None:
    for rejoin in (Rejoin(STREAM, 2, ("a", "b")), Rejoin("t", 1, ("a", "b")), Rejoin(STREAM, 1, ("a", "x"))):
        assert resolved_forks([ROOT, A, B], [rejoin]) == frozenset()


def test_a_third_branch_needs_a_rejoin_of_its_own() -> None:
    links = [ROOT, A, B, link(1, "c", "o")]
    assert resolved_forks(links, [BOTH]) == frozenset()
    assert resolved_forks(links, [BOTH, Rejoin(STREAM, 1, ("a", "c"))]) == {(STREAM, 1)}


def test_a_later_parting_is_a_fork_again() -> None:
    links = [ROOT, A, B, A2, B2, link(2, "b3", "b")]
    assert resolved_forks(links, [BOTH]) == {(STREAM, 1)}
    findings = check_chain(links, resolved_forks(links, [BOTH]))
    assert chain_word(findings, A) == "FORK(resolved)"
    assert chain_word(findings, A2) == "FORK"


def test_one_branch_that_ended_leaves_no_fork_behind() -> None:
    assert resolved_forks([ROOT, A, B, A2], [BOTH]) == {(STREAM, 1)}


def test_the_payload_of_a_record() -> None:
    assert Rejoin.of_payload({"of": STREAM, "from": 1, "branches": ["a", "b"]}) == BOTH
