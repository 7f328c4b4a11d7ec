"""The snapshot as `status --json` and the control channel tell it (interfaces.md; docs/commands.md)."""

from __future__ import annotations

from workdiary.client.tracker.events import IdleView, LimitView, Snapshot
from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.times import iso_utc


def status_json(snapshot: Snapshot) -> JsonObject:
    """Times are ISO 8601 UTC, lengths whole seconds, money minor units."""
    return {
        "state": snapshot.state,
        "sync": snapshot.sync,
        "flags": list(snapshot.flags),
        "reason": snapshot.reason,
        "contract": None if snapshot.contract is None else snapshot.contract.name,
        "memo": snapshot.memo,
        "label": snapshot.label,
        "session_s": snapshot.session_ms // 1000,
        "today_s": snapshot.today_ms // 1000,
        "week_s": snapshot.week_ms // 1000,
        "week_limit_s": snapshot.week_limit_s,
        "limit": _limit(snapshot.limit),
        "question": _question(snapshot.question),
        "quiet_until": _iso(snapshot.quiet_until_ms),
        "hints": list(snapshot.hints),
        "clock_skew_s": round(snapshot.skew_ms / 1000),
        "outbox": {
            "waiting": snapshot.outbox.waiting,
            "quarantined": snapshot.outbox.quarantined,
            "oldest": _iso(snapshot.outbox.oldest_ms),
            "last_receipt": _iso(snapshot.outbox.last_receipt_ms),
            "unwitnessed": snapshot.outbox.unwitnessed,
            "after_lock": snapshot.after_lock,
        },
        "backends": {view.capability: {"name": view.name, "note": view.note} for view in snapshot.backends},
        "key_class": snapshot.key_class,
        "demo": snapshot.demo,
    }


def _limit(limit: LimitView | None) -> JsonObject | None:
    if limit is None:
        return None
    return {
        "used_s": limit.used_ms // 1000,
        "limit_s": limit.limit_s,
        "mark": limit.mark,
        "over": limit.over,
    }


def _question(question: IdleView | None) -> JsonObject | None:
    if question is None:
        return None
    return {
        "id": question.id,
        "since": _iso(question.since_ms),
        "until": _iso(question.until_ms),
        "billed_s": question.billed_ms // 1000,
        "manual_s": question.manual_ms // 1000,
        "manual_allowed": question.manual_allowed,
        "price": question.price,
        "currency": question.currency,
        "exponent": question.exponent,
        "memo": question.memo,
        "answer": question.answer,
    }


def _iso(ms: int | None) -> str | None:
    return None if ms is None else iso_utc(ms)
