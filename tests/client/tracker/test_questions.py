"""What a question says a claim would bill is what the rules bill, in however many records it is signed."""

from __future__ import annotations

from tests.fakes.entries import HOUR, MINUTE, T0, TERMS, amendment, discard, segment
from workdiary.client.tracker.questions import Worth, found, view
from workdiary.evidence.kinds.time import SPANS_CAP
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project
from workdiary.rules.rounding import credits_of

PARTS = [
    segment(k + 1, T0 + k * MINUTE, T0 + (k + 1) * MINUTE, close="idle" if k == SPANS_CAP else "cell")
    for k in range(SPANS_CAP + 1)
]
END = PARTS[-1].number("end")


def test_an_absence_of_more_spans_than_a_record_holds_is_told_and_billed_as_one() -> None:
    whole = [(one, one.number("start"), one.number("end")) for one in PARTS]
    holes = [discard(200, *whole[:SPANS_CAP], why="idle"), discard(201, *whole[SPANS_CAP:], why="idle")]
    (question,) = found("contract", [*PARTS, *holes])
    told = view(question, Worth(TERMS, STANDARD), END + HOUR)

    ids = {one.rid: one.id for one in PARTS}
    rows = [{"tgt": ids[s.rid], "start": s.start_ms, "end": s.end_ms} for s in question.claimed(END + HOUR)]
    claims = [
        amendment(202 + k, "idle-claim", {"tgt": holes[0].id, "spans": some, "at": END + HOUR})
        for k, some in enumerate((rows[:SPANS_CAP], rows[SPANS_CAP:]))
    ]
    credited = credits_of(project([*PARTS, *holes, *claims]).segments, TERMS, STANDARD)
    assert sum(c.billable_ms for c in credited if c.line == "idle-claim") == told.billed_ms == 30 * MINUTE
