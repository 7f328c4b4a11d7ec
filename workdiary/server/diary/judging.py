"""Verdicts of stored records, by verify.opened_axes with what this installation knows around them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from workdiary.evidence.log import record_leaf_hash
from workdiary.server.accounts.certificates import counts_at, is_rooted
from workdiary.server.accounts.models import Device
from workdiary.server.diary.chains import CHAINS
from workdiary.server.diary.entries import Reading, digest_text
from workdiary.server.log.receipts import receipt_for
from workdiary.server.log.tree import origin, signer
from workdiary.server.receive.models import Disclosure, Erased, Record, Redaction
from workdiary.server.receive.stored import scope_of
from workdiary.server.store.blobs import present
from workdiary.server.store.runtime import runtime
from workdiary.verify.axes import LogTrust, Signatory, Surroundings, Unfolded, opened_axes
from workdiary.verify.voices import is_dangling, targets_of

# Kinds that take disclosures out of other records, as their signers or the operator say.
_TAKING = ("redact", "replace", "expire")
# The server's words for who signs; the record format's own are freelancer, client, staff, operator.
_ROLES = {"support": "staff"}


def axes_of(reading: Reading) -> dict[str, dict[str, str]]:
    """The verdict axes by rid of every opened record.

    The log axis rests on the stored leaf being the record's; `axes_with_receipt` checks the proof itself.
    """
    rows = [reading.rows[rid] for rid in reading.parsed]
    devices = {device.kid: device for device in Device.objects.filter(kid__in={row.kid for row in rows})}
    around = _surroundings(rows, reading)
    rooted = {kid for kid, device in devices.items() if is_rooted(device)}
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        record = Unfolded(reading.parsed[row.rid], reading.opened[row.rid])
        verdict = opened_axes(record, _signatory(row, devices.get(row.kid), rooted), None, around[row.rid])
        found[row.rid] = {**verdict.words, "log": _log_word(row)}
    return found


def axes_with_receipt(row: Record, reading: Reading) -> tuple[dict[str, str], str]:
    """The axes of one record and its receipt (tlog-proof text), which is verified like a stranger would."""
    receipt = receipt_for(row)
    epoch = row.leaf.epoch
    trust = LogTrust(origin(epoch), signer(epoch).vkey.encode(), own=runtime().solo)
    device = Device.objects.filter(kid=row.kid).first()
    record = Unfolded(reading.parsed[row.rid], reading.opened[row.rid], receipt)
    rooted = {device.kid} if device is not None and is_rooted(device) else set()
    signatory = _signatory(row, device, rooted)
    verdict = opened_axes(record, signatory, trust, _surroundings([row], reading)[row.rid])
    return dict(verdict.words), receipt


def _signatory(row: Record, device: Device | None, rooted: Collection[str]) -> Signatory | None:
    if device is None:
        return None
    return Signatory(
        jwk=json.loads(device.jwk),
        role=_ROLES.get(row.role, row.role),
        key_class=device.key_class,
        # A server's page cannot know which roots its reader has compared.
        certificate="unpinned" if device.kid in rooted else "none",
        revoked=_is_revoked(row, device),
    )


def _is_revoked(row: Record, device: Device) -> bool:
    """By the log's order; by time only where a revocation of an earlier release has no index."""
    if device.revoked_ms is not None and device.revoked_index is None:
        return device.revoked_ms <= row.received_ms
    return not counts_at(device, row.leaf.epoch, row.index)


def _log_word(row: Record) -> str:
    if bytes(row.leaf.hash) != record_leaf_hash(row.jws):
        return "BAD-RECEIPT"
    return "SELF-ASSERTED" if runtime().solo else "LOGGED"


def _surroundings(rows: Iterable[Record], reading: Reading) -> dict[str, Surroundings]:
    known = list(rows)
    chain = CHAINS.words((reading.parsed[row.rid] for row in known), str(runtime().folder))
    taken = _taken(known)
    missing = _missing(known)
    placed = _placed(reading)
    present_ids = _present(reading)
    return {
        row.rid: Surroundings(
            chain=chain[row.jws_id],
            redacted=taken["redact"].get(row.jws_id, frozenset()),
            replaced=taken["replace"].get(row.jws_id, frozenset()),
            expired=taken["expire"].get(row.jws_id, frozenset()),
            missing=missing.get(row.rid, frozenset()),
            dangling=is_dangling(reading.parsed[row.rid], present_ids),
            placed=row.rid in placed,
        )
        for row in known
    }


def _taken(rows: Iterable[Record]) -> Mapping[str, Mapping[str, frozenset[str]]]:
    """What was taken out of records: by the kind of the record that says so, then by target."""
    found: dict[str, dict[str, set[str]]] = {kind: defaultdict(set) for kind in _TAKING}
    wanted = Redaction.objects.filter(target__in=[row.jws_id for row in rows], by__kind__in=_TAKING)
    for kind, target, digest in wanted.values_list("by__kind", "target", "digest"):
        found[kind][target].add(digest_text(digest))
    return {
        kind: {target: frozenset(digests) for target, digests in by_target.items()}
        for kind, by_target in found.items()
    }


def _placed(reading: Reading) -> frozenset[str]:
    """Segments of a wrong clock that a `clock-place` of their boot places, by rid."""
    parsed = reading.parsed.items()
    boots = {(r.stream, str(r.payload["boot"])) for _, r in parsed if r.kind == "clock-place" and r.supported}
    unsure = ((rid, r) for rid, r in parsed if r.supported and r.payload.get("clock_unsure") is True)
    return frozenset(rid for rid, r in unsure if (r.stream, str(r.payload["boot"])) in boots)


def _present(reading: Reading) -> frozenset[str]:
    """The ids that these records speak about and that are here, or are known to have been erased."""
    named = {tgt for record in reading.parsed.values() if record.supported for tgt in targets_of(record)}
    here = Record.objects.filter(jws_id__in=named).values_list("jws_id", flat=True)
    gone = Erased.objects.filter(jws_id__in=named).values_list("jws_id", flat=True)
    return frozenset([*here, *gone])


def _missing(rows: Iterable[Record]) -> Mapping[str, frozenset[str]]:
    """Image slots of each record whose image this server does not hold."""
    by_rid = {row.rid: row for row in rows}
    shots = Disclosure.objects.filter(record__in=list(by_rid), slot__startswith="shot.")
    named: dict[str, set[str]] = defaultdict(set)
    for rid, digest in shots.values_list("record_id", "digest"):
        named[rid].add(digest)
    by_scope: dict[str, set[str]] = defaultdict(set)
    for rid, digests in named.items():
        by_scope[scope_of(by_rid[rid])] |= digests
    here = {scope: present(scope, digests) for scope, digests in by_scope.items()}
    return {
        rid: frozenset(digest_text(d) for d in digests - here[scope_of(by_rid[rid])])
        for rid, digests in named.items()
    }
