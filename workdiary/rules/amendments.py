"""What later records say about earlier ones: memo, redact, discard, idle-claim, collected by target.

Nothing is judged by arrival: entries come in the order that decides (`entries.in_order`), the last memo wins,
redact and discard are final wherever they stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from workdiary.evidence.canonical import JsonValue
from workdiary.rules.entries import OWN_TIME_ROLES, Entry
from workdiary.rules.spans import Span

OWN_TIME_KINDS = frozenset(
    {
        "segment",
        "memo",
        "redact",
        "replace",
        "discard",
        "idle-claim",
        "manual",
        "annotate",
        "clock-place",
    }
)


@dataclass(slots=True)
class Amendments:
    """What was said, by target id.

    memos: the one that wins; owner_holes, idle_holes: discarded spans; redacted: digest -> the `scope` it was
    redacted with; claims: of idle spans; dangling: ids without a target here; unauthorised: rids.
    """

    memos: dict[str, Entry] = field(default_factory=dict)
    owner_holes: dict[str, list[Span]] = field(default_factory=dict)
    idle_holes: dict[str, list[Span]] = field(default_factory=dict)
    redacted: dict[str, str] = field(default_factory=dict)
    claims: list[Entry] = field(default_factory=list)
    dangling: list[str] = field(default_factory=list)
    unauthorised: list[str] = field(default_factory=list)

    def lost(self, entry: Entry, scope: str) -> list[str]:
        """Redacted digests of an entry that nothing at hand names a slot for and that may be of `scope`.

        The disclosure of what was redacted is destroyed: its digest is left, not the name of its slot.
        """
        known = set(entry.digests.values())
        digests = sorted({*entry.withheld, *(d for d in entry.items("_sd") if isinstance(d, str))} - known)
        return [digest for digest in digests if self.redacted.get(digest) in {scope, "several"}]

    def holes(self, target: str | None) -> list[Span]:
        """Everything discarded of a target."""
        if target is None:
            return []
        return [*self.owner_holes.get(target, []), *self.idle_holes.get(target, [])]


def authorised(entry: Entry) -> bool:
    """Whether this signer may make a record of this kind, as far as time is concerned."""
    return entry.kind not in OWN_TIME_KINDS or entry.role in OWN_TIME_ROLES


def fold(entries: Sequence[Entry]) -> Amendments:
    """Collect the amendments among entries that are already in order."""
    found = Amendments()
    known = {entry.id: entry for entry in entries if entry.id is not None}
    for entry in entries:
        if not authorised(entry):
            found.unauthorised.append(entry.rid)
        elif entry.kind == "discard":
            _discard(found, entry, known)
        elif entry.kind in {"memo", "redact", "idle-claim"}:
            target = known.get(entry.text("tgt") or "")
            if target is None:
                found.dangling.append(entry.id or entry.rid)
            else:
                _amend(found, entry, target)
    return found


def _amend(found: Amendments, entry: Entry, target: Entry) -> None:
    if entry.kind == "memo":
        found.memos[target.id or ""] = entry
    elif entry.kind == "redact":
        digests = (digest for digest in entry.items("digests") if isinstance(digest, str))
        scope = entry.text("scope") or "several"
        found.redacted.update((digest, scope) for digest in digests if target.names_digest(digest))
    elif target.kind == "discard" and target.text("why") == "idle":
        found.claims.append(entry)


def _discard(found: Amendments, entry: Entry, known: dict[str, Entry]) -> None:
    holes = found.idle_holes if entry.text("why") == "idle" else found.owner_holes
    missing = False
    for target, span in targeted_spans(entry):
        missing = missing or target not in known
        holes.setdefault(target, []).append(span)
    if missing:
        found.dangling.append(entry.id or entry.rid)


def targeted_spans(entry: Entry) -> list[tuple[str, Span]]:
    """A record's `spans`: (target id, span) each."""
    return [
        (str(item["tgt"]), (_instant(item["start"]), _instant(item["end"])))
        for item in entry.items("spans")
        if isinstance(item, dict)
    ]


def _instant(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0
