"""Checking everything that is stored against itself: every record, disclosure and image, and the tree.

Nothing is repaired. A finding names a place (index, rid, digest), never content.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from workdiary.evidence.disclosure import digest, parse
from workdiary.evidence.envelope import ParsedRecord, check_signature
from workdiary.evidence.envelope import parse as parse_record
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.log import record_leaf_hash
from workdiary.server.accounts.models import Device
from workdiary.server.log.audit import Audit, audit_tree
from workdiary.server.log.models import Tree
from workdiary.server.receive.models import UNSUPPORTED, Disclosure, Record
from workdiary.server.receive.operator import operator_signer
from workdiary.server.receive.stored import disclosure_text, hex_digest, scope_of
from workdiary.server.store.blobs import open_blob
from workdiary.server.store.models import Blob
from workdiary.wire.sealing import SealError

_CHUNK = 500


def audit() -> Iterator[Audit]:
    """Check everything; yields the same Audit after each step, so that a caller can show how far it is."""
    found = Audit()
    for tree in Tree.objects.order_by("epoch"):
        yield from audit_tree(tree, found)
    keys = {device.kid: json.loads(device.jwk) for device in Device.objects.all()}
    keys[operator_signer().kid] = operator_signer().jwk
    for record in Record.objects.select_related("leaf").order_by("leaf_id").iterator(_CHUNK):
        _record(record, keys, found)
        yield found
    for blob in Blob.objects.filter(key__isnull=False).iterator(_CHUNK):
        _image(blob, found)
        yield found


def _record(record: Record, keys: dict[str, dict[str, str]], found: Audit) -> None:
    found.records += 1
    try:
        parsed = parse_record(record.jws)
        check_signature(parsed, keys.get(record.kid, {}))
    except EvidenceError as error:
        found.miss(f"a record that does not verify ({error.code})", record.rid)
        return
    if bytes(record.leaf.hash) != record_leaf_hash(record.jws) or record.leaf.index != record.index:
        found.miss("a record that is not the leaf it claims", record.rid)
    kind = parsed.kind if parsed.supported else UNSUPPORTED
    columns = (record.jws_id, record.kid, record.stream, record.seq, record.rid, record.kind)
    if columns != (parsed.id, parsed.kid, parsed.stream, parsed.seq, parsed.rid, kind):
        found.miss("a row that says something else than its record", record.rid)
    if parsed.supported:
        _disclosures(record, parsed, found)


def _disclosures(record: Record, parsed: ParsedRecord, found: Audit) -> None:
    listed = parsed.payload["_sd"]
    named = {hex_digest(str(item)) for item in listed} if isinstance(listed, list) else set()
    for row in Disclosure.objects.filter(record=record):
        row.record = record
        found.disclosures += 1
        try:
            text = disclosure_text(row)
        except SealError:
            found.miss("a disclosure that does not open", f"{record.rid} {row.slot}")
            continue
        if row.digest not in named or (text is not None and hex_digest(digest(text)) != row.digest):
            found.miss("a disclosure that its record does not name", f"{record.rid} {row.slot}")


def _image(blob: Blob, found: Audit) -> None:
    found.images += 1
    try:
        image = open_blob(blob.scope, blob.digest)
    except SealError:
        found.miss("an image that does not open", blob.digest)
        return
    if image is None:
        found.miss("an image whose file is gone", blob.digest)
        return
    rows = Disclosure.objects.select_related("record").filter(digest=blob.digest, key__isnull=False)
    row = next((row for row in rows if scope_of(row.record) == blob.scope), None)
    text = disclosure_text(row) if row is not None else None
    value = parse(text).value if text is not None else None
    if not isinstance(value, dict) or value["sha256"] != hashlib.sha256(image.data).hexdigest():
        found.miss("an image that is not the one its record names", blob.digest)
