"""Records that the server refused: signed, turned away in writing, named by the next one."""

from __future__ import annotations

from tests.fakes.diary_days import DiaryServer, Worked
from workdiary.evidence.canonical import JsonValue
from workdiary.evidence.envelope import SignedRecord


def refuse(server: DiaryServer, worked: Worked) -> SignedRecord:
    """Sign the next segment of the stream; the server refuses it, and says so in its log."""
    from workdiary.server.receive.operator import refusal
    from workdiary.wire.problems import ProblemCode

    lost = server.unsent(worked, server._seq, server._prev)
    server._seq, server._prev = server._seq + 1, lost.id
    refusal(ProblemCode.MALFORMED, "a test says so", str(lost.payload["rid"]), lost.id)
    return lost


def skip(lost: SignedRecord) -> dict[str, JsonValue]:
    """What the next record says of it, for `Worked.clear`."""
    return {"skips": [{"seq": lost.payload["seq"], "id": lost.id, "code": "malformed"}]}
