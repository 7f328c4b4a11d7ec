from __future__ import annotations

import random
import time
from typing import Any

from tests.fakes.entries import CLEAR_TERMS, HOUR, RATE, T0, amendment, segment
from workdiary.rules.agreement import TermsBook, agreed
from workdiary.rules.entries import Entry, in_order
from workdiary.rules.policy import HOUR as H
from workdiary.rules.policy import STANDARD
from workdiary.rules.speaking import Speakers
from workdiary.rules.weeks import week_of

WEEK = week_of(T0)
DAY = 24 * HOUR


def terms(number: int, role: str = "freelancer", **changes: Any) -> Entry:
    rate = changes.pop("rate", RATE)
    own = {name: changes.pop(name) for name in ("account", "index") if name in changes}
    clear = CLEAR_TERMS | {"accepts": None, "at": T0} | changes
    return amendment(number, "terms", clear, role=role, values={"rate": rate} if rate else {}, **own)


def both(number: int, **changes: Any) -> list[Entry]:
    offered = terms(number, "client", **changes)
    return [offered, terms(number + 1, "freelancer", accepts=offered.id, **changes)]


def book(*entries: Entry) -> TermsBook:
    return agreed(in_order(entries))


def limits(*entries: Entry) -> list[int | None]:
    return [version.terms.limit_s for version in book(*entries).versions]


def test_a_contract_without_a_client_is_its_freelancers_own() -> None:
    assert limits(terms(1), terms(2, limit_s=60, **{"from": T0 + HOUR})) == [3_600, 60]


def test_with_a_client_one_side_alone_agrees_on_nothing() -> None:
    named = terms(1, roots={"freelancer": None, "agency": None, "client": "kid"})
    party = amendment(
        2, "terms", CLEAR_TERMS, values={"rate": RATE, "parties": [{"role": "client", "name": "Bob"}]}
    )
    assert book(named).versions == ()
    assert book(party).versions == ()
    assert book(terms(1), terms(2, "client", limit_s=60)).versions == ()


def test_an_equal_record_of_the_other_side_accepts_wherever_it_stands_in_the_log() -> None:
    offered, accepted = both(1)
    assert limits(offered, accepted) == limits(accepted, offered) == [3_600]
    (version,) = book(offered, accepted).versions
    assert (version.ids, version.place) == (tuple(sorted([offered.id or "", accepted.id or ""])), (0, 2))
    assert book(offered, terms(2, accepts=offered.id, limit_s=1)).versions == ()
    assert book(offered, terms(2, accepts=offered.id, rate=RATE | {"amount": 9})).versions == ()
    assert book(offered, terms(2, "client", accepts=offered.id)).versions == ()


def test_the_weekly_limit_is_the_clients_alone_and_never_backwards() -> None:
    lowered = terms(3, "client", limit_s=60, at=T0 + 2 * HOUR)
    found = book(*both(1), lowered)
    assert [(v.terms.limit_s, v.terms.from_ms) for v in found.versions] == [(3_600, T0), (60, T0 + 2 * HOUR)]
    assert limits(*both(1), terms(3, "freelancer", limit_s=60)) == [3_600]
    assert limits(*both(1), terms(3, "client", limit_s=60, rate=RATE | {"amount": 1})) == [3_600]
    assert limits(*both(1), terms(3, "client", limit_s=60, mode="none")) == [3_600]


def test_either_side_pauses_and_ends_and_neither_resumes_alone() -> None:
    paused = terms(3, status="paused", at=T0 + HOUR)
    resumed = terms(4, "client", status="active", at=T0 + 2 * HOUR)
    found = book(*both(1), paused, resumed)
    assert [v.terms.status for v in found.versions] == ["active", "paused"]
    ended = terms(5, "client", status="ended", span={"start": T0, "end": T0 + DAY}, at=T0 + 3 * HOUR)
    last = book(*both(1), ended).versions[-1].terms
    assert (last.status, last.end_ms) == ("ended", T0 + DAY)


def test_the_operator_speaks_for_the_side_whose_account_it_names() -> None:
    offered = terms(1, "freelancer", account="account-f")
    for_client = terms(2, "operator", accepts=offered.id, on_behalf="account-c")
    for_seller = terms(2, "operator", accepts=offered.id, on_behalf="account-f")
    assert len(book(offered, for_client).versions) == 1
    assert len(book(terms(1, "client"), terms(2, "operator", on_behalf=None)).versions) == 0
    # both from the freelancer's side: no client in sight, so it is the freelancer's own contract
    assert len(book(offered, for_seller).versions) == 2


