"""Every epoch's log of a bundle: who has seen each record, and between which instants."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass

from workdiary.evidence import log
from workdiary.evidence.bundle import Bundle, LeafFile, NoteFile
from workdiary.evidence.canonical import JsonValue
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.kinds.base import TreeHead
from workdiary.evidence.leaves import parse_beacon, parse_epoch
from workdiary.evidence.notes import Receipt, parse_receipt, split_note
from workdiary.verify.bounds import Bounds, not_before_of
from workdiary.verify.checks import same_installation
from workdiary.verify.judged import Finding, Window
from workdiary.verify.logparts import check_leaf, grouped, note_reader, own_copy
from workdiary.verify.logs import PROVEN, EpochLog, SeenNote
from workdiary.verify.reading import Reading
from workdiary.verify.stamps import Stamps
from workdiary.verify.trust import Trust


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """The log axis of one record, and why; window: when it was made, by clocks of others.

    included: a note that the log signed holds it, whatever else is to be said of that log.
    """

    word: str
    window: Window
    why: str = ""
    included: bool = True


class LogBook:
    """Reads the log's part of a bundle once; then `verdict` answers for each record."""

    def __init__(
        self, bundle: Bundle, trust: Trust | None, sound: Callable[[], Collection[str]] = tuple
    ) -> None:
        """`sound`: asked late, see `judge` and `NoteReader`."""
        self._bundle = bundle
        # Grouped once: hostile epochs can be as many as there are files.
        self._by_epoch = grouped(bundle)
        self._trust = trust or Trust()
        self._pinned = trust is not None and trust.log_key is not None
        self._stamps = Stamps(self._trust.tsas)
        self.findings: list[Finding] = []
        self._stamp_ahead()
        self._notes = note_reader(bundle, trust, self._by_epoch, sound())
        self._receipts: dict[tuple[int, int], Receipt] = {}
        self._epochs = {epoch: self._epoch(epoch) for epoch in self._by_epoch}
        self._bounds = {epoch: self._bound(epoch) for epoch in self._epochs}
        self._join_epochs()

    @property
    def solo(self) -> bool:
        """Whether its owner's own computer runs the log, be it only as the bundle says: for a sentence."""
        told = self._trust if self._pinned else own_copy(self._bundle)
        return told is not None and told.solo

    @property
    def epochs(self) -> frozenset[int]:
        """Every epoch that the bundle shows anything of."""
        return frozenset(self._epochs)

    def proven(self, epoch: int) -> dict[int, bytes]:
        """Size → root of every signed state that the epoch's final one extends, itself included."""
        made = self._epochs[epoch]
        seen = [note.checkpoint for note in self._notes.opened(epoch)]
        return {item.size: item.root for item in seen if made.standing(item.size, item.root) == PROVEN}

    def verdict(self, reading: Reading) -> LogVerdict:
        """The log axis of a record and its window."""
        since = self._since(reading)
        word, why = self._word(reading)
        if word in _UNPLACED or reading.source.proof is None:
            return LogVerdict(word, Window(since, None), why, included=word in _INCLUDED)
        until = self._bounds[reading.source.epoch].covering(reading.source.index).not_after
        if not self._embeds_known(reading):
            word, why = (
                "INCOMPARABLE",
                "the state of the log it was signed on is not shown to belong to this log",
            )
        return LogVerdict(word, Window(since, until), why)

    def _word(self, reading: Reading) -> tuple[str, str]:
        source = reading.source
        if source.proof is None:
            return "SELF-ASSERTED", "no receipt is here"
        try:
            seen = self._included(reading)
        except EvidenceError as error:
            return "BAD-RECEIPT", error.message
        standing = self._epochs[source.epoch].standing(seen.checkpoint.size, seen.checkpoint.root)
        if standing != PROVEN:
            return standing, "its receipt does not belong to the log's final state"
        if not self._pinned:
            return "SELF-ASSERTED", "you have pinned no key of this log"
        count = self._bounds[source.epoch].covering(source.index).witnesses
        if count >= self._trust.k > 0:
            return f"WITNESSED({count}/{len(self._trust.witnesses)})", ""
        return ("SELF-ASSERTED", "its owner's own log") if self._trust.solo else ("LOGGED", "")

    def _included(self, reading: Reading) -> SeenNote:
        """The note whose tree holds the record where the file's name says. Raises `EvidenceError`."""
        source = reading.source
        receipt = self._receipts.get(reading.place)
        if receipt is None:
            raise EvidenceError("proof", "its receipt is none")
        if receipt.index != source.index:
            raise EvidenceError("proof", "its receipt is for another place")
        seen = self._notes.open(receipt.checkpoint_note, source.epoch)
        size, root = seen.checkpoint.size, seen.checkpoint.root
        leaf = log.record_leaf_hash(source.jws)
        log.verify_inclusion(leaf, source.index, size, receipt.path, root)
        parsed = reading.parsed
        if parsed is not None:
            origin = seen.checkpoint.origin
            if not same_installation(parsed.log, origin) or _epoch_of(parsed.log) > source.epoch:
                raise EvidenceError("proof", "it was signed for another log")
        return seen

    def _since(self, reading: Reading) -> int | None:
        parsed = reading.parsed
        head = _head(reading, "cp0" if parsed is not None and parsed.kind == "segment" else "cp")
        if head is None or parsed is None:
            return None
        epoch = _epoch_of(parsed.log)
        known = epoch in self._epochs and self._epochs[epoch].knows(head)
        return self._bounds[epoch].not_before(head.size) if known else None

    def _embeds_known(self, reading: Reading) -> bool:
        heads = [head for name in ("cp", "cp0") if (head := _head(reading, name)) is not None]
        if reading.parsed is None or not heads:
            return True
        epoch = self._epochs.get(_epoch_of(reading.parsed.log))
        return epoch is not None and all(epoch.knows(head) for head in heads)

    def _epoch(self, epoch: int) -> EpochLog:
        notes = self._by_epoch[epoch].notes
        proofs = {item.size: item.consistency for item in notes if item.consistency is not None}
        final = self._open(self._bundle.checkpoints.get(epoch), epoch, "the log's final state")
        made = EpochLog(epoch, None if final is None else final.checkpoint, proofs)
        for seen in self._signed(epoch, notes):
            made.sign(seen.checkpoint)
        if made.forked:
            self._find("EQUIVOCATION", "the operator signed two different logs of one size")
        return made

    def _signed(self, epoch: int, notes: list[NoteFile]) -> Iterator[SeenNote]:
        """Every note of an epoch whose signatures hold; receipts are read here, once."""
        texts = [self._bundle.checkpoints.get(epoch)]
        for record in self._by_epoch[epoch].records:
            if record.proof is None:
                continue
            try:
                receipt = parse_receipt(record.proof)
            except EvidenceError:
                continue
            self._receipts[record.epoch, record.index] = receipt
            texts.append(receipt.checkpoint_note)
        for text in dict.fromkeys(texts):
            try:
                if text is not None:
                    yield self._notes.open(text, epoch)
            except EvidenceError:
                # It shows on the record, or was found as the final state.
                continue
        for item in notes:
            seen = self._open(item.note, epoch, "a state of the log")
            if seen is not None and seen.checkpoint.size != item.size:
                self._find("BAD-RECEIPT", "a state of the log lies under another one's name")
            elif seen is not None:
                yield seen

    def _bound(self, epoch: int) -> Bounds:
        made = self._epochs[epoch]
        stamped: list[tuple[int, int]] = []
        beacons: list[tuple[int, int]] = []
        for leaf in self._by_epoch[epoch].beacons:
            beacons += [(leaf.index, at) for at in self._beacon(leaf, made)]
        for item in self._by_epoch[epoch].notes:
            stamped += self._stamped(item, made)
        notes = [(seen.checkpoint, seen.cosigned) for seen in self._notes.opened(epoch)]
        cosigned = [
            (checkpoint.size, lines)
            for checkpoint, lines in notes
            if made.standing(checkpoint.size, checkpoint.root) == PROVEN
        ]
        return Bounds(self._trust.k, cosigned, stamped, beacons)

    def _stamped(self, item: NoteFile, made: EpochLog) -> Iterator[tuple[int, int]]:
        seen = self._open(item.note, item.epoch, "a state of the log")
        if seen is None:
            return
        standing = made.standing(seen.checkpoint.size, seen.checkpoint.root)
        if standing != PROVEN:
            self._find(standing, "a state of the log does not belong to its final state")
        elif item.token is not None:
            stamp = self._stamp(item.token, seen)
            if stamp is not None:
                yield seen.checkpoint.size, stamp[1]

    def _beacon(self, leaf: LeafFile, made: EpochLog) -> Iterator[int]:
        """The instants (UTC ms) before which this beacon cannot have been logged."""
        try:
            check_leaf(leaf, made)
            beacon = parse_beacon(leaf.leaf)
            seen = self._notes.open(beacon.note, leaf.epoch)
        except EvidenceError as error:
            self._find("BAD-RECEIPT", f"a beacon does not hold: {error.message}")
            return
        made.sign(seen.checkpoint)
        standing = made.standing(seen.checkpoint.size, seen.checkpoint.root)
        if standing != PROVEN:
            self._find(standing, "a beacon's state of the log does not belong to its final state")
            return
        since = not_before_of(seen.cosigned, self._trust.k)
        if since is not None:
            yield since
        stamp = self._stamp(beacon.token, seen) if beacon.token is not None else None
        if stamp is not None:
            yield stamp[0]

    def _stamp_ahead(self) -> None:
        """Check time stamps, which are remembered, while somebody else may still be checking the notes."""
        for item in self._bundle.notes:
            if item.token is not None and item.note is not None:
                with suppress(EvidenceError):
                    self._stamps.check(item.token, split_note(item.note)[0].encode())

    def _stamp(self, token: bytes, seen: SeenNote) -> tuple[int, int] | None:
        try:
            stamp = self._stamps.check(token, seen.text.encode())
        except EvidenceError as error:
            if error.code != "signature":
                self._find("BAD-RECEIPT", f"a time stamp does not hold: {error.message}")
            elif self._stamps.pinned:
                self._find("INCOMPARABLE", f"a time stamp does not count: {error.message}")
            else:
                self._find("", "a time stamp was left out of account: you have pinned no authority")
            return None
        return stamp.earliest, stamp.latest

    def _join_epochs(self) -> None:
        """Leaf 0 of an epoch names the last state known of the one before."""
        first = {leaf.epoch: leaf for leaf in self._bundle.epochs}
        earliest = min(self._epochs)
        for epoch, made in self._epochs.items():
            leaf, before = first.get(epoch), self._epochs.get(epoch - 1)
            if epoch > earliest and (leaf is None or before is None):
                self._find("INCOMPARABLE", "nothing joins the log to what it was before it was restored")
            if leaf is None:
                continue
            try:
                check_leaf(leaf, made)
                note = parse_epoch(leaf.leaf)
                last = self._notes.open(note, epoch - 1).checkpoint if before is not None else None
            except EvidenceError as error:
                self._find("BAD-RECEIPT", f"the log's new beginning does not hold: {error.message}")
                continue
            standing = before.standing(last.size, last.root) if before and last else PROVEN
            if standing != PROVEN:
                self._find(standing, "the log after a restore does not continue the one before")

    def _open(self, note: str | None, epoch: int, what: str) -> SeenNote | None:
        try:
            return None if note is None else self._notes.open(note, epoch)
        except EvidenceError as error:
            self._find("BAD-RECEIPT", f"{what} is not what the log signed: {error.message}")
            return None

    def _find(self, word: str, what: str) -> None:
        finding = Finding("log", word, what)
        if finding not in self.findings:
            self.findings.append(finding)


_INCLUDED = frozenset({"EQUIVOCATION", "INCOMPARABLE"})
_UNPLACED = frozenset({"BAD-RECEIPT", "EQUIVOCATION", "INCOMPARABLE"})


def _epoch_of(origin: str) -> int:
    return int(origin.rpartition("/")[2])


def _head(reading: Reading, name: str) -> TreeHead | None:
    value: JsonValue = None
    if reading.parsed is not None and reading.parsed.supported:
        value = reading.parsed.payload.get(name)
    return TreeHead(int(str(value["size"])), str(value["root"])) if isinstance(value, dict) else None
