"""Messages of the control channel: one JSON object a line, one reply for one request, on a local socket.

{"cmd": "start", "args": {"contract": "demo", "memo": "…"}}
{"ok": true, "result": …}  or  {"ok": false, "error": {title, message, subject, permanent, exit_code}}
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, cast, get_args

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.wire.known import ExitCode, KnownError
from workdiary.wire.reading import BadMessage, Reader, decode, encode

Command = Literal[
    "start",
    "stop",
    "pause",
    "memo",
    "status",
    "decide",
    "redact",
    "discard",
    "blur",
    "move",
    "rename",
    "away",
    "call",
    "retry",
    "quit",
]
COMMANDS: Final = frozenset(get_args(Command))

# A status with a full strip of cells stays far below; anything longer is not ours.
LINE_MAX: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A command for the running tracker and its arguments (those of `Tracker`'s method of that name)."""

    cmd: Command
    args: JsonObject = field(default_factory=dict)

    def to_line(self) -> bytes:
        """The request with its line end."""
        return _line({"cmd": self.cmd, "args": self.args})

    @classmethod
    def from_line(cls, line: bytes) -> ControlRequest:
        """Read a request. Raises `BadMessage`."""
        reader = _reader(line, "control request")
        cmd = reader.text("cmd")
        if cmd not in COMMANDS:
            raise BadMessage("control request: an unknown command")
        return cls(cast("Command", cmd), reader.mapping("args"))

    def reader(self) -> Reader:
        """The arguments, to be read by name and type."""
        return Reader(self.args, self.cmd)


@dataclass(frozen=True, slots=True)
class ControlReply:
    """What the tracker answers: a result, or the `KnownError` it raised, which `unwrap` raises again."""

    result: JsonValue = None
    error: KnownError | None = None

    def to_line(self) -> bytes:
        """The reply with its line end."""
        if self.error is None:
            return _line({"ok": True, "result": self.result})
        return _line({"ok": False, "error": error_to_json(self.error)})

    @classmethod
    def from_line(cls, line: bytes) -> ControlReply:
        """Read a reply. Raises `BadMessage`."""
        value = _decoded(line)
        reader = Reader(value, "control reply")
        if reader.flag("ok"):
            return cls(result=value.get("result") if isinstance(value, dict) else None)
        return cls(error=error_from_json(reader.mapping("error")))

    def unwrap(self) -> JsonValue:
        """The result. Raises the tracker's `KnownError`."""
        if self.error is not None:
            raise self.error
        return self.result


def error_to_json(error: KnownError) -> JsonObject:
    """A `KnownError` as data."""
    return {
        "title": error.title,
        "message": error.message,
        "subject": error.subject,
        "permanent": error.permanent,
        "exit_code": int(error.exit_code),
    }


def error_from_json(value: JsonValue) -> KnownError:
    """The `KnownError` that was sent. Raises `BadMessage`."""
    reader = Reader(value, "error")
    try:
        exit_code = ExitCode(reader.integer("exit_code"))
    except ValueError as error:
        raise error if isinstance(error, BadMessage) else BadMessage("error: an unknown exit code") from None
    return KnownError(
        reader.text("title"),
        reader.text("message"),
        subject=reader.text("subject"),
        permanent=reader.flag("permanent"),
        exit_code=exit_code,
    )


def _line(message: JsonObject) -> bytes:
    return encode(message) + b"\n"


def _decoded(line: bytes) -> JsonValue:
    if len(line) > LINE_MAX:
        raise BadMessage(f"control: a line of more than {LINE_MAX} bytes")
    return decode(line)


def _reader(line: bytes, what: str) -> Reader:
    return Reader(_decoded(line), what)
