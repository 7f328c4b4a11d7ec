"""A bundle and what one trusts → a verdict for every record and for the whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from workdiary.evidence.bundle import Bundle
from workdiary.evidence.canonical import JsonValue
from workdiary.evidence.envelope import ParsedRecord
from workdiary.evidence.fields import as_jwk
from workdiary.evidence.forks import Rejoin, resolved_forks
from workdiary.evidence.keys import thumbprint
from workdiary.evidence.streams import link_of
from workdiary.verify.axes import Signatory, key_word
from workdiary.verify.certificates import Keyring, Standing
from workdiary.verify.chains import Chains, Known, erased_items, read_chains
from workdiary.verify.contents import Contents
from workdiary.verify.files import (
    Export,
    file_findings,
    maker_findings,
    manifest_findings,
    seal_findings,
    unspoken_findings,
    unused_findings,
)
from workdiary.verify.judged import Finding, Judged, ReadRecord, RecordVerdict
from workdiary.verify.logbook import LogBook, LogVerdict
from workdiary.verify.reading import Place, Reading, named, number, read_records
from workdiary.verify.repeats import Repeats
from workdiary.verify.seals import bounded
from workdiary.verify.trust import Trust, roots_of, trust_for
from workdiary.verify.voices import Voices, is_dangling, is_unfounded
from workdiary.verify.window import Places, time_word
from workdiary.verify.words import NOT_APPLICABLE, join

# Kinds that a lock turns into money; `rules.recheck` says of each whether the amount follows from it.
PAY_KINDS = frozenset({"segment", "manual", "idle-claim", "lock"})


def judge(bundle: Bundle, trusts: Sequence[Trust], sound: Callable[[], Collection[str]] = tuple) -> Judged:
    """Judge every record of a bundle by what `trusts` say.

    The pay axis stays NOT-STATED until `Judged.with_pay`. Raises `EvidenceError` only for trust files that
    contradict one another or hold a witness's key that is none, never for what is in the bundle. `sound` is
    asked late for what `ahead.check_notes` found meanwhile.
    """
    return _Court(bundle, trusts, sound).judged()


@dataclass(frozen=True, slots=True)
class _Heard:
    """A record, whose key signed it, and why it may not say what it says ("": it may)."""

    reading: Reading
    record: ParsedRecord
    standing: Standing
    why_not: str

    @property
    def counts(self) -> bool:
        """Whether what it says about others has any effect."""
        return not self.why_not and not self.standing.revoked


class _Court:
    """Everything that one judgement shares between records."""

    def __init__(self, bundle: Bundle, trusts: Sequence[Trust], sound: Callable[[], Collection[str]]) -> None:
        manifest = bundle.manifest
        self._bundle = bundle
        self._trust = trust_for(manifest.origin.split("/")[1], trusts)
        self._readings = read_records(bundle)
        self._log = LogBook(bundle, self._trust, sound)
        operator = self._trust.operator if self._trust else None
        # Of one root on two installations, what was compared for this one decides whose it is.
        own = [self._trust] if self._trust else []
        self._keyring = Keyring(self._readings, roots_of([*trusts, *own]), operator)
        self._heard = self._hear()
        counting = [(heard.record, heard.reading.place) for heard in self._heard.values() if heard.counts]
        sealing = [(record, place) for record, place in counting if self._is_operators(record)]
        self._bounded = bounded(sealing, manifest.contract, manifest.before, manifest.seal)
        self._erased = self._erasures(sealing)
        self._chains = self._read_chains(counting)
        locks = {record.id for record, _ in sealing if record.kind == "lock"}
        self._places = Places(counting, [seal for seal in self._bounded.all if seal.id in locks])
        self._repeats = Repeats(self._readings.records)
        self._contents = Contents(bundle)
        for record, _ in counting:
            self._contents.removals.add(record)
        known = [reading.parsed.id for reading in self._readings.records if reading.parsed is not None]
        self._known = {*known, *(ident for items in self._erased.values() for ident in items.values())}

    def judged(self) -> Judged:
        """The verdict."""
        records = tuple(self._record(reading) for reading in self._readings.records)
        return Judged(
            manifest=self._bundle.manifest,
            records=records,
            findings=tuple(self._findings()),
            material=tuple(self._material(reading) for reading in self._readings.records),
            trust=self._trust,
            demo=self._bundle.manifest.demo or any(record.demo for record in records),
            solo=self._log.solo,
            seals=self._bounded,
            policies=self._bundle.policies,
        )

    def _hear(self) -> dict[Place, _Heard]:
        """Every record with a true signature whose kind is known, in log order."""
        voices = Voices(self._readings.records, self._keyring)
        heard: dict[Place, _Heard] = {}
        for reading in self._readings.records:
            record = reading.parsed
            if record is None or not reading.signed or not record.supported:
                continue
            standing = self._keyring.standing(record, reading.place)
            why_not = voices.why_not(record, standing, reading.place)
            heard[reading.place] = _Heard(reading, record, standing, why_not)
        return heard

    def _is_operators(self, record: ParsedRecord) -> bool:
        return record.kind in {"seal", "lock", "erase"} and self._keyring.speaks_for_operator(record)

    def _erasures(self, sealing: Sequence[tuple[ParsedRecord, Place]]) -> dict[str, dict[int, str]]:
        erased: dict[str, dict[int, str]] = defaultdict(dict)
        for record, _ in sealing:
            if record.kind == "erase":
                for stream, seq, ident in erased_items(record):
                    erased[stream][seq] = ident
        return erased

    def _read_chains(self, counting: Sequence[tuple[ParsedRecord, Place]]) -> Chains:
        signed = [(item.parsed, item.place) for item in self._readings.records if item.signed]
        streams = [(record, place) for record, place in signed if record is not None]
        rejoins = [record for record, _ in counting if record.kind == "rejoin"]
        by_root = [
            Rejoin.of_payload(record.payload)
            for record in rejoins
            if self._keyring.root_of(named(record, "of")) == record.kid
        ]
        resolved = resolved_forks((link_of(record) for record, _ in streams), by_root)
        return read_chains(streams, self._bounded, Known(self._keyring.accounts, resolved, self._erased))

    def _record(self, reading: Reading) -> RecordVerdict:
        log = self._log.verdict(reading)
        record = reading.parsed
        if record is None:
            return _unread(reading, log)
        standing = self._keyring.standing(record, reading.place)
        words, notes = self._words(reading, record, log)
        demo = record.supported and record.payload.get("demo") is True
        claim = self._places.claim(record, reading.place)
        return RecordVerdict(
            epoch=reading.source.epoch,
            index=reading.source.index,
            rid=record.rid,
            kind=record.kind,
            axes=join(words, role=standing.role, demo=demo),
            role=standing.role,
            window=log.window,
            start=claim.start if claim else None,
            end=claim.end if claim else None,
            demo=demo,
            notes=tuple(note for note in notes if note),
        )

    def _words(
        self, reading: Reading, record: ParsedRecord, log: LogVerdict
    ) -> tuple[dict[str, str], list[str]]:
        standing = self._keyring.standing(record, reading.place)
        integrity, why = self._integrity(reading, record)
        time, when = time_word(record, self._places.claim(record, reading.place), log.window)
        if self._repeats.is_second(reading.place):
            time, when = "CONTRADICTED", "the same device claims this time twice"
        words = {
            "integrity": integrity,
            "chain": self._chains.word(record, reading.place),
            "log": self._log_word(record, reading.place, log),
            "time": time,
            "content": self._contents.word(record, reading.opened) if reading.signed else "WITHHELD",
            "key": key_word(record, _signatory(standing)),
            "pay": "NOT-STATED" if record.kind in PAY_KINDS else NOT_APPLICABLE,
        }
        omitted = "a seal leaves it out, though the log held it" if words["log"] != log.word else ""
        return words, [why, when, log.why, standing.why, omitted]

    def _integrity(self, reading: Reading, record: ParsedRecord) -> tuple[str, str]:
        if not reading.signed:
            return "INVALID", reading.why
        copy = self._repeats.why(reading.place)
        if copy:
            return "INVALID", copy
        if record.ctr not in {None, self._bundle.manifest.contract}:
            return "INVALID", "it belongs to another contract"
        if not record.supported:
            return "UNSUPPORTED", ""
        heard = self._heard[reading.place]
        if heard.why_not:
            return "INVALID", heard.why_not
        if is_dangling(record, self._known):
            return "DANGLING", ""
        # Only a sealed bundle says that it holds all that its records rest on.
        if record.ctr and self._bounded.end is not None and is_unfounded(record, self._known):
            return "DANGLING", "the terms it was made under are not here"
        return "VALID", ""

    def _log_word(self, record: ParsedRecord, place: Place, log: LogVerdict) -> str:
        """EQUIVOCATION for a true receipt of what a seal left out: portable proof against the operator."""
        if not log.included:
            return log.word
        heard = self._heard.get(place)
        # The operator's own account stream is nobody's in the contract, and no seal speaks of it.
        if record.ctr is None and (heard is None or heard.standing.role in {"operator", "staff"}):
            return log.word
        omitted = any(seal.omits(record, place) for seal in self._bounded.all)
        return "EQUIVOCATION" if omitted else log.word

    def _findings(self) -> list[Finding]:
        bundle, readings = self._bundle, self._readings.records
        kids = {reading.parsed.kid for reading in readings if reading.parsed is not None}
        kids |= {
            thumbprint(as_jwk(jwk, "jwk"))
            for heard in self._heard.values()
            if (jwk := _subject(heard.record))
        }
        return [
            *file_findings(bundle),
            *manifest_findings(bundle, self._bounded),
            *seal_findings(bundle, self._bounded, self._before_until()),
            *maker_findings(bundle, self._bounded, self._exports()),
            *unspoken_findings(self._contents.unspoken()),
            *unused_findings(bundle, readings, kids),
            *self._log.findings,
            *self._chains.about,
            *self._erasure_findings(),
            *self._repeats.overlaps(),
        ]

    def _before_until(self) -> int | None:
        """By when others had seen the first seal: what dates itself back was not given before the span."""
        before = self._bounded.before
        heard = None if before is None else self._heard.get(before.place)
        return None if heard is None else self._log.verdict(heard.reading).window.not_after

    def _exports(self) -> list[Export]:
        return [
            Export(place, str(heard.record.payload["role"]), number(heard.record, "at") or 0)
            for place, heard in self._heard.items()
            if heard.counts
            and heard.record.kind == "access"
            and heard.record.ctr == self._bundle.manifest.contract
            and heard.record.payload["what"] == "bundle"
        ]

    def _erasure_findings(self) -> list[Finding]:
        # Whether they are here or not: what an operator says is gone counts for no pay, and is no gap.
        gone = sum(len(items) for items in self._erased.values())
        return (
            [Finding("content", "ERASED", f"{gone} records were erased: only their place is left")]
            if gone
            else []
        )

    def _material(self, reading: Reading) -> ReadRecord:
        heard = self._heard.get(reading.place)
        bare = ReadRecord(reading.source, reading.parsed, reading.opened)
        if heard is None:
            return bare
        sound = not heard.why_not and not self._repeats.why(reading.place)
        return replace(bare, role=heard.standing.role, account=heard.standing.account, sound=sound)


def _unread(reading: Reading, log: LogVerdict) -> RecordVerdict:
    words = {
        "integrity": "INVALID",
        "chain": "OPEN",
        "log": log.word,
        "time": "UNBOUNDED",
        "content": "WITHHELD",
        "key": "VOUCHED",
        "pay": NOT_APPLICABLE,
    }
    notes = tuple(note for note in (reading.why, log.why) if note)
    source = reading.source
    return RecordVerdict(source.epoch, source.index, "", "", join(words), window=log.window, notes=notes)


def _signatory(standing: Standing) -> Signatory:
    return Signatory({}, standing.role, standing.key_class, standing.certificate, standing.revoked)


def _subject(record: ParsedRecord) -> JsonValue:
    return record.payload.get("jwk")
