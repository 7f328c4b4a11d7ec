"""A bundle out of this computer's own spool, when the server cannot be asked: open, because nobody seals it.

It holds what is still here: records with the receipts that came, disclosures and images not yet removed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workdiary.client.account import Checkpoint as Newest
from workdiary.client.account import Contract, Enrolment
from workdiary.client.errors import DamagedError, border
from workdiary.client.segment.image_file import DamagedImageError, decode_key, open_image
from workdiary.client.sign.streams import ACCOUNT, ROOT
from workdiary.client.spool.book import SpoolBook
from workdiary.client.spool.schema import Database
from workdiary.client.spool.shots import ShotRows
from workdiary.evidence.bundle import BundleRecord, Contents, Manifest, NoteFile, Span
from workdiary.evidence.canonical import JsonObject, b64u, dumps, unb64u
from workdiary.evidence.digest import sha256
from workdiary.evidence.envelope import ParsedRecord, parse
from workdiary.evidence.keys import thumbprint
from workdiary.evidence.kinds.base import TreeHead
from workdiary.evidence.notes import parse_checkpoint, parse_receipt, parse_vkey
from workdiary.evidence.records import open_kid, slot_names
from workdiary.rules.policy import by_digest, to_json
from workdiary.verify.trust import Trust, dump_trust

_EMPTY = TreeHead(0, b64u(sha256(b"")))


@dataclass(frozen=True, slots=True)
class OpenBundle:
    """What an open bundle holds, and what it lacks: records without a receipt, images not here any more."""

    contents: Contents
    unlogged: int
    images_missing: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """A record of the spool; images: slot's disclosure digest in hex → (file, key), as far as they are here.

    lost: images that its disclosures name and that are not here.
    """

    parsed: ParsedRecord
    jws: str
    receipt: str | None
    texts: tuple[str, ...]
    images: Mapping[str, tuple[Path, str]]
    lost: int


class SpoolBundle:
    """Gathers a contract's records from a spool."""

    def __init__(self, database: Database, book: SpoolBook, shots: ShotRows) -> None:
        self._db = database
        self._book = book
        self._shots = shots

    def gather(
        self, contract: Contract, span: Span, enrolment: Enrolment, newest: Newest | None
    ) -> OpenBundle:
        """All records of a contract and of the account up to the span's end. Raises `KnownError`."""
        kept = list(self._kept(contract.id, span.end))
        unlogged = sum(item.receipt is None for item in kept)
        head = _EMPTY if newest is None else TreeHead(newest.size, newest.root)
        payloads = [item.parsed.payload for item in kept]
        manifest = Manifest(
            contract=contract.id,
            span=span,
            origin=enrolment.origin,
            from_size=0,
            to_size=head.size,
            seal=None,
            before=None,
            checkpoint=head,
            audience="freelancer",
            made=max((_int(payload["at"]) for payload in payloads), default=span.start),
            demo=any(payload.get("demo") is True for payload in payloads),
        )
        contents = Contents(
            manifest=manifest,
            records=tuple(_placed(kept, head.size)),
            checkpoints={} if newest is None else {manifest.epoch: newest.note},
            blobs={
                digest: partial(_image, path, key)
                for item in kept
                for digest, (path, key) in item.images.items()
            },
            notes=tuple(self._notes(enrolment.origin)),
            keys=_keys(payloads),
            policies=_policies(payloads),
            trust=dump_trust(_trust(contract, enrolment)),
        )
        return OpenBundle(contents, unlogged, sum(item.lost for item in kept))

    def _kept(self, contract: str, end: int) -> Iterator[_Kept]:
        rows = self._db.rows(
            "SELECT rid, jws, receipt FROM records "
            "WHERE (contract = ? AND start_ms < ? OR contract = ? OR contract LIKE ?) AND state <> 'gone' "
            "ORDER BY ord",
            contract,
            end,
            ACCOUNT,
            f"{ROOT}%",
        )
        for rid, jws, receipt in rows:
            parsed = parse(jws)
            by_slot = self._book.disclosures(rid)
            slots = [slot for slot in slot_names(parsed.kind, parsed.payload) if slot in by_slot]
            shots = self._book.values(rid)
            named = {
                unb64u(by_slot[slot][0]).hex() for slot in slots if slot.startswith("shot.") and shots[slot]
            }
            here = {digest: place for digest, place in self._images(rid).items() if digest in named}
            texts = tuple(by_slot[slot][1] for slot in slots)
            yield _Kept(parsed, jws, receipt, texts, here, len(named) - len(here))

    def _images(self, rid: str) -> dict[str, tuple[Path, str]]:
        """Images of a signed record whose files and keys are here."""
        rows = self._db.rows(
            "SELECT DISTINCT shot_id FROM images WHERE rid = ? AND digest IS NOT NULL AND key IS NOT NULL",
            rid,
        )
        digests = self._db.rows("SELECT image, digest FROM images WHERE rid = ? AND digest IS NOT NULL", rid)
        names: dict[str, str] = {str(image): str(digest) for image, digest in digests}
        found: dict[str, tuple[Path, str]] = {}
        for (shot_id,) in rows:
            shot = self._shots.get(shot_id)
            for image in () if shot is None else shot.images:
                path = self._shots.folder / image.image
                if image.image in names and path.exists():
                    found[names[image.image]] = (path, image.key)
        return found

    def _notes(self, origin: str) -> Iterator[NoteFile]:
        """Every note that was embedded in a record, as it was signed; nothing here joins them."""
        epoch = int(origin.rpartition("/")[2])
        for size, note in self._db.rows("SELECT size, note FROM notes WHERE origin = ?", origin):
            yield NoteFile(epoch, size, note)


