"""Only this protocol's answers count; a captive portal never loses or settles anything."""

from __future__ import annotations

import json

import pytest

from workdiary.client.errors import ExitCode, OfflineError
from workdiary.client.upload.answers import (
    LaterError,
    NonsenseError,
    RefusedError,
    SignInError,
    StoppedError,
    read,
)
from workdiary.client.upload.transport import Answer
from workdiary.wire.messages import BlobReply
from workdiary.wire.problems import STATUS, Problem, ProblemCode

PORTAL = b"<html><body>Please accept the terms of this hotel</body></html>"


def answer(status: int, body: object = None, **headers: str) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers, raw)


def problem(code: ProblemCode) -> Answer:
    return answer(STATUS[code], Problem(code).to_json())


@pytest.mark.parametrize("status", [200, 201])
def test_a_message_is_read(status: int) -> None:
    reply = BlobReply("ab" * 32, stored=True)
    assert read(answer(status, reply.to_json()), BlobReply.from_json) == reply


@pytest.mark.parametrize(
    "status", [200, 201, 204, 301, 302, 307, 400, 401, 403, 404, 409, 410, 413, 422, 511]
)
def test_a_portal_is_the_network(status: int) -> None:
    with pytest.raises(OfflineError) as caught:
        read(answer(status, PORTAL), BlobReply.from_json)
    assert not caught.value.permanent
    assert caught.value.exit_code is ExitCode.OFFLINE


@pytest.mark.parametrize(
    "body", [[], {}, {"digest": 5, "stored": True}, {"digest": "x"}, b"\xff\xfe", b'{"stored": NaN}', b""]
)
def test_other_json_is_nonsense(body: object) -> None:
    with pytest.raises(NonsenseError):
        read(answer(200, body), BlobReply.from_json)


def test_a_problem_of_another_status_is_nonsense() -> None:
    with pytest.raises(NonsenseError):
        read(answer(409, Problem(ProblemCode.GONE).to_json()), BlobReply.from_json)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_later(status: int) -> None:
    with pytest.raises(LaterError) as caught:
        read(answer(status, PORTAL, **{"retry-after": "17"}), BlobReply.from_json)
    assert (caught.value.status, caught.value.retry_after_s) == (status, 17)


@pytest.mark.parametrize(
    ("text", "wanted"), [("999999", 3600), ("soon", None), ("", None), ("-5", None), ("٣", None)]
)
def test_retry_after_is_believed_within_reason(text: str, wanted: int | None) -> None:
    with pytest.raises(LaterError) as caught:
        read(answer(503, b"", **{"retry-after": text}), BlobReply.from_json)
    assert caught.value.retry_after_s == wanted


def test_the_token_expired() -> None:
    with pytest.raises(SignInError):
        read(problem(ProblemCode.SIGN_IN), BlobReply.from_json)


@pytest.mark.parametrize("code", [ProblemCode.REVOKED, ProblemCode.FORBIDDEN])
def test_revoked(code: ProblemCode) -> None:
    with pytest.raises(StoppedError):
        read(problem(code), BlobReply.from_json)


@pytest.mark.parametrize(
    "code",
    [
        ProblemCode.CONFLICT,
        ProblemCode.GONE,
        ProblemCode.UNKNOWN_KEY,
        ProblemCode.RECORD_MISSING,
        ProblemCode.TOO_LARGE,
        ProblemCode.MALFORMED,
    ],
)
def test_judgements(code: ProblemCode) -> None:
    with pytest.raises(RefusedError) as caught:
        read(problem(code), BlobReply.from_json)
    assert caught.value.problem.code is code
