from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.wire import reading
from workdiary.wire.problems import PERMANENT, STATUS, TITLES, Problem, ProblemCode
from workdiary.wire.reading import BadMessage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
PROBLEMS = st.builds(
    Problem,
    code=st.sampled_from(ProblemCode),
    detail=TEXT,
    subject=TEXT,
    refusal=st.none() | TEXT,
    retry_after_s=st.none() | st.integers(0, 10_000),
)


@given(PROBLEMS)
def test_a_problem_is_read_as_it_was_written(problem: Problem) -> None:
    assert Problem.from_json(reading.decode(reading.encode(problem.to_json()))) == problem


def test_a_problem_is_a_document_of_rfc_9457() -> None:
    assert Problem(ProblemCode.GONE, "redacted by its owner", subject="rid-1").to_json() == {
        "type": "urn:workdiary:problem:gone",
        "title": "Erased or redacted; it is never taken back",
        "status": 410,
        "code": "gone",
        "detail": "redacted by its owner",
        "subject": "rid-1",
    }


def test_every_code_has_a_status_and_a_title() -> None:
    assert STATUS.keys() == TITLES.keys() == set(ProblemCode)
    assert all(400 <= status < 600 for status in STATUS.values())


def test_the_answers_of_the_ingest_table_are_there() -> None:
    assert {400, 401, 403, 404, 409, 410, 413, 422, 429, 500, 503} <= set(STATUS.values())
    assert not PERMANENT & {401, 403, 404, 429, 500, 503}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"code": "gone"},
        {"code": "gone", "status": 409},
        {"code": "gone", "status": True},
        {"code": "nonsense", "status": 400},
        {"code": "gone", "status": 410, "refusal": 1},
        {"code": "gone", "status": 410, "retry_after_s": -1},
        {"status": 410, "title": "a captive portal"},
    ],
)
def test_somebody_elses_problem_is_refused(value: Any) -> None:
    with pytest.raises(BadMessage):
        Problem.from_json(value)