def _placed(kept: Iterable[_Kept], size: int) -> Iterator[BundleRecord]:
    """At their place in the log; those without one behind everything the log is known to hold."""
    for item in kept:
        if item.receipt is not None:
            receipt = parse_receipt(item.receipt)
            head = parse_checkpoint(receipt.checkpoint_note.partition("\n\n")[0] + "\n")
            size = max(size, head.size)
    for item in kept:
        if item.receipt is None:
            yield BundleRecord(_epoch(item.parsed.log), size, item.jws, item.texts)
            size += 1
            continue
        receipt = parse_receipt(item.receipt)
        origin = receipt.checkpoint_note.partition("\n")[0]
        yield BundleRecord(_epoch(origin), receipt.index, item.jws, item.texts, item.receipt)


def _epoch(origin: str) -> int:
    return int(origin.rpartition("/")[2])


def _image(path: Path, key: str) -> bytes:
    with border(path):
        try:
            return open_image(path, decode_key(key))
        except DamagedImageError as error:
            raise DamagedError(str(path), "An image does not open.") from error


def _keys(payloads: Iterable[JsonObject]) -> dict[str, dict[str, str]]:
    """The keys that `open` records introduce: this device's own."""
    found: dict[str, dict[str, str]] = {}
    for payload in payloads:
        jwk = payload.get("jwk")
        if isinstance(jwk, dict) and "resume" in payload:
            found[open_kid(payload)] = {name: str(value) for name, value in jwk.items()}
    return found


def _policies(payloads: Iterable[JsonObject]) -> dict[str, bytes]:
    named = {str(payload["policy"]) for payload in payloads if isinstance(payload.get("policy"), str)}
    return {name: dumps(to_json(policy)) for name in named if (policy := by_digest(name)) is not None}


def _trust(contract: Contract, enrolment: Enrolment) -> Trust:
    """What this device pinned when it enrolled."""
    return Trust(
        name=contract.name,
        installation=enrolment.origin.split("/")[1],
        log_key=parse_vkey(enrolment.log_vkey).public,
        solo=enrolment.server == "solo",
        operator=thumbprint(enrolment.operator_jwk),
    )


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
