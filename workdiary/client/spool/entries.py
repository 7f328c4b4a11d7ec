"""The spool as the projection reads it: open, held, signed and sent records of one contract as entries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from workdiary.client.account import Account
from workdiary.client.errors import REPAIR, DamagedError
from workdiary.client.sign.drafts import REDACTED_SLOTS
from workdiary.client.sign.held import HeldSegment
from workdiary.client.sign.segment_record import draft
from workdiary.client.sign.waiting import HANDLE, Pending
from workdiary.client.spool.book import SpoolBook
from workdiary.client.spool.clocks import placed_boots, placed_into
from workdiary.client.spool.schema import Database, Row
from workdiary.client.spool.segments import SegmentRows
from workdiary.evidence.canonical import JsonValue
from workdiary.evidence.envelope import ParsedRecord, open_disclosures, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import as_jwk
from workdiary.evidence.notes import parse_checkpoint, parse_receipt
from workdiary.rules.assemble import Images
from workdiary.rules.entries import Entry, EntryState
from workdiary.verify.axes import LogTrust, Material, Signatory, Surroundings, record_axes

_SEGMENTS = (
    "SELECT rid, stream, seq, jws, state, log_index, receipt FROM records "
    "WHERE kind = 'segment' AND contract = ? AND (start_ms < ? AND end_ms >= ? OR rid IN "
    "(SELECT value FROM json_each(?)))"
)
_OTHERS = (
    "SELECT rid, stream, seq, jws, state, log_index, receipt FROM records "
    "WHERE contract = ? AND (kind IN ('terms', 'annotate', 'clock-place') OR rid IN "
    "(SELECT t.rid FROM targets t JOIN records s ON s.rid = t.tgt "
    "WHERE s.contract = ? AND (s.start_ms < ? AND s.end_ms >= ? OR s.rid IN "
    "(SELECT value FROM json_each(?)))))"
)


@dataclass(frozen=True, slots=True)
class Window:
    """A contract's time: wall ms [start, end)."""

    contract: str
    start_ms: int
    end_ms: int


class EntryReader:
    """Reads entries; nothing is kept between calls."""

    def __init__(
        self, database: Database, book: SpoolBook, segments: SegmentRows, account: Account | None
    ) -> None:
        self._db = database
        self._book = book
        self._segments = segments
        self._account = account

    def read(self, window: Window, *, verdicts: bool) -> list[Entry]:
        """Segments that touch the window, what amends them, and the contract's terms.

        verdicts: judge each signed record (about 0.3 ms each); without, `axes` stays empty.
        """
        judge = _Judge(self._db, self._account) if verdicts else None
        entries = [self._signed(row, judge) for row in self._rows(window)]
        pending = [item for item in self._book.pending() if item.wish.contract == window.contract]
        named = {name for item in pending for name in item.wish.names}
        detail = self._detail(window.contract)
        for held in self._segments.unsigned(window.contract, window.start_ms, window.end_ms):
            is_open = self._segments.is_open(held.start.rid)
            entries.append(_unsigned(held, detail, is_open=is_open, named=held.start.rid in named))
        entries.extend(self._pending(item) for item in pending)
        return entries

    def images(self, window: Window) -> Images:
        """Where the window's images are: ids as `rules.entries.blob_id` gives them."""
        found = self._db.rows(
            "SELECT i.digest, i.state FROM images i JOIN records r ON r.rid = i.rid WHERE i.state <> 'gone' "
            "AND r.contract = ? AND (r.start_ms < ? AND r.end_ms >= ? OR r.kind = 'replace' OR r.rid IN "
            "(SELECT value FROM json_each(?)))",
            window.contract,
            window.end_ms,
            window.start_ms,
            json.dumps(placed_into(self._db, window.contract, window.start_ms, window.end_ms)),
        )
        stored = frozenset(str(digest) for digest, state in found if state == "sent")
        kept = {str(digest) for digest, state in found if state != "sent"}
        for held in self._segments.unsigned(window.contract, window.start_ms, window.end_ms):
            decided = [shot for shot in held.shots if shot.choice is not None]
            kept.update(image.image for shot in decided for image in shot.images)
        return Images(stored, frozenset(kept))

    def _rows(self, window: Window) -> list[Row]:
        placed = json.dumps(placed_into(self._db, window.contract, window.start_ms, window.end_ms))
        place = (window.contract, window.end_ms, window.start_ms, placed)
        return [*self._db.rows(_SEGMENTS, *place), *self._db.rows(_OTHERS, window.contract, *place)]

    def _signed(self, row: Row, judge: _Judge | None) -> Entry:
        rid, stream, seq, jws, state, index, receipt = row
        try:
            parsed = parse(jws)
        except EvidenceError as error:
            raise DamagedError(rid, "A record in the spool is not what was signed.", REPAIR) from error
        disclosed = self._book.disclosures(rid)
        texts = tuple(text for _, text in disclosed.values())
        try:
            opened = open_disclosures(parsed, texts)
        except EvidenceError:
            opened = open_disclosures(parsed, ())
        shown: EntryState = "sent" if state == "gone" else state
        return Entry(
            index=index,
            id=parsed.id,
            rid=rid,
            kind=parsed.kind,
            stream=stream,
            seq=seq,
            kid=parsed.kid,
            role="freelancer",
            clear=parsed.payload,
            values=opened.values,
            digests=opened.digests,
            withheld=opened.withheld,
            state=shown,
            axes={} if judge is None else judge.words(parsed, Material(jws, texts, receipt)),
            epoch=_epoch(receipt),
            account=self._owner(),
        )

    def _owner(self) -> str | None:
        """The account whose records these are."""
        enrolment = None if self._account is None else self._account.enrolment
        return None if enrolment is None else enrolment.account

    def _pending(self, pending: Pending) -> Entry:
        """What waits for signatures counts at once."""
        wish = pending.wish
        clear: dict[str, JsonValue] = {
            "why": wish.why,
            "at": _UNSIGNED_AT if wish.at_ms is None else wish.at_ms,
            **wish.more,
        }
        if wish.spans:
            clear["spans"] = [
                {"tgt": self._id(span.rid), "start": span.start_ms, "end": span.end_ms} for span in wish.spans
            ]
        if wish.tgt is not None:
            clear["tgt"] = self._id(wish.tgt)
        if wish.kind == "redact":
            target = self._book.target(wish.tgt or "")
            slots = REDACTED_SLOTS.get(str(wish.more["scope"]), ())  # type: ignore[call-overload] # its own words
            found = {} if target is None else target.digests
            clear["digests"] = [digest for slot, digest in found.items() if slot.startswith(slots)]
        values = {name: wish.more[name] for name in ("memo", "label", "text") if name in wish.more}
        bare = Entry(None, pending.handle, pending.handle, wish.kind, "", None, "", "freelancer", clear)
        return replace(bare, values=values, state="held")

    def _id(self, name: str) -> str:
        """The id of a record, or what stands for it while it is not signed."""
        target = self._book.target(name)
        if target is None or target.id is None:
            return name if name.startswith(HANDLE) else unsigned_id(name)
        return target.id

    def _detail(self, contract: str) -> str:
        known = () if self._account is None else self._account.contracts()
        return next(
            (str(item.terms.get("detail", "bucket")) for item in known if item.id == contract), "bucket"
        )


