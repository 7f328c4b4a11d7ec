"""A contract's terms, as the rules read them out of a `terms` record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workdiary.evidence.canonical import JsonValue
from workdiary.rules.policy import DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One version of a contract's terms. Durations ms, limit s a week, rate minor units an hour.

    rate, currency: None where the record's `rate` is withheld; activity: least mean level 0..5;
    end_ms: None for an open contract; agency: its account; policy: digest of the set agreed on.
    """

    rev: int = 1
    from_ms: int = 0
    status: str = "active"
    kind: str = "hourly"
    start_ms: int = 0
    end_ms: int | None = None
    mode: str = "full"
    shots: int = 1
    limit_s: int | None = None
    idle_ms: int = 600_000
    rounding: str = "exact"
    manual: bool = False
    labels: str = "optional"
    activity: int = 3
    assistive: bool = False
    apps: str = "none"
    detail: str = "bucket"
    rate: int | None = None
    currency: str | None = None
    exponent: int = 2
    agency: str | None = None
    policy: str = ""

    @classmethod
    def from_record(cls, clear: Mapping[str, JsonValue], values: Mapping[str, JsonValue]) -> Terms:
        """Read a `terms` record's clear fields and disclosed values, which `evidence` has checked."""
        span = _object(clear.get("span"))
        rate = _object(values.get("rate"))
        end = span.get("end")
        return cls(
            rev=_int(clear["rev"]),
            from_ms=_int(clear["from"]),
            status=str(clear["status"]),
            kind=str(clear["kind"]),
            start_ms=_int(span.get("start")),
            end_ms=None if end is None else _int(end),
            mode=str(clear["mode"]),
            shots=_int(clear["shots"]),
            limit_s=None if clear["limit_s"] is None else _int(clear["limit_s"]),
            idle_ms=_int(clear["idle"]),
            rounding=str(clear["rounding"]),
            manual=clear["manual"] is True,
            labels=str(clear["labels"]),
            activity=_int(clear["activity"]),
            assistive=clear["assistive"] is True,
            apps=str(clear["apps"]),
            detail=str(clear["detail"]),
            rate=_int(rate["amount"]) if rate else None,
            currency=str(rate["currency"]) if rate else None,
            exponent=_int(rate["exponent"]) if rate else 2,
            agency=_text(clear.get("agency")),
            policy=_text(clear.get("policy")) or "",
        )

    @classmethod
    def found(cls, clear: Mapping[str, JsonValue], values: Mapping[str, JsonValue]) -> Terms | None:
        """The same for a record that nobody has checked: None where it is not readable."""
        try:
            return cls.from_record(clear, values)
        except (KeyError, ValueError):
            return None

    def active_at(self, ms: int) -> bool:
        """Whether time may be tracked under these terms at an instant.

        A start after the terms hold is a day: it begins at 00:00 UTC, whatever hour the record names
        (product.md, Terms).
        """
        start = self.start_ms
        if start > self.from_ms:
            start = max(start // DAY * DAY, self.from_ms)
        ended = self.end_ms is not None and ms >= self.end_ms
        return self.status == "active" and ms >= start and not ended


def _object(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _int(value: JsonValue) -> int:
    if not isinstance(value, int):
        raise ValueError("terms: not an integer where one belongs")  # noqa: TRY004 - a value, not a type
    return value
