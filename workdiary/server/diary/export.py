"""The evidence bundle of a contract: made from the database for one seal, one image in memory at a time.

The same seal gives the same bytes, as long as nothing in it was redacted since and no witness was late.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from workdiary.evidence import disclosure
from workdiary.evidence.bundle import Blob, BundleRecord, Contents, Manifest, bundle_of, write_bundle
from workdiary.evidence.bundle import Span as ManifestSpan
from workdiary.evidence.canonical import JsonObject, dumps
from workdiary.evidence.envelope import ParsedRecord, open_disclosures, parse
from workdiary.evidence.notes import parse_checkpoint
from workdiary.evidence.records import slot_names
from workdiary.rules.bundle_page import bundle_page
from workdiary.rules.policy import by_digest, to_json
from workdiary.server.accounts.models import Device
from workdiary.server.contracts.models import Contract
from workdiary.server.diary.bundle_log import BundleLog, bundle_log
from workdiary.server.diary.locking import ensure_locks
from workdiary.server.diary.removal import removed_rids
from workdiary.server.diary.selection import Selection, select, size_of, span_of
from workdiary.server.diary.trusting import trust_of
from workdiary.server.log.cosigned import wait_cosigned
from workdiary.server.receive.access_records import Visitor, log_export
from workdiary.server.receive.destruction import SHOT
from workdiary.server.receive.models import Record
from workdiary.server.receive.operator_stream import operator_signer
from workdiary.server.receive.seals import Span, seal
from workdiary.server.receive.stored import disclosures_of, hex_digest
from workdiary.server.store.blobs import Image, openers
from workdiary.server.store.problem import ProblemError
from workdiary.verify.trust import dump_trust
from workdiary.wire.problems import ProblemCode

# What takes something out that may have been written into the bundle already.
_TAKING = ("redact", "replace", "discard", "expire", "erase")
# The word of a bundle for whose eyes it is.
_AUDIENCES = {"support": "staff"}
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as the bundle shows it: parsed, with its disclosures in slot order, and the images they name.

    images: disclosure digests in hex.
    """

    row: Record
    parsed: ParsedRecord
    texts: tuple[str, ...]
    images: tuple[str, ...]


def sealed_for_export(visitor: Visitor, span: Span, wait_s: float = 0.0) -> Record:
    """Lock what is due, log that somebody exports, and seal; the seal is what the bundle is made for.

    wait_s: how long to wait for k witnesses' cosignatures, where some are pinned.
    """
    ensure_locks(visitor.contract)
    log_export(visitor, span)
    made = seal(visitor.contract, span)
    wait_cosigned(made.leaf.epoch, made.index + 1, wait_s)
    return made


def write_export(contract: Contract, seal_record: Record, audience: str, out: BinaryIO) -> None:
    """Write the bundle that ends at a seal. audience: the role in the contract it is made for.

    Raises ProblemError (UNAVAILABLE) if something was redacted while it was written; then ask again.
    """
    taken = _newest_taking(contract)
    selection = select(contract, seal_record)
    shown = _shown(contract, selection)
    write_bundle(_contents(contract, selection, shown, _AUDIENCES.get(audience, audience)), out)
    # A month of images takes a while; what was taken out meanwhile must not go out with the rest.
    if _newest_taking(contract) != taken:
        raise _redacted_meanwhile()


def _newest_taking(contract: Contract) -> int | None:
    found = Record.objects.filter(contract=contract, kind__in=_TAKING).order_by("-leaf_id")
    return found.values_list("leaf_id", flat=True).first()


def _contents(contract: Contract, selection: Selection, shown: list[Shown], audience: str) -> Contents:
    log = bundle_log(selection, [item.parsed for item in shown])
    head = parse_checkpoint(log.final.partition("\n\n")[0] + "\n")
    manifest = Manifest(
        contract=str(contract.id),
        span=ManifestSpan(*span_of(selection.seal)),
        origin=head.origin,
        from_size=selection.from_size,
        to_size=size_of(selection.seal),
        seal=selection.seal.jws_id,
        before=None if selection.before is None else selection.before.jws_id,
        checkpoint=head.head(),
        audience=audience,
        made=selection.seal.start_ms,
        demo=any(item.parsed.payload.get("demo") is True for item in shown),
    )
    contents = Contents(
        manifest=manifest,
        records=tuple(_record(item, log) for item in shown),
        checkpoints=log.checkpoints,
        blobs=_blobs(contract, shown),
        notes=log.notes,
        beacons=log.beacons,
        epochs=log.epochs,
        keys=_keys({item.parsed.kid for item in shown}),
        policies=_policies(item.parsed.payload for item in shown),
        trust=dump_trust(trust_of(contract)),
    )
    return replace(contents, report=bundle_page(bundle_of(contents)))


def _shown(contract: Contract, selection: Selection) -> list[Shown]:
    """Every record with what may be shown of it; time its owner took back shows nothing but itself."""
    removed = removed_rids(contract, selection.rows)
    shown: list[Shown] = []
    for first in range(0, len(selection.rows), _CHUNK):
        rows = selection.rows[first : first + _CHUNK]
        texts = disclosures_of(row for row in rows if row.rid not in removed)
        shown += [_open(row, texts.get(row.rid, [])) for row in rows]
    return shown


def _open(row: Record, texts: list[str]) -> Shown:
    parsed = parse(row.jws)
    if not parsed.supported:
        return Shown(row, parsed, tuple(texts), ())
    opened = open_disclosures(parsed, texts)
    text_of = {disclosure.digest(text): text for text in texts}
    slots = [slot for slot in slot_names(parsed.kind, parsed.payload) if slot in opened.digests]
    images = [slot for slot in slots if slot.startswith(SHOT) and opened.values[slot] is not None]
    return Shown(
        row,
        parsed,
        tuple(text_of[opened.digests[slot]] for slot in slots),
        tuple(hex_digest(opened.digests[slot]) for slot in images),
    )


def _record(item: Shown, log: BundleLog) -> BundleRecord:
    return BundleRecord(
        epoch=item.row.leaf.epoch,
        index=item.row.leaf.index,
        jws=item.row.jws,
        disclosures=item.texts,
        proof=log.proofs[item.row.jws_id],
    )


def _blobs(contract: Contract, shown: Iterable[Shown]) -> dict[str, Blob]:
    readers = openers(contract.scope, [digest for item in shown for digest in item.images])
    return {digest: partial(_image, read) for digest, read in readers.items()}


def _image(read: Callable[[], Image | None]) -> bytes:
    found = read()
    if found is None:
        raise _redacted_meanwhile()
    return found.data


def _redacted_meanwhile() -> ProblemError:
    return ProblemError(ProblemCode.UNAVAILABLE, "something was redacted while the bundle was written")


def _keys(kids: set[str]) -> dict[str, Mapping[str, str]]:
    """Of all who signed; an unknown one would be no record of this server."""
    signer = operator_signer()
    known = dict(Device.objects.filter(kid__in=list(kids)).values_list("kid", "jwk"))
    found: dict[str, Mapping[str, str]] = {kid: json.loads(jwk) for kid, jwk in known.items()}
    return found | ({signer.kid: signer.jwk} if signer.kid in kids else {})


def _policies(payloads: Iterable[JsonObject]) -> dict[str, bytes]:
    """The sets that records name, as far as this release knows them."""
    named = {str(payload["policy"]) for payload in payloads if isinstance(payload.get("policy"), str)}
    return {name: dumps(to_json(policy)) for name in named if (policy := by_digest(name)) is not None}
