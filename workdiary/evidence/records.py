"""The one table of record kinds and the checks that follow from it.

docs/evidence-format.md and the JSON schemas are generated from `KINDS`; `envelope` refuses what does not fit.
Only form is judged here: impossible times or counts are verdicts of `verify`, no reason to refuse a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import FieldType, as_jwk
from workdiary.evidence.keys import thumbprint
from workdiary.evidence.kinds.account import ACCOUNT_KINDS
from workdiary.evidence.kinds.base import COMMON, Kind
from workdiary.evidence.kinds.contract import CONTRACT_KINDS
from workdiary.evidence.kinds.operator import OPERATOR_KINDS
from workdiary.evidence.kinds.time import TIME_KINDS
from workdiary.evidence.times import uuid7_ms

KINDS: Mapping[str, Kind] = MappingProxyType(
    {kind.name: kind for kind in (*TIME_KINDS, *CONTRACT_KINDS, *OPERATOR_KINDS, *ACCOUNT_KINDS)}
)

# What stays readable of a record whose version or kind is newer than this program: enough for chain, log
# and upload.
CHAIN_FIELDS = ("log", "ctr", "stream", "seq", "prev", "rid", "at")


def check_clear(kind: str, payload: JsonObject) -> None:
    """Raise `EvidenceError` ("field") unless `payload` has exactly the clear fields of `kind`, well formed.

    `payload` is the whole signed object, `_sd` and `_sd_alg` included. `kind` must be in `KINDS`.
    """
    row = KINDS[kind]
    types = row.clear_types()
    for name in payload.keys() - types.keys():
        # The name itself comes from outside; only its being unknown is told.
        raise EvidenceError("field", f"{kind}: an unknown clear field of {len(name)} characters")
    for name in types.keys() - payload.keys():
        raise EvidenceError("field", f"{kind}: {name} is missing")
    for name, field_type in types.items():
        field_type.check(payload[name], f"{kind}.{name}")
    _check_place(row, payload)
    _check_digests(kind, payload)
    _check_kind(kind, payload)


def check_chain_fields(payload: JsonObject) -> None:
    """Raise `EvidenceError` unless an unsupported record has the fields that chain and log need."""
    for name in CHAIN_FIELDS:
        if name not in payload:
            raise EvidenceError("field", f"{name} is missing")
        COMMON[name].check(payload[name], name)


def slot_names(kind: str, payload: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The names of all slots of a record: the fixed ones, then `shot.0` … as many as its clear counts say."""
    row = KINDS[kind]
    names = list(row.slots)
    for prefix, counted in row.counted.items():
        count = payload[counted.count]
        if not isinstance(count, int) or isinstance(count, bool):
            raise EvidenceError("field", f"{kind}.{counted.count}: not a count")
        names += [f"{prefix}.{index}" for index in range(count)]
    return tuple(names)


# By names that fit only: whatever else comes is refused, not remembered.
@lru_cache(maxsize=1024)
def slot_type(kind: str, name: str) -> FieldType:
    """The type of one slot. Raises `EvidenceError` ("disclosure") for a name that the kind does not have."""
    row = KINDS[kind]
    if name in row.slots:
        return row.slots[name]
    prefix, _, index = name.partition(".")
    if prefix not in row.counted or not index.isdecimal() or str(int(index)) != index:
        raise EvidenceError("disclosure", f"{kind}: a disclosure for a slot that does not exist")
    return row.counted[prefix].type


def check_value(kind: str, name: str, value: JsonValue) -> None:
    """Raise `EvidenceError` unless `value` fits the slot `name` of `kind`."""
    slot_type(kind, name).check(value, f"{kind}.{name}")


def _check_place(row: Kind, payload: JsonObject) -> None:
    opening = row.name == "open"
    if opening != (payload["seq"] == 0) or opening != (payload["prev"] is None):
        raise EvidenceError("field", f"{row.name}: seq 0, no prev and `open` go together")
    if row.scope != "any" and (payload["ctr"] is None) != (row.scope == "account"):
        raise EvidenceError("field", f"{row.name}: does not belong into this stream (ctr)")
    if uuid7_ms(str(payload["rid"])) != payload[row.instant]:
        raise EvidenceError("field", f"{row.name}: rid carries another time than `{row.instant}`")


def _check_digests(kind: str, payload: JsonObject) -> None:
    digests = payload["_sd"]
    if not isinstance(digests, list):
        raise EvidenceError("field", f"{kind}._sd: not a list")
    texts = [digest for digest in digests if isinstance(digest, str)]
    # Strictly ascending says sorted and unique at once.
    if any(left >= right for left, right in pairwise(texts)):
        raise EvidenceError("field", f"{kind}._sd: not sorted, or a digest twice")
    if len(texts) != len(slot_names(kind, payload)):
        raise EvidenceError("field", f"{kind}._sd: not one digest for each slot")


def _check_kind(kind: str, payload: JsonObject) -> None:
    if kind == "dispute" and (payload["targets"] == []) == (payload["minutes"] is None):
        raise EvidenceError("field", "dispute: either targets or minutes")


def open_kid(payload: JsonObject) -> str:
    """Thumbprint of the key that an `open` payload introduces."""
    return thumbprint(as_jwk(payload["jwk"], "open.jwk"))
