"""Corrections and words about idle time, as the control channel asks for them."""

from __future__ import annotations

from typing import Final, cast, get_args

from workdiary.client.sign.held import RedactScope
from workdiary.client.tracker.events import AnnotationKind, Corrections, IdleAnswer, IdleDesk
from workdiary.evidence.canonical import JsonObject
from workdiary.wire.reading import BadMessage, Reader

CORRECTIONS: Final = frozenset({"redact", "discard", "blur", "move", "rename"})
IDS_MAX: Final = 500
_SCOPES: Final[dict[str, RedactScope]] = {"shots": "shots", "memo": "memo", "apps": "apps"}


def correct(corrections: Corrections, cmd: str, args: Reader) -> JsonObject:
    """Carry out one of `CORRECTIONS`: {changed: how many segments} and, of a move, {rids}.

    Raises `KnownError`, `BadMessage`.
    """
    rids = list(args.texts("ids", IDS_MAX))
    if cmd == "move":
        memo, label = args.optional_text("memo"), args.optional_text("label")
        moved = corrections.move(rids, args.text("to"), memo, label, over_limit=args.flag("over_limit"))
        return {"changed": len(moved), "rids": [*moved]}
    if cmd == "redact":
        scope = _SCOPES.get(args.text_or("scope", "shots"))
        if scope is None:
            raise BadMessage("redact: an unknown scope")
        return {"changed": corrections.redact(rids, scope)}
    if cmd == "discard":
        start, end = args.optional_integer("from"), args.optional_integer("until")
        part = None if start is None or end is None else (start, end)
        return {"changed": corrections.discard(rids, part)}
    if cmd == "blur":
        return {"changed": corrections.blur(rids)}
    return {"changed": corrections.set_memo(rids, args.text("memo"), args.optional_text("label"))}


def say_of_idle(desk: IdleDesk, cmd: str, args: Reader) -> None:
    """Carry out `away` {choice: an answer or `undo`; memo; of} or `call` {kind, minutes, text}.

    Raises `KnownError`, `BadMessage`.
    """
    if cmd == "call":
        kind = args.text_or("kind", "call")
        if kind not in get_args(AnnotationKind):
            raise BadMessage("call: an unknown kind")
        desk.announce(cast("AnnotationKind", kind), args.integer("minutes"), args.optional_text("text"))
        return
    choice = args.text("choice")
    if choice == "undo":
        desk.undo(args.optional_text("of"))
    elif choice in get_args(IdleAnswer):
        desk.answer(cast("IdleAnswer", choice), args.optional_text("memo"))
    else:
        raise BadMessage("away: an unknown choice")
