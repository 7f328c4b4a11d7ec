"""Histories for properties of the projection: every kind that touches a diary, honest, clumsy and hostile."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from tests.fakes.entries import CLEAR_TERMS, HOUR, MINUTE, RATE, T0, amendment, memo, name_digest, segment
from workdiary.evidence.kinds.time import CLOSE_REASONS
from workdiary.rules.entries import Entry
from workdiary.rules.lines import Closing, WeekLines

CELL = 10 * MINUTE
WEEK = 7 * 24 * HOUR
MONDAY = T0 - 10 * HOUR
FREELANCER, AGENCY, CLIENT, STRANGER = ("account-f", "account-a", "account-c", "account-x")
_ROLES = (
    [("freelancer", FREELANCER)] * 12
    + [("freelancer", None), ("freelancer", STRANGER), ("agency", AGENCY), ("agency", STRANGER)]
    + [("client", CLIENT), ("operator", None), ("staff", None)]
)
NONSENSE: tuple[Any, ...] = (
    None, True, -1, 0, 2**53, -(2**53), "", "x", [], {}, [None], [{}], [{"tgt": 3}], {"start": "x"},
    [{"tgt": "x", "start": None, "end": True}], [[1]], 3.5,
)  # fmt: skip


class History:
    """Draws records one after another; `entries` holds them all."""

    def __init__(self, seed: int, hostile: int = 0, rounding: str | None = None) -> None:
        self.dice = random.Random(seed)
        self.entries: list[Entry] = []
        self._hostile = hostile
        self._rounding = rounding
        self._number = 0

    def tell(self, records: int) -> list[Entry]:
        """Terms, two weeks of segments on two devices, then `records` that say something about them."""
        self._terms()
        for device in ("a", "b"):
            for week in (0, 1):
                self._session(device, T0 + week * WEEK)
        kinds = [
            self._memo, self._redact, self._replace, self._expire, self._discard, self._claim, self._manual,
            self._annotate, self._place, self._verdict, self._lock, self._refund, self._erase,
            self._later_terms,
        ]  # fmt: skip
        self._kinds = kinds
        self.more(records)
        return self.entries

    def more(self, records: int) -> list[Entry]:
        """So many more records; those made now."""
        known = len(self.entries)
        for _ in range(records):
            self.dice.choice(self._kinds)()
        return self.entries[known:]

    def lock(self, closing: Closing, stated: WeekLines) -> Entry:
        """The lock that states these lines, logged now."""
        low, high = closing.span
        clear = {"week": "2026-W47", "span": {"start": low, "end": high}, "size": closing.size, "at": high}
        made = amendment(self._next(), "lock", clear | stated.to_json(), role="operator")
        self.entries.append(made)
        return made

    def _add(self, entry: Entry, role: tuple[str, str | None] | None = None) -> Entry:
        who, account = role or (entry.role, entry.account)
        index = entry.index if self.dice.random() < 0.85 else None
        received = self.dice.choice([None, T0 + 3 * HOUR, T0 + 2 * WEEK])
        made = replace(entry, role=who, account=account, index=index, received=received)
        if self._hostile and self.dice.randrange(100) < self._hostile:
            made = self._spoilt(made)
        self.entries.append(made)
        return made

    def _spoilt(self, entry: Entry) -> Entry:
        clear = dict(entry.clear)
        for name in self.dice.sample(sorted(clear), k=min(3, len(clear))):
            if self.dice.random() < 0.3:
                del clear[name]
            else:
                clear[name] = self.dice.choice(NONSENSE)
        values = {name: self.dice.choice([value, *NONSENSE]) for name, value in entry.values.items()}
        return replace(entry, clear=clear, values=values)

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _role(self) -> tuple[str, str | None]:
        return self.dice.choice(_ROLES)

    def _terms(self) -> None:
        clear = CLEAR_TERMS | {
            "from": MONDAY,
            "limit_s": self.dice.choice([None, 1_800, 36_000]),
            "rounding": self._rounding or self.dice.choice(["exact", "cell"]),
            "manual": self.dice.random() < 0.5,
            "agency": self.dice.choice([None, AGENCY]),
        }
        offered = self._add(
            amendment(self._next(), "terms", clear, values={"rate": RATE}), ("freelancer", FREELANCER)
        )
        if self.dice.random() < 0.7:
            accepts = {**offered.clear, "accepts": offered.id}
            self._add(amendment(self._next(), "terms", accepts, values={"rate": RATE}), ("client", CLIENT))

    def _later_terms(self) -> None:
        known = [entry for entry in self.entries if entry.kind == "terms"]
        before = self.dice.choice(known)
        changes: dict[str, Any] = self.dice.choice(
            [
                {"limit_s": 600},
                {"limit_s": None},
                {"status": "paused"},
                {"accepts": before.id},
                {"mode": "none"},
            ]
        )
        clear = {**before.clear, "from": self._instant(), "at": self._instant()} | changes
        self._add(amendment(self._next(), "terms", clear, values=before.values), self._role())

    def _session(self, device: str, at: int) -> None:
        for _ in range(self.dice.randrange(1, 5)):
            start = at + self.dice.choice([0, 0, 3]) * MINUTE
            end = start + self.dice.randrange(1, 11) * MINUTE
            unsure = self.dice.random() < 0.2
            placed: dict[str, Any] = {
                "boot": f"boot {device}", "mono0": start - MONDAY, "mono1": end - MONDAY,
                "clock_unsure": unsure,
            }  # fmt: skip
            shots = [start + 1] if self.dice.random() < 0.6 else []
            close = self.dice.choice([*CLOSE_REASONS, "idle", "idle", "idle"])
            entry = segment(
                self._next(), start, end, close=close, shot_at=shots, session=f"{device}{at}", stream=device,
                **placed,
            )  # fmt: skip
            self._add(entry, ("freelancer", FREELANCER) if self.dice.random() < 0.9 else self._role())
            at = end

    def _any(self, *kinds: str) -> Entry:
        """A record to speak about; sometimes one that is nowhere."""
        known = [entry for entry in self.entries if not kinds or entry.kind in kinds]
        if not known or self.dice.random() < 0.1:
            return segment(9_000, T0, T0 + CELL)
        return self.dice.choice(known)

    def _instant(self) -> int:
        return T0 + self.dice.randrange(0, 3 * WEEK, MINUTE)

    def _part(self, target: Entry) -> dict[str, Any]:
        start, end = target.number("start", T0), target.number("end", T0 + CELL)
        low = self.dice.randrange(start, end) if start < end else start
        return {"tgt": target.id, "start": low, "end": self.dice.choice([end, low + MINUTE])}

    def _say(self, kind: str, clear: dict[str, Any], **more: Any) -> None:
        self._add(amendment(self._next(), kind, {"at": self._instant()} | clear, **more), self._role())

    def _memo(self) -> None:
        number = self._next()
        self._add(memo(number, self._any("segment", "manual"), f"memo number {number}"), self._role())

    def _redact(self) -> None:
        target = self._any()
        digests = sorted(target.digests.values())[: self.dice.randrange(0, 3)]
        scope = self.dice.choice(["shots", "memo", "several"])
        self._say("redact", {"tgt": target.id, "digests": digests, "scope": scope, "why": "owner"})

    def _replace(self) -> None:
        target = self._any("segment", "replace")
        number = self._number + 1
        digests = {"shot.0": name_digest(f"{number}:shot.0")}
        clear = {"tgt": target.id, "digest": target.digests.get("shot.0", "x"), "how": "blurred"}
        self._say("replace", clear, values={"shot.0": {"at": T0}}, digests=digests)

    def _expire(self) -> None:
        target = self._any("segment")
        clear = {"tgt": target.id, "digests": sorted(target.digests.values()), "class": "images"}
        self._say("expire", clear)

    def _discard(self) -> None:
        kinds = ("segment", "manual", *(["idle-claim"] if self.dice.random() < 0.3 else []))
        targets = [self._part(self._any(*kinds)) for _ in range(self.dice.randrange(1, 3))]
        self._say("discard", {"spans": targets, "why": self.dice.choice(["owner", "idle", "idle"])})

    def _claim(self) -> None:
        target = self._any("discard")
        spans = [dict(item) if isinstance(item, dict) else item for item in target.items("spans")]
        for item in spans:
            if isinstance(item, dict) and isinstance(item.get("end"), int) and self.dice.random() < 0.5:
                item["end"] += self.dice.randrange(0, 3 * HOUR, MINUTE)
        self._say("idle-claim", {"tgt": target.id, "spans": spans, "choice": "keep"})

    def _manual(self) -> None:
        start = self._instant()
        replaces = self._any().id if self.dice.random() < 0.4 else None
        clear = {"start": start, "end": start + CELL, "tracked": CELL, "replaces": replaces}
        self._say("manual", clear, values={"memo": "by hand", "label": None})

    def _annotate(self) -> None:
        start = self._instant()
        self._say("annotate", {"type": "call", "start": start, "end": start + 3 * HOUR})

    def _place(self) -> None:
        clear = {"boot": f"boot {self.dice.choice('ab')}", "mono": 0, "server_time": MONDAY + 7 * MINUTE}
        stream = self.dice.choice("ab")
        self._say("clock-place", clear, stream=stream)

    def _verdict(self) -> None:
        about = self.dice.choice(["after-lock", "annotation", "over-limit", "manual-grant"])
        target = self._any("segment", "manual", "annotate", "idle-claim")
        clear = {"about": about, "accept": self.dice.random() < 0.6, "targets": [self._part(target)]}
        role = self.dice.choice([("client", CLIENT), ("client", CLIENT), self._role()])
        self._add(amendment(self._next(), "client-verdict", {"at": self._instant()} | clear), role)

    def _lock(self) -> None:
        number, week = self._next(), self.dice.choice([0, 1])
        size = self.dice.choice([number, number // 2, number + 5])
        span = {"start": MONDAY + week * WEEK, "end": MONDAY + (week + 1) * WEEK}
        part = self._part(self._any("segment"))
        clear = {
            "week": "2026-W47", "span": span, "size": size, "lines": [], "at": span["end"] + 12 * HOUR,
            "excluded": [part] if self.dice.random() < 0.3 else [],
        }  # fmt: skip
        role = ("operator", None) if self.dice.random() < 0.9 else self._role()
        self._add(amendment(number, "lock", clear), role)

    def _refund(self) -> None:
        self._say("refund", {"week": "2026-W47", "ms": 60_000, "amount": 100})

    def _erase(self) -> None:
        if self.dice.random() < 0.4:
            self._say("erase", {"items": [{"id": self._any("segment").id}], "why": "request"})
