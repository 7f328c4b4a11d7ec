"""What later records say about earlier ones, collected by target.

Nothing is judged by arrival: entries come in the order that decides (`entries.in_order`), the last memo and
the last replacement of an image win, redact and discard are final wherever they stand. Only what a lock has
counted is beyond their reach: an amendment of its time that came later changes nothing and is named `late`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from workdiary.rules.entries import Entry, Place, whole
from workdiary.rules.locks import Standing
from workdiary.rules.spans import Span

Speaks = Callable[[Entry, Entry], bool]


@dataclass(frozen=True, slots=True)
class Removed:
    """A disclosure that a signed record took away: the `scope` it names, and the first such place."""

    scope: str
    place: Place


@dataclass(slots=True)
class Amendments:
    """What was said, by target id.

    memos: the one that wins; owner_holes, idle_holes: discarded spans by the target's own clock; redacted,
    expired: by digest; replaced: digest -> the record with the image in its place; claims: of idle spans;
    unclaimed: by claim, what its owner discarded again, and the place where that was said;
    dangling: ids without a target here; unauthorised, late: rids.
    """

    memos: dict[str, Entry] = field(default_factory=dict)
    owner_holes: dict[str, list[Span]] = field(default_factory=dict)
    idle_holes: dict[str, list[Span]] = field(default_factory=dict)
    redacted: dict[str, Removed] = field(default_factory=dict)
    expired: dict[str, Removed] = field(default_factory=dict)
    replaced: dict[str, Entry] = field(default_factory=dict)
    claims: list[Entry] = field(default_factory=list)
    unclaimed: dict[str, list[tuple[Place, Span]]] = field(default_factory=dict)
    dangling: set[str] = field(default_factory=set)
    unauthorised: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)

    def lost(self, entry: Entry, scope: str) -> list[str]:
        """Digests of an entry that nothing at hand names a slot for and that may be of `scope`.

        The disclosure of what was removed is destroyed: its digest is left, not the name of its slot.
        """
        if not (self.redacted or self.expired or self.replaced):
            return []
        known = set(entry.digests.values())
        digests = sorted({*entry.withheld, *entry.texts("_sd")} - known)
        return [digest for digest in digests if self._scope(digest) in {scope, "several"}]

    def holes(self, target: str | None) -> list[Span]:
        """Everything discarded of a target."""
        if target is None:
            return []
        return [*self.owner_holes.get(target, []), *self.idle_holes.get(target, [])]

    def _scope(self, digest: str) -> str | None:
        if digest in self.replaced:
            return "shots"
        removed = self.redacted.get(digest) or self.expired.get(digest)
        return None if removed is None else removed.scope


@dataclass(frozen=True, slots=True)
class Around:
    """What amendments are judged by. standing: of what stands for time, by id; erased: ids known to be gone.

    speaks: whether the second record's signer may speak of the first one's time.
    """

    standing: Mapping[str, Standing]
    speaks: Speaks
    erased: frozenset[str] = frozenset()


def fold(entries: Sequence[Entry], around: Around) -> Amendments:
    """Collect the amendments among entries that are in order and whose signers may make such records."""
    return _Folding(entries, around).found


class _Folding:
    """One pass over the records of a contract."""

    def __init__(self, entries: Sequence[Entry], around: Around) -> None:
        self.found = Amendments()
        self._around = around
        self._known = {entry.id: entry for entry in entries if entry.id is not None}
        by_kind: dict[str, Callable[[Entry], None]] = {
            "memo": self._memo,
            "redact": self._redact,
            "replace": self._replace,
            "expire": self._expire,
            "discard": self._discard,
            "idle-claim": self._claim,
            "manual": self._manual,
        }
        for entry in entries:
            amend = by_kind.get(entry.kind)
            if amend is not None:
                amend(entry)

    def _target(self, entry: Entry, named: str | None) -> Entry | None:
        """The record spoken about; None, and noted, where it is unknown or not this signer's to amend."""
        target = self._known.get(named or "")
        if target is None:
            if named not in self._around.erased:
                self.found.dangling.add(entry.id or entry.rid)
            return None
        if entry.kind != "expire" and not self._around.speaks(target, entry):
            self.found.unauthorised.add(entry.rid)
            return None
        return target

    def _open(self, entry: Entry, target: Entry) -> bool:
        standing = self._around.standing.get(target.id or "")
        if standing is None or standing.open_to(entry.place):
            return True
        self.found.late.add(entry.rid)
        return False

    def _memo(self, entry: Entry) -> None:
        target = self._target(entry, entry.text("tgt"))
        if target is not None:
            self.found.memos[target.id or ""] = entry

    def _redact(self, entry: Entry) -> None:
        self._remove(entry, self.found.redacted, entry.text("scope") or "several")

    def _expire(self, entry: Entry) -> None:
        scope = {"images": "shots", "memos": "memo"}.get(entry.text("class") or "", "several")
        self._remove(entry, self.found.expired, scope)

    def _remove(self, entry: Entry, removed: dict[str, Removed], scope: str) -> None:
        target = self._target(entry, entry.text("tgt"))
        for digest in entry.texts("digests") if target is not None else ():
            if target is not None and target.names_digest(digest):
                removed.setdefault(digest, Removed(scope, entry.place))

    def _replace(self, entry: Entry) -> None:
        target = self._target(entry, entry.text("tgt"))
        digest = entry.text("digest")
        if target is not None and digest is not None and target.names_digest(digest):
            self.found.replaced[digest] = entry

    def _claim(self, entry: Entry) -> None:
        target = self._target(entry, entry.text("tgt"))
        if target is not None and target.kind == "discard" and target.text("why") == "idle":
            self.found.claims.append(entry)

    def _discard(self, entry: Entry) -> None:
        holes = self.found.idle_holes if entry.text("why") == "idle" else self.found.owner_holes
        for named, span in targeted_spans(entry):
            target = self._target(entry, named)
            if target is None:
                continue
            still_open = self._open(entry, target)
            if target.kind == "idle-claim":
                # each segment it claims has a lock of its own: `assemble` asks what still changes which
                if holes is self.found.owner_holes:
                    self.found.unclaimed.setdefault(named, []).append((entry.place, span))
            elif still_open:
                holes.setdefault(named, []).append(span)

    def _manual(self, entry: Entry) -> None:
        """A manual record may stand in place of an earlier record of time, which then counts no more."""
        named = entry.text("replaces")
        target = None if named is None else self._target(entry, named)
        if target is not None and target.id != entry.id and self._open(entry, target):
            span = (target.number("start"), target.number("end"))
            self.found.owner_holes.setdefault(target.id or "", []).append(span)


def targeted_spans(entry: Entry, name: str = "spans") -> list[tuple[str, Span]]:
    """A record's `spans` or `targets`: (target id, span) each."""
    return [
        (tgt, (whole(item.get("start")), whole(item.get("end"))))
        for item in entry.objects(name)
        if isinstance(tgt := item.get("tgt"), str)
    ]
