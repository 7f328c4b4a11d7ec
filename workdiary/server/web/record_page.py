"""A record as it was signed: every field, every value disclosed, and the proof that the log holds it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from workdiary.evidence.canonical import JsonValue, loads_object, unb64u
from workdiary.evidence.disclosure import digest, parse
from workdiary.evidence.envelope import ParsedRecord
from workdiary.evidence.records import slot_names
from workdiary.server.web.times import Clock, exact_duration
from workdiary.server.web.verdicts import AxisRow, Badge, badge, rows
from workdiary.server.web.words import Text

_TIMES = frozenset({"start", "end", "at", "from"})
_SPANS = frozenset({"tracked", "active_ms", "idle"})


@dataclass(frozen=True, slots=True)
class Field:
    """A clear field: its name, its value as JSON, and what it means where that helps."""

    name: str
    value: str
    note: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A disclosable field; state: disclosed, or hidden (redacted or withheld: nobody but its digest says)."""

    name: str
    value: str
    digest: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server knows beside the signed bytes. Times are printed ones."""

    rid: str
    id: str
    index: int
    device: str
    key_class: str
    kid: str
    received: str


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Everything `/record/<rid>` prints."""

    kind: str
    facts: Facts
    badge: Badge
    axes: tuple[AxisRow, ...]
    header: str
    fields: tuple[Field, ...]
    slots: tuple[Slot, ...]
    jws: str
    disclosures: str
    receipt: str


@dataclass(frozen=True, slots=True)
class RecordSource:
    """What the page is made from: the parsed record, its disclosure texts, its verdicts and receipt."""

    parsed: ParsedRecord
    texts: Sequence[str]
    axes: Mapping[str, str]
    receipt: str
    facts: Facts


def record_page(source: RecordSource, clock: Clock) -> RecordPage:
    """Lay a record out; its content only as far as this version can read it."""
    parsed = source.parsed
    header = loads_object(unb64u(parsed.jws.partition(".")[0]))
    return RecordPage(
        kind=parsed.kind,
        facts=source.facts,
        badge=badge(source.axes, logged=True, manual=parsed.kind == "manual"),
        axes=rows(source.axes),
        header=json.dumps(header, ensure_ascii=False),
        fields=tuple(_field(name, value, clock) for name, value in parsed.payload.items() if name != "_sd"),
        slots=_slots(source) if parsed.supported else (),
        jws=parsed.jws,
        disclosures="\n".join(source.texts),
        receipt=source.receipt,
    )


def _field(name: str, value: JsonValue, clock: Clock) -> Field:
    note = ""
    if isinstance(value, int) and not isinstance(value, bool):
        note = clock.stamp(value) if name in _TIMES else exact_duration(value) if name in _SPANS else ""
    return Field(name, json.dumps(value, ensure_ascii=False), note)


def _slots(source: RecordSource) -> tuple[Slot, ...]:
    """Disclosed ones in the order of the format, then the digests nobody opened."""
    opened = {parse(text).name: text for text in source.texts}
    named = [name for name in slot_names(source.parsed.kind, source.parsed.payload) if name in opened]
    found = [
        Slot(
            name,
            json.dumps(parse(opened[name]).value, ensure_ascii=False),
            digest(opened[name]),
            hidden=False,
        )
        for name in named
    ]
    shown = {slot.digest for slot in found}
    listed = source.parsed.payload["_sd"]
    hidden = [d for d in listed if isinstance(d, str) and d not in shown] if isinstance(listed, list) else []
    return (*found, *(Slot("", str(_("not disclosed")), d, hidden=True) for d in hidden))


def kind_title(kind: str) -> Text:
    """`Segment`, `Terms`, … for the page's title."""
    titles = {
        "segment": _("Segment"),
        "open": _("Stream opened"),
        "terms": _("Terms"),
        "consent": _("Consent"),
        "redact": _("Redaction"),
        "discard": _("Time removed"),
        "memo": _("Memo changed"),
        "manual": _("Manual time"),
        "idle-claim": _("Idle claim"),
        "unsupported": _("Record of a newer kind"),
    }
    return titles.get(kind, kind)
