"""What trust.json holds: the newest note of the log, and what the person has to be told about the server."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeVar

from workdiary.client.errors import DamagedError


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A verified checkpoint: size, root (base64url, as records carry it) and the signed note's text."""

    size: int
    root: str
    note: str

    @property
    def origin(self) -> str:
        """The log it is of: the first line of the note."""
        return self.note.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class NewLog:
    """The server began a new epoch after it lost leaves.

    kept: the newest note known here of the log before, "" if none; named: the note its leaf 0 names; first:
    the new log's first note; searched: whether everything sent before was asked for.
    """

    origin: str
    kept: str
    named: str
    first: str
    at_ms: int
    searched: bool = False

    def reason(self) -> str:
        """Words for the status line."""
        return "The server lost part of its log and began a new one. Both notes are kept; it is sent again."


@dataclass(frozen=True, slots=True)
class Halt:
    """Why sync stopped for good: the log rolled back or forked; both notes are kept as proof."""

    why: Literal["rollback", "fork"]
    old_note: str
    new_note: str
    at_ms: int
    witnesses: str = ""  # names of pinned witnesses that cosigned both notes

    def reason(self) -> str:
        """Words for the status line."""
        both = f" Both are cosigned by {self.witnesses}: that witness cannot be relied on."
        return _HALT_WORDS[self.why] + (both if self.witnesses else "")


_HALT_WORDS = {
    "rollback": "The server shows an older log than it signed before. Both notes are kept; tracking goes on.",
    "fork": "The server's log was rewritten. Both notes are kept as proof; tracking goes on.",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """Witnesses and time stampers the server names now, which nobody may pin without a person's word."""

    witnesses: tuple[str, ...]
    k: int
    tsas: tuple[str, ...]
    at_ms: int

    def reason(self) -> str:
        """Words for the status line."""
        return (
            "The server names other witnesses than this computer relies on. Nothing was changed here: "
            "compare them with their operators, then enrol this computer anew."
        )


@dataclass(frozen=True, slots=True)
class Trust:
    """Everything in trust.json.

    refused: why the server sends this device away, "" while it does not; left_out: ids of the contracts of
    which its last answer left out terms that are known here.
    """

    newest: Checkpoint | None = None
    halt: Halt | None = None
    new_logs: tuple[NewLog, ...] = ()
    refused: str = ""
    offer: Offer | None = None
    left_out: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:  # any JSON
        """As the file holds it."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any], path: str) -> Trust:
        """Read the file. Raises DamagedError."""
        listed = value.get("new_logs", [])
        found = [_build(NewLog, item, path) for item in (listed if isinstance(listed, list) else [None])]
        refused, left_out = value.get("refused", ""), value.get("left_out", [])
        texts = left_out if isinstance(left_out, list | tuple) else [None]
        if not all(isinstance(text, str) for text in (refused, *texts)):
            raise DamagedError(path, "It does not hold what this version writes.")
        return cls(
            newest=_build(Checkpoint, value.get("newest"), path),
            halt=_build(Halt, value.get("halt"), path),
            new_logs=tuple(item for item in found if item is not None),
            refused=refused,
            offer=_offer(value.get("offer"), path),
            left_out=tuple(left_out),
        )


def says_more(one: Checkpoint, other: Checkpoint) -> bool:
    """A larger checkpoint, or the same with more cosignatures: they are proof against whoever gave two."""
    if (one.size, one.root) == (other.size, other.root):
        return one.note.count("\n") > other.note.count("\n")
    return one.size > other.size


_T = TypeVar("_T", Checkpoint, Halt, NewLog)


def _build(kind: type[_T], value: Any, path: str) -> _T | None:
    """The dataclass out of its JSON.

    Raises DamagedError unless exactly its fields, rightly typed, are there.
    """
    if value is None:
        return None
    if isinstance(value, dict) and kind is Halt:
        value = {"witnesses": "", **value}  # older homes do not name them
    names = {item.name for item in fields(kind)}
    texts = names - {"size", "at_ms", "searched"}
    if (
        not isinstance(value, dict)
        or value.keys() != names
        or any(isinstance(item, str) != (name in texts) for name, item in value.items())
    ):
        raise DamagedError(path, "It does not hold what this version writes.")
    return kind(**value)


def _offer(value: Any, path: str) -> Offer | None:
    if value is None:
        return None
    try:
        offer = Offer(tuple(value["witnesses"]), value["k"], tuple(value["tsas"]), value["at_ms"])
    except (KeyError, TypeError) as error:
        raise DamagedError(path, "It does not hold what this version writes.") from error
    texts = (*offer.witnesses, *offer.tsas)
    if not all(isinstance(text, str) for text in texts) or not isinstance(offer.k, int):
        raise DamagedError(path, "It does not hold what this version writes.")
    return offer
