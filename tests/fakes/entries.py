"""Entries for tests of the projection: names and types of real records, and none of their signatures."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from workdiary.evidence.canonical import b64u
from workdiary.evidence.times import parse_iso
from workdiary.rules.entries import Entry, blob_id
from workdiary.rules.policy import STANDARD, digest
from workdiary.rules.terms import Terms

MINUTE = 60_000
HOUR = 60 * MINUTE
# Monday of 2026-W47, 10:00 UTC
T0 = parse_iso("2026-11-16T10:00:00Z")

TERMS = Terms(rate=2_500, currency="USD", limit_s=None)
CLEAR_TERMS = {
    "rev": 1,
    "from": T0,
    "status": "active",
    "kind": "hourly",
    "span": {"start": T0, "end": None},
    "mode": "full",
    "shots": 1,
    "limit_s": 3_600,
    "idle": 600_000,
    "rounding": "exact",
    "manual": False,
    "labels": "optional",
    "activity": 3,
    "assistive": False,
    "apps": "none",
    "detail": "bucket",
}
RATE = {"amount": 2_500, "currency": "USD", "exponent": 2}
VERIFIED = {
    "integrity": "VALID",
    "chain": "CONTIGUOUS",
    "log": "LOGGED",
    "time": "UNBOUNDED",
    "content": "FULL",
    "key": "VOUCHED",
}


def name_digest(text: str) -> str:
    """A digest that stands for something named."""
    return b64u(hashlib.sha256(text.encode()).digest())


def rid(number: int) -> str:
    """A UUIDv7-like id that sorts by its number."""
    return f"0193{number:04x}-0000-7000-8000-{number:012x}"


def shot_facts(at: int, **changes: Any) -> dict[str, Any]:
    """A `shot.k` value."""
    display = {"x": 0, "y": 0, "w": 1920, "h": 1080, "scale_milli": 1000, "rot": 0}
    return {
        "sha256": "0" * 64,
        "bytes": 50_000,
        "type": "image/avif",
        "width": 1920,
        "height": 1080,
        "display": display,
        "role": "screen",
        "at": at,
        "edit": "none",
    } | changes


def segment(number: int, start: int, end: int, **changes: Any) -> Entry:
    """A logged segment: fully active, one shot in the middle; `changes` to clear fields, values or Entry.

    `shot_at`: instants of its shots; `memo`, `label`: disclosed; Entry's own names as they are.
    """
    own = {name: changes.pop(name) for name in _ENTRY if name in changes}
    instants = changes.pop("shot_at", [(start + end) // 2])
    memo = changes.pop("memo", "fixing the login page")
    label = changes.pop("label", None)
    buckets = changes.pop("act", [])
    clear = {
        "at": end,
        "session": "session-1",
        "start": start,
        "end": end,
        "tracked": end - start,
        "policy": digest(STANDARD),
        "demo": False,
        "mode": "full",
        "backend_counts": "full",
        "open": "start",
        "close": "cell",
        "clock_step": False,
        "clock_unsure": False,
        "recovered": False,
        "shots": len(instants),
        "apps": 0,
        "buckets": len(buckets),
        "no_shot": None,
        "masked_pct": 0,
        "hit": bool(instants),
        "active_ms": changes.get("tracked", end - start),
        "injected": 0,
    } | changes
    values = {"memo": memo, "label": label, "zone": "Europe/Berlin", "build": None}
    values |= {f"shot.{k}": shot_facts(at) for k, at in enumerate(instants)}
    values |= {f"act.{k}": bucket for k, bucket in enumerate(buckets)}
    digests = {name: name_digest(f"{number}:{name}") for name in values}
    defaults: dict[str, Any] = {
        "index": number,
        "id": name_digest(f"record {number}"),
        "values": values,
        "digests": digests,
        "state": "sent",
        "axes": VERIFIED,
    }
    return _entry(number, "segment", clear, defaults | own)


def amendment(number: int, kind: str, clear: dict[str, Any], **own: Any) -> Entry:
    """A logged amendment."""
    defaults: dict[str, Any] = {"index": number, "id": name_digest(f"record {number}"), "state": "sent"}
    return _entry(number, kind, {"at": T0 + 10 * HOUR + number} | clear, defaults | own)


def discard(number: int, *spans: tuple[Entry, int, int], why: str = "owner", **own: Any) -> Entry:
    """A discard of spans of segments."""
    listed = [{"tgt": target.id, "start": start, "end": end} for target, start, end in spans]
    return amendment(number, "discard", {"spans": listed, "why": why}, **own)


def redact(number: int, target: Entry, *names: str, **own: Any) -> Entry:
    """A redaction of named slots of a record."""
    digests = [target.digests[name] for name in names]
    return amendment(
        number,
        "redact",
        {"tgt": target.id, "digests": digests, "scope": _scope(names), "why": "owner"},
        **own,
    )


def unopened(entry: Entry) -> Entry:
    """The same record with none of its disclosures at hand."""
    clear = {**entry.clear, "_sd": sorted(entry.digests.values())}
    return replace(entry, clear=clear, values={}, digests={})


def memo(number: int, target: Entry, text: str | None, label: str | None = None, **own: Any) -> Entry:
    """A new memo for a record."""
    values = {"memo": text, "label": label}
    digests = {name: name_digest(f"{number}:{name}") for name in values}
    own = {"values": values, "digests": digests} | own
    return amendment(number, "memo", {"tgt": target.id}, **own)


def stored(*entries: Entry) -> frozenset[str]:
    """The blob ids of every image of entries, as a server that has them all."""
    return frozenset(
        blob_id(digest)
        for entry in entries
        for name, digest in entry.digests.items()
        if name.startswith("shot.")
    )


def _scope(names: tuple[str, ...]) -> str:
    kinds = {"shots" if name.startswith("shot.") else "memo" for name in names}
    return kinds.pop() if len(kinds) == 1 else "several"


_ENTRY = (
    *("index", "id", "state", "axes", "values", "digests", "withheld", "role", "stream", "seq", "kid"),
    *("epoch", "account", "received"),
)


def _entry(number: int, kind: str, clear: dict[str, Any], own: dict[str, Any]) -> Entry:
    defaults: dict[str, Any] = {
        "rid": rid(number),
        "stream": "stream-1",
        "seq": number,
        "kid": "kid-1",
        "role": "freelancer",
    }
    return Entry(kind=kind, clear=clear, **(defaults | own))
