"""The integrity axis: whether whoever signed may say what a record says, and whether its targets are here."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator

from workdiary.evidence.canonical import JsonValue
from workdiary.evidence.envelope import ParsedRecord
from workdiary.evidence.tombstone import is_clean, is_tombstone
from workdiary.verify.authority import OWN_TIME_KINDS, Voice, may_sign, may_speak
from workdiary.verify.certificates import Keyring, Standing
from workdiary.verify.reading import Place, Reading, listed, named

_TARGETED = ("tgt", "replaces")
_SPANNED = ("spans", "targets")
# What a `refusal` speaks of was never admitted; what an `erase` names is gone on purpose.
_ABSENT = frozenset({"refusal", "erase"})
_OPERATING = frozenset({"operator", "staff"})


class Voices:
    """Who may say what in this bundle; asked in log order."""

    def __init__(self, readings: Iterable[Reading], keyring: Keyring) -> None:
        self._keyring = keyring
        self._accounts = keyring.accounts
        self._kids: dict[str, str] = {}
        self._cases: dict[str, str] = {}
        self._agencies: list[tuple[Place, str | None]] = []
        for reading in readings:
            record = reading.parsed
            if record is None or not reading.signed or not record.supported:
                continue
            self._kids.setdefault(record.id, record.kid)
            role = keyring.standing(record, reading.place).role
            if record.kind == "dispute":
                self._cases.setdefault(named(record, "case"), role)
            elif record.kind == "terms":
                self._agencies.append((reading.place, named(record, "agency") or None))

    def why_not(self, record: ParsedRecord, standing: Standing, place: Place) -> str:
        """Why whoever signed may not say this, "" if he may."""
        voice = Voice(standing.role, standing.account, named(record, "on_behalf") or None)
        if not may_sign(record.kind, voice):
            return f"a key of the {standing.role} may not sign this"
        if record.kind in OWN_TIME_KINDS and not may_speak(voice, self._about(record), self._agency(place)):
            return "it speaks of somebody else's time"
        if record.kind == "withdraw" and not self._opened_by(record, standing.role):
            return "only the side that opened a dispute takes it back"
        if is_tombstone(record) and not is_clean(record):
            return "a removed segment that still holds something"
        if standing.role in _OPERATING and record.kind in _SEALING:
            return (
                "" if self._keyring.speaks_for_operator(record) else "it is not the operator you have pinned"
            )
        return ""

    def _about(self, record: ParsedRecord) -> str | None:
        """The account whose time a record speaks of: that of its target's key."""
        for target in targets_of(record):
            kid = self._kids.get(target)
            if kid is not None:
                return self._accounts.get(kid)
        return None

    def _agency(self, place: Place) -> str | None:
        """The agency that the newest terms logged before this place name."""
        at = bisect_right(self._agencies, place, key=lambda item: item[0])
        return self._agencies[at - 1][1] if at else None

    def _opened_by(self, record: ParsedRecord, role: str) -> bool:
        opener = self._cases.get(named(record, "case"))
        return opener is None or role in {opener, "operator"}


_SEALING = frozenset({"seal", "lock", "decision", "expire", "erase"})


def targets_of(record: ParsedRecord) -> Iterator[str]:
    """The ids of records that a record speaks about."""
    if record.kind in _ABSENT:
        return
    for field in _TARGETED:
        if named(record, field):
            yield named(record, field)
    for field in _SPANNED:
        yield from (str(item["tgt"]) for item in _objects(listed(record, field)) if "tgt" in item)
    if record.kind == "decision":
        for item in _objects(listed(record, "items")):
            targets = item["tgts"]
            yield from (str(target) for target in (targets if isinstance(targets, list) else []))


def is_dangling(record: ParsedRecord, known: Collection[str]) -> bool:
    """Whether it speaks about a record that is not here."""
    return any(target not in known for target in targets_of(record))


def is_unfounded(record: ParsedRecord, known: Collection[str]) -> bool:
    """Whether the terms it was made under are not here."""
    terms = named(record, "terms")
    return bool(terms) and terms not in known


def _objects(items: Iterable[JsonValue]) -> Iterator[dict[str, JsonValue]]:
    return (item for item in items if isinstance(item, dict))
