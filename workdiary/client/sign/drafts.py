"""Amendments as the records they become: fields, slots, and what each of them ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.model import ShotImage
from workdiary.client.sign.book import Target
from workdiary.client.sign.held import RedactScope, Span
from workdiary.client.sign.segment_record import Drafted, shot_fields
from workdiary.client.sign.waiting import Wish
from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.evidence.envelope import parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.kinds.time import SPANS_CAP
from workdiary.evidence.records import check_value
from workdiary.rules.spans import Spans, clip, subtract

REDACTED_SLOTS: Final[Mapping[RedactScope, tuple[str, ...]]] = {
    "shots": ("shot.",),
    "memo": ("memo", "label"),
    "apps": ("app.",),
    "several": ("shot.", "memo", "label", "app."),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One record of a wish; instant_ms: what its rid carries where that is not `at`."""

    drafted: Drafted
    targets: tuple[str, ...] = ()
    destroy: tuple[str, ...] = ()
    instant_ms: int | None = None


def of(wish: Wish, known: Mapping[str, Target]) -> list[Part]:
    """The records that carry out a wish; known: what it names, all signed. [] if nothing is left to say."""
    if wish.kind == "annotate":
        clear = {name: wish.more[name] for name in ("type", "start", "end")}
        return [Part(Drafted(clear, {"text": wish.more["text"]}, ()), instant_ms=_int(wish.more["start"]))]
    if wish.kind in {"discard", "idle-claim"}:
        return _spans(wish, known)
    target = known.get(wish.tgt or "")
    if target is None or target.id is None:
        return []
    about = tuple(dict.fromkeys((target.rid, *target.of, wish.of or target.rid)))
    if wish.kind == "memo":
        slots = {name: wish.more[name] for name in ("memo", "label")}
        return [Part(Drafted({"tgt": target.id}, slots, ()), about)]
    return _redact(wish, target, about)


def replace(target: str, digest: str, image: ShotImage) -> Drafted:
    """A blurred image in place of the one whose disclosure has this digest."""
    return Drafted(
        {"tgt": target, "digest": digest, "how": "blurred"}, {"shot.0": shot_fields(image)}, (image,)
    )


def spans_of(jws: str) -> list[tuple[str, int, int]]:
    """(target id, start, end) of each span of a `discard` or `idle-claim`."""
    listed = parse(jws).payload["spans"]
    spans = [span for span in listed if isinstance(span, dict)] if isinstance(listed, list) else []
    return [(str(span["tgt"]), _int(span["start"]), _int(span["end"])) for span in spans]


def why_of(jws: str) -> str:
    """Why a `discard` or `redact` was made."""
    return str(parse(jws).payload["why"])


def left(span: Span, target: Target, holes: Sequence[tuple[int, int]]) -> Spans:
    """What of a span the target has and nothing has removed; of an open segment the end is not known."""
    wanted: Spans = ((span.start_ms, span.end_ms),)
    if target.id is not None and target.kind == "segment":
        wanted = clip(wanted, (target.start_ms, target.end_ms))
    return subtract(wanted, holes)


def check_slot(kind: str, name: str, value: JsonValue) -> None:
    """Raise KnownError (exit 2) for a text that no record could carry, while it can be changed."""
    try:
        check_value(kind, name, value)
    except EvidenceError as error:
        raise KnownError(
            f"This {name} cannot be recorded", f"It is {error.message}; change it.", exit_code=ExitCode.USAGE
        ) from error


def _spans(wish: Wish, known: Mapping[str, Target]) -> list[Part]:
    claim = wish.kind == "idle-claim"
    origin = known.get(wish.tgt or "")
    if claim and (origin is None or origin.id is None):
        return []
    rows: list[tuple[str, JsonObject]] = []
    for span in wish.spans:
        target = known.get(span.rid)
        # A claim may reach past the segment that closed idle: the time away belongs to no record.
        kept = () if target is None else ((span.start_ms, span.end_ms),) if claim else left(span, target, ())
        rows += [(span.rid, _row(target, start, end)) for start, end in kept if target is not None]
    parts = []
    for first in range(0, len(rows), SPANS_CAP):
        some = rows[first : first + SPANS_CAP]
        clear: JsonObject = {"spans": [row for _, row in some]}
        slots: JsonObject = {}
        named = dict.fromkeys(rid for rid, _ in some)
        about = tuple(dict.fromkeys(name for rid in named for name in (rid, *known[rid].of)))
        if claim and origin is not None:
            clear |= {"tgt": origin.id, "choice": wish.more["choice"]}
            slots["memo"] = wish.more["memo"]
            about = (*about, origin.rid)
        else:
            clear["why"] = wish.why
        parts.append(Part(Drafted(clear, slots, ()), about))
    return parts


def _row(target: Target, start: int, end: int) -> JsonObject:
    return {"tgt": target.id, "start": start, "end": end}


def _redact(wish: Wish, target: Target, about: tuple[str, ...]) -> list[Part]:
    scope = str(wish.more["scope"])
    prefixes = next(slots for name, slots in REDACTED_SLOTS.items() if name == scope)
    digests = tuple(digest for slot, digest in target.digests.items() if slot.startswith(prefixes))
    if not digests:
        return []
    clear: JsonObject = {"tgt": target.id, "digests": [*digests], "scope": scope, "why": wish.why}
    return [Part(Drafted(clear, {}, ()), about, destroy=digests)]


def _int(value: JsonValue) -> int:
    if not isinstance(value, int):
        raise TypeError(type(value).__name__)
    return value
