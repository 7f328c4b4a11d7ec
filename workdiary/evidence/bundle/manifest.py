"""What a bundle says of itself: nobody signed it, so a judge compares every word with signed records."""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.evidence.canonical import JsonObject, JsonValue, dumps, loads_object
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import COUNT, ID, INSTANT, UUID, Choice, Flag, Int, Nullable, Struct
from workdiary.evidence.kinds.base import CHECKPOINT, ORIGIN, SPAN, TreeHead

VERSION = 1
# For whose eyes it was made, as the `access` record before its seal says; what they may not see is withheld.
AUDIENCES = ("freelancer", "agency", "client", "staff", "operator")

_SIZE = Struct({"size": COUNT})
_FORM = Struct(
    {
        "v": Int(VERSION, VERSION),
        "contract": UUID,
        "span": SPAN,
        "origin": ORIGIN,
        "from": _SIZE,
        "to": _SIZE,
        "seal": Nullable(ID),
        "before": Nullable(ID),
        "checkpoint": CHECKPOINT,
        "audience": Choice(AUDIENCES),
        "made": INSTANT,
        "demo": Flag(),
    }
)


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open, UTC ms."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """manifest.json.

    origin: of the newest epoch; from_size, to_size: the log indexes that seals bound, `before` and `seal`
    their ids; seal None: the bundle is OPEN and to_size is the checkpoint's; made: the seal's `at`, else that
    of the newest record (UTC ms).
    """

    contract: str
    span: Span
    origin: str
    from_size: int
    to_size: int
    seal: str | None
    before: str | None
    checkpoint: TreeHead
    audience: str
    made: int
    demo: bool = False

    @property
    def epoch(self) -> int:
        """The newest epoch: that of `log/checkpoint`."""
        return int(self.origin.rpartition("/")[2])

    def to_json(self) -> bytes:
        """The file's canonical bytes. Raises `EvidenceError` for fields that do not fit."""
        value: JsonObject = {
            "v": VERSION,
            "contract": self.contract,
            "span": {"start": self.span.start, "end": self.span.end},
            "origin": self.origin,
            "from": {"size": self.from_size},
            "to": {"size": self.to_size},
            "seal": self.seal,
            "before": self.before,
            "checkpoint": self.checkpoint.to_json(),
            "audience": self.audience,
            "made": self.made,
            "demo": self.demo,
        }
        _FORM.check(value, "manifest")
        return dumps(value)

    @classmethod
    def from_json(cls, data: bytes) -> Manifest:
        """Read a manifest; only the canonical spelling is one. Raises `EvidenceError`."""
        value = loads_object(data)
        _FORM.check(value, "manifest")
        span, head = _object(value["span"]), _object(value["checkpoint"])
        manifest = cls(
            contract=str(value["contract"]),
            span=Span(_int(span["start"]), _int(span["end"])),
            origin=str(value["origin"]),
            from_size=_int(_object(value["from"])["size"]),
            to_size=_int(_object(value["to"])["size"]),
            seal=_id(value["seal"]),
            before=_id(value["before"]),
            checkpoint=TreeHead(_int(head["size"]), str(head["root"])),
            audience=str(value["audience"]),
            made=_int(value["made"]),
            demo=value["demo"] is True,
        )
        if manifest.to_json() != data:
            raise EvidenceError("bundle", "the manifest is not in canonical form")
        return manifest


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _int(value: JsonValue) -> int:
    return int(str(value))


def _id(value: JsonValue) -> str | None:
    return None if value is None else str(value)
