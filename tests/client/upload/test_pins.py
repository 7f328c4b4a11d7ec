"""Whom a device relies on changes unseen only to what makes a note harder to get."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.client.test_account import ENROLMENT
from workdiary.client.account import Enrolment
from workdiary.client.upload.pins import offered, pinned
from workdiary.wire.messages import Installation

A, B, C, D = "a", "b", "c", "d"


def shown(witnesses: tuple[str, ...], k: int, tsas: tuple[str, ...] = ()) -> Installation:
    return Installation("o", "v", {}, {}, True, True, 0, "n", witnesses, k, tsas)


def known(witnesses: tuple[str, ...], k: int, tsas: tuple[str, ...] = ()) -> Enrolment:
    return replace(ENROLMENT, witnesses=witnesses, k=k, tsas=tsas)


def test_the_first_set_is_pinned() -> None:
    after = pinned(ENROLMENT, shown((A, B), 1, ("t",)))
    assert (after.witnesses, after.k, after.tsas) == ((A, B), 1, ("t",))
    assert offered(after, shown((B, A), 1, ("t",)), 5) is None


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (((A, B), 1), ((A, B), 2)),
        (((A, B), 2), ((A, B, C), 3)),
        (((A,), 1), ((A, B, C), 3)),
    ],
)
def test_what_only_makes_it_harder_is_pinned(
    before: tuple[tuple[str, ...], int], now: tuple[tuple[str, ...], int]
) -> None:
    after = pinned(known(*before), shown(*now))
    assert (after.witnesses, after.k) == now
    assert offered(after, shown(*now), 5) is None


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (((A, B), 2), ((A, B), 1)),  # fewer have to agree
        (((A, B), 1), ((A,), 1)),  # one is gone
        (((A, B), 1), ((C, D), 1)),
        (((A, B), 2), ((A, C), 2)),
        (((A, B), 1), ((A, B, C), 1)),  # the new one alone would do
        (((A, B), 2), ((A, B, C, D), 3)),
        (((A, B), 1), ((), 0)),
    ],
)
def test_everything_else_is_shown_and_changes_nothing(
    before: tuple[tuple[str, ...], int], now: tuple[tuple[str, ...], int]
) -> None:
    after = pinned(known(*before), shown(*now))
    assert (after.witnesses, after.k) == before
    offer = offered(after, shown(*now), 5)
    assert offer is not None
    assert (offer.witnesses, offer.k, offer.at_ms) == (*now, 5)
    assert "witnesses" in offer.reason()


def test_another_time_stamper_is_shown_only() -> None:
    before = known((A,), 1, ("t",))
    assert pinned(before, shown((A,), 1, ("t", "u"))).tsas == ("t",)
    assert offered(before, shown((A,), 1, ("t", "u")), 5) is not None
