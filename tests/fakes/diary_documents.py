"""Documents as `diary --json` writes them, for what no server has yet: unsent, held, forked, over limit."""

from __future__ import annotations

from typing import Any

from workdiary.evidence.times import iso_utc

WHOLE = {
    "integrity": "VALID",
    "chain": "CONTIGUOUS",
    "log": "WITNESSED(2/3)",
    "time": "LIVE(19 min)",
    "content": "FULL",
    "key": "SOFTWARE",
    "pay": "MATCHES",
}


def segment(start: int, end: int, **changed: Any) -> dict[str, Any]:
    """A logged, tracked segment from `start` to `end` ms; anything of it can be changed."""
    made: dict[str, Any] = {
        "id": f"{start:012x}-{end:012x}",
        "stream": "s",
        "seq": 3,
        "start": iso_utc(start),
        "end": iso_utc(end),
        "tracked_ms": end - start,
        "tracked_s": (end - start) // 1_000,
        "memo": "Retry booking calls",
        "label": None,
        "level": 7,
        "buckets": [],
        "shots": [],
        "no_shot": None,
        "session": "x",
        "kind": "tracked",
        "open": "cell",
        "close": "cell",
        "index": 5,
        "axes": dict(WHOLE),
        "state": "sent",
        "protection": {"limit": "pass"},
    }
    return made | changed


def shot(state: str, at: int, **changed: Any) -> dict[str, Any]:
    """One image; a redacted one has lost its facts."""
    facts: dict[str, Any] = {
        "type": "image/avif",
        "bytes": 70_000,
        "width": 1920,
        "height": 1080,
        "display": {"x": 0, "y": 0, "w": 1920, "h": 1080, "scale_milli": 1000, "rot": 0},
        "role": "screen",
        "edit": "none",
        "at": iso_utc(at),
    }
    if state == "redacted":
        facts = dict.fromkeys(facts)
    return {"id": f"{at:064x}", "state": state} | facts | changed


def bucket(start: int, **counts: int) -> dict[str, Any]:
    """Counts of one bucket."""
    names = ("keys", "clicks", "scrolls", "moves", "active_s", "injected")
    return {"start": iso_utc(start), **{name: counts.get(name, 0) for name in names}}


def day(
    *segments: dict[str, Any], gaps: tuple[tuple[int, int, str], ...] = (), **changed: Any
) -> dict[str, Any]:
    """The document of 2026-11-20 in UTC."""
    tracked = sum(s["tracked_ms"] for s in segments)
    totals = {
        "tracked_ms": tracked,
        "billable_s": tracked // 1_000,
        "protected_s": 0,
        "manual_s": 0,
        "idle_claim_s": 0,
        "over_limit_s": 0,
        "after_lock_s": 0,
        "amount": None,
    }
    spans = [{"start": iso_utc(a), "end": iso_utc(b), "kind": kind} for a, b, kind in gaps]
    made = {"day": "2026-11-20", "zone": "UTC", "segments": list(segments), "gaps": spans, "totals": totals}
    return made | changed