def _epoch(receipt: str | None) -> int:
    """Which epoch of the log gave the receipt, as its checkpoint's origin says."""
    if receipt is None:
        return 0
    try:
        origin = parse_checkpoint(parse_receipt(receipt).checkpoint_note.partition("\n\n")[0] + "\n").origin
    except EvidenceError:
        return 0
    return int(origin.rpartition("/")[2])


_UNSIGNED_AT = 2**52  # after everything that is signed


def unsigned_id(rid: str) -> str:
    """What stands for the id of a segment that is not signed, where a waiting discard has to name it."""
    return f"unsigned-{rid}"


def _unsigned(held: HeldSegment, detail: str, *, is_open: bool, named: bool) -> Entry:
    drafted = draft(held, detail, None)
    clear = drafted.clear | ({"close": None} if is_open else {})
    digests = {f"shot.{k}": image.image for k, image in enumerate(drafted.images)}
    rid = held.start.rid
    state: EntryState = "open" if is_open else "held"
    ident = unsigned_id(rid) if named else None
    bare = Entry(None, ident, rid, "segment", "", None, "", "freelancer", clear, state=state)
    return replace(bare, values=drafted.slots, digests=digests)


class _Judge:
    """Verdicts on own records: the key each stream opened with, the log this device pinned."""

    def __init__(self, database: Database, account: Account | None) -> None:
        self._db = database
        self._placed = placed_boots(database)
        self._signatories: dict[str, Signatory | None] = {}
        enrolment = None if account is None else account.enrolment
        self._log = (
            None
            if enrolment is None
            else LogTrust(enrolment.origin, enrolment.log_vkey, own=enrolment.server == "solo")
        )

    def words(self, parsed: ParsedRecord, material: Material) -> Mapping[str, str]:
        """The verdict's words by axis."""
        placed = (parsed.stream, str(parsed.payload["boot"])) in self._placed
        around = Surroundings(chain=self._chain(parsed), redacted=self._redacted(parsed.rid), placed=placed)
        return record_axes(material, self._signatory(parsed.stream), self._log, around).words

    def _chain(self, parsed: ParsedRecord) -> str:
        """Own streams have no other holes than what the server refused."""
        hole = self._db.row(
            "SELECT 1 FROM records WHERE stream = ? AND seq < ? AND state = 'quarantined'",
            parsed.stream,
            parsed.seq,
        )
        return "OPEN" if hole is None else "GAP(refused)"

    def _redacted(self, rid: str) -> frozenset[str]:
        found = self._db.rows(
            "SELECT r.jws FROM targets t JOIN records r ON r.rid = t.rid "
            "WHERE t.tgt = ? AND r.kind = 'redact'",
            rid,
        )
        digests: set[str] = set()
        for (jws,) in found:
            listed = parse(jws).payload["digests"]
            digests.update(str(digest) for digest in (listed if isinstance(listed, list) else []))
        return frozenset(digests)

    def _signatory(self, stream: str) -> Signatory | None:
        if stream not in self._signatories:
            row = self._db.row("SELECT jws FROM records WHERE stream = ? AND seq = 0", stream)
            self._signatories[stream] = None if row is None else _opener(parse(row[0]))
        return self._signatories[stream]


def _opener(opening: ParsedRecord) -> Signatory | None:
    jwk = opening.payload["jwk"]
    if not isinstance(jwk, dict):
        return None
    return Signatory(as_jwk(jwk, "open.jwk"), str(opening.payload["role"]), str(opening.payload["class"]))
