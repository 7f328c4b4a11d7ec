from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.wire import control
from workdiary.wire.control import ControlReply, ControlRequest
from workdiary.wire.known import ExitCode, KnownError
from workdiary.wire.reading import BadMessage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT | st.lists(TEXT, max_size=4)
REQUESTS = st.builds(
    ControlRequest, cmd=st.sampled_from(get_args(control.Command)), args=st.dictionaries(TEXT, VALUES)
)
ERRORS = st.builds(
    KnownError,
    TEXT,
    TEXT,
    subject=TEXT,
    permanent=st.booleans(),
    exit_code=st.sampled_from(ExitCode),
)


@given(REQUESTS)
def test_a_request_is_one_line_and_read_as_written(request: ControlRequest) -> None:
    line = request.to_line()
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert ControlRequest.from_line(line) == request


@given(VALUES)
def test_a_result_is_read_as_written(result: Any) -> None:
    assert ControlReply.from_line(ControlReply(result).to_line()).unwrap() == result


@given(ERRORS)
def test_an_error_is_raised_where_the_command_was_given(error: KnownError) -> None:
    reply = ControlReply.from_line(ControlReply(error=error).to_line())
    with pytest.raises(KnownError) as caught:
        reply.unwrap()
    assert vars(caught.value) == vars(error)


def test_the_lines_are_those_of_the_channel() -> None:
    request = ControlRequest("start", {"contract": "demo", "memo": "résumé"})
    assert request.to_line() == '{"cmd":"start","args":{"contract":"demo","memo":"résumé"}}\n'.encode()
    assert ControlReply(result=None).to_line() == b'{"ok":true,"result":null}\n'
    error = KnownError("Not tracking", "Start first.", exit_code=ExitCode.REFUSED)
    assert ControlReply(error=error).to_line() == (
        b'{"ok":false,"error":{"title":"Not tracking","message":"Start first.","subject":"",'
        b'"permanent":true,"exit_code":7}}\n'
    )


def test_arguments_are_read_by_name_and_type() -> None:
    reader = ControlRequest("redact", {"rids": ["a", "b"]}).reader()
    assert reader.texts("rids", 10) == ("a", "b")
    with pytest.raises(BadMessage, match="redact: memo"):
        reader.text("memo")
    assert reader.optional_text("memo") is None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"start\n",
        b"[]\n",
        b'{"cmd":"start"}\n',
        b'{"cmd":"launch","args":{}}\n',
        b'{"cmd":"start","args":[]}\n',
        b'{"cmd":"start","args":{}} {}\n',
        b'{"cmd":"start","cmd":"stop","args":{}}\n',
        b'{"cmd":"start","args":{"memo":"' + b"x" * control.LINE_MAX + b'"}}\n',
    ],
)
def test_a_line_that_is_no_request(line: bytes) -> None:
    with pytest.raises(BadMessage):
        ControlRequest.from_line(line)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]\n",
        b"{}\n",
        b'{"ok":1}\n',
        b'{"ok":false}\n',
        b'{"ok":false,"error":{"title":"t","message":"m","subject":"","permanent":true,"exit_code":3}}\n',
        b'{"ok":false,"error":{"title":"t","message":"m","subject":"","permanent":1,"exit_code":1}}\n',
    ],
)
def test_a_line_that_is_no_reply(line: bytes) -> None:
    with pytest.raises(BadMessage):
        ControlReply.from_line(line)


@given(st.binary(max_size=80))
def test_any_line_leads_to_a_message_or_to_the_one_error(line: bytes) -> None:
    for read in (ControlRequest.from_line, ControlReply.from_line):
        try:
            read(line)
        except BadMessage:
            continue
