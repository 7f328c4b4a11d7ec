"""The operator's signed word about what is refused for good, on its account stream."""

from __future__ import annotations

from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.envelope import parse
from workdiary.evidence.times import is_uuid7
from workdiary.server.receive.models import OperatorHead, Record, Refused
from workdiary.server.receive.operator_stream import Statement, operator_signer, state
from workdiary.server.store.problem import ProblemError
from workdiary.wire.problems import Problem, ProblemCode

__all__ = ["FOR_GOOD", "operator_signer", "refusal"]

# Judged for good: these carry the operator's signed word. A conflict or trouble of ours is no judgement.
FOR_GOOD = frozenset({400, 413, 422})


class _KnownError(Exception):
    """The word was given meanwhile."""


def refusal(code: ProblemCode, detail: str, rid: str, subject: str) -> ProblemError:
    """The answer to what is refused for good: the problem with the operator's signed word about `subject`.

    subject: id of the JWS, or base64url SHA-256 of bytes that hold none; the same bytes under the same id get
    the same word.
    """
    about = rid if is_uuid7(rid) else None
    jws = _known(code, about, subject) or _refuse(code, about, subject)
    error = ProblemError(code, detail, rid)
    error.problem = Problem(code, detail, rid, jws)
    return error


def _known(code: ProblemCode, about: str | None, subject: str) -> str | None:
    """The word last given; another one is due if it was about another id, which the sender would not take."""
    known = Refused.objects.filter(subject=subject, code=code).first()
    return known.jws if known is not None and parse(known.jws).payload["about"] == about else None


def _refuse(code: ProblemCode, about: str | None, subject: str) -> str:
    clear: JsonObject = {"about": about, "tgt": subject, "code": str(code)}

    def make(_head: OperatorHead) -> Statement:
        # Two senders of the same bytes at once get one word.
        if _known(code, about, subject) is not None:
            raise _KnownError
        return Statement("refusal", clear)

    def keep(record: Record) -> None:
        Refused.objects.filter(subject=subject, code=code).delete()
        Refused.objects.create(subject=subject, code=code, jws=record.jws, at_ms=record.received_ms)

    try:
        return state(None, make, keep).jws
    except _KnownError:
        return _known(code, about, subject) or _refuse(code, about, subject)