def test_terms_that_cannot_be_read_are_none() -> None:
    assert book(terms(1, limit_s="many")).versions == ()
    assert book(amendment(1, "terms", {"rev": 1})).versions == ()
    assert book(terms(1, "staff")).versions == ()


def test_what_was_agreed_before_a_place_stays_what_it_was() -> None:
    found = book(terms(1), terms(9, "client", limit_s=60))
    assert found.versions == ()
    assert [v.terms.limit_s for v in found.below((0, 5)).versions] == [3_600]


def test_a_rise_counts_for_the_whole_week_and_until_monday_noon_for_the_last() -> None:
    def limit(at: int, limit_s: int | None) -> int | None:
        return book(*both(1), terms(3, "client", limit_s=limit_s, at=at, **{"from": at})).limit_s(
            WEEK, STANDARD
        )

    assert limit(WEEK.end - 1, 7_200) == 7_200
    assert limit(WEEK.end + 12 * H - 1, 7_200) == 7_200
    assert limit(WEEK.end + 12 * H, 7_200) == 3_600
    assert limit(WEEK.end - DAY, None) is None
    # a fall counts from the next Monday
    assert limit(WEEK.end - DAY, 60) == 3_600
    later = book(*both(1), terms(3, "client", limit_s=60, at=WEEK.end - DAY, **{"from": WEEK.end - DAY}))
    assert later.limit_s(week_of(WEEK.end), STANDARD) == 60


def test_a_pause_counts_from_when_the_device_knew_at_latest_after_twelve_hours() -> None:
    first = both(1)
    found = book(*first, terms(3, status="paused", at=T0 + HOUR))
    knew = first[1].id

    def status(ms: int, named: str | None) -> str:
        terms_then = found.known_to(named, ms, STANDARD)
        assert terms_then is not None
        return terms_then.status

    assert status(T0 + 2 * HOUR, knew) == "active"
    assert status(T0 + 13 * HOUR, knew) == "paused"
    assert status(T0 + 2 * HOUR, None) == "paused"
    assert TermsBook().known_to(knew, T0, STANDARD) is None


def test_a_later_change_does_not_put_off_an_earlier_one() -> None:
    """A client who changes the limit every eleven hours once kept a paused contract active."""
    first = both(1)
    paused = terms(3, status="paused", at=T0 + HOUR)
    changes = [
        terms(4 + k, "client", status="paused", limit_s=60 + k, at=T0 + (12 + 11 * k) * HOUR)
        for k in range(3)
    ]
    found = book(*first, paused, *changes)
    known = [found.known_to(first[1].id, T0 + hour * HOUR, STANDARD) for hour in (12, 13, 24, 36)]
    assert [terms_then and terms_then.status for terms_then in known] == [
        "active",
        "paused",
        "paused",
        "paused",
    ]
    assert [terms_then and terms_then.limit_s for terms_then in known] == [60, 60, 61, 62]


def test_a_segment_is_no_terms() -> None:
    assert book(segment(1, T0, T0 + 1)).versions == ()


def test_a_book_that_grows_says_at_each_place_what_it_says_when_read_to_there() -> None:
    """Offers before and after their acceptance, changes by one side, clients and sellers who come late."""
    draw = random.Random(3)
    for _ in range(150):
        entries: list[Entry] = []
        for number in range(1, 14):
            role = draw.choice(["freelancer", "client", "client", "operator", "agency"])
            changes = {"limit_s": draw.choice([60, 3_600]), "status": draw.choice(["active", "paused"])}
            accepts = draw.choice([None, None, f"{draw.randrange(1, 14)}"])
            told = terms(
                number,
                role,
                account="account-" + role[0],
                accepts=accepts and terms(int(accepts), role).id,
                on_behalf=draw.choice(["account-f", "account-a", "account-c"]),
                at=T0 + number * HOUR,
                **changes,
            )
            entries.append(told)
        whole = book(*entries)
        growing = whole.growing()
        for place in sorted(draw.choices(range(16), k=8)):
            ms = T0 + draw.randrange(16) * HOUR
            assert growing.at((0, place), ms) == whole.below((0, place)).at(ms)


def test_many_terms_between_many_records_of_an_agency_cost_no_more_than_they_weigh() -> None:
    """900 of each once took 19 s: the book was read anew before every record."""
    entries = both(1, agency="account-a")
    for number in range(3, 2_003, 2):
        entries.append(terms(number, "client", limit_s=number, at=T0 + number, agency="account-a"))
        entries.append(amendment(number + 1, "manual", {"start": T0}, role="agency", account="account-a"))
    ordered = in_order(entries)
    started = time.process_time()
    speakers = Speakers(agreed(ordered), ordered)
    assert time.process_time() - started < 2
    assert speakers.unauthorised == frozenset()
