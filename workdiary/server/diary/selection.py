"""Which records a bundle holds: all between two seals, and the earlier ones that these rest on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q

from workdiary.evidence.canonical import JsonValue
from workdiary.server.contracts.models import Contract
from workdiary.server.diary.entries import clear_of
from workdiary.server.receive.models import UNSUPPORTED, Record, Redaction
from workdiary.server.receive.seals import Span, accounts_of_parties, below

# What keys and agreement rest on and what is left of erased records, however long ago it was said.
LASTING = (
    *("open", "cert", "rotate", "revoke", "endorse", "rejoin", "ceiling"),
    *("terms", "consent", "policy", "erase"),
)
# What took something out of an earlier record: without it, the record would seem to withhold it.
TAKING = ("expire", "replace")
# Fields by which records name others by id.
_NAMING = frozenset({"tgt", "tgts", "replaces", "seal"})
_CHUNK = 500

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Selection:
    """The records of a bundle in log order; `before` is the seal it begins at, None from the beginning."""

    seal: Record
    before: Record | None
    rows: tuple[Record, ...]

    @property
    def from_size(self) -> int:
        """The log size that the bundle counts from."""
        return 0 if self.before is None else size_of(self.before)


def select(contract: Contract, seal: Record) -> Selection:
    """What belongs into the bundle that ends at a seal of this contract and tells of the seal's own span."""
    before = _seal_before(contract, seal)
    upper = below(seal.leaf.epoch, size_of(seal)) | Q(pk=seal.pk)
    earlier = below(before.leaf.epoch, size_of(before)) if before else Q(pk="")
    known = Record.objects.filter(_covered(contract) & upper).select_related("leaf")
    found = {row.jws_id: row for row in known.exclude(earlier)}
    # Of the parties' own streams nothing is left out: what they say of keys counts as a whole.
    lasting = Q(kind__in=LASTING) | Q(contract=None)
    found |= {row.jws_id: row for row in known.filter(earlier, lasting)}
    if before is not None:
        found[before.jws_id] = before
        _add_named(contract, found, known.filter(earlier))
    return Selection(seal, before, tuple(sorted(found.values(), key=place_of)))


def span_of(seal: Record) -> Span:
    """The span a seal was made for, UTC ms."""
    span = clear_of(seal.jws)["span"]
    return (int(str(span["start"])), int(str(span["end"]))) if isinstance(span, dict) else (0, 0)


def size_of(seal: Record) -> int:
    """The log size of a seal."""
    return int(str(clear_of(seal.jws)["size"]))


def place_of(row: Record) -> Place:
    """Where the log has a record: (epoch, index)."""
    return row.leaf.epoch, row.leaf.index


def _covered(contract: Contract) -> Q:
    """The contract's records, and those of both parties' own streams."""
    return Q(contract=contract) | Q(contract=None, account__in=accounts_of_parties(contract))


def _seal_before(contract: Contract, seal: Record) -> Record | None:
    """The newest seal given before the span began, below every record of the contract whose time lies in it.

    A seal given within the span would do as well, but nobody could see that: what was logged before such a
    seal, and left out, could be of the span. So a verifier would call the bundle OPEN.
    """
    start, end = span_of(seal)
    of_contract = Record.objects.filter(contract=contract).select_related("leaf")
    inside = of_contract.filter(start_ms__gte=start, start_ms__lt=end, leaf_id__lt=seal.leaf_id)
    first = inside.order_by("leaf_id").first() or seal
    seals = of_contract.filter(kind="seal", role=seal.role, leaf_id__lt=seal.leaf_id, start_ms__lte=start)
    found = seals.filter(leaf_id__lt=first.leaf_id).order_by("-leaf_id").first()
    # One that was signed after it may still have been counted before it.
    for later in seals.filter(leaf_id__gt=first.leaf_id).order_by("leaf_id").iterator(_CHUNK):
        if (later.leaf.epoch, size_of(later)) > place_of(first):
            break
        found = later
    return found


def _add_named(contract: Contract, found: dict[str, Record], earlier: Iterable[Record]) -> None:
    """Earlier targets, what those name in turn, and what was taken out of them."""
    wanted = _named_by(found.values()) - found.keys()
    by_id = {row.jws_id: row for row in earlier} if wanted else {}
    added: set[str] = set()
    while wanted:
        new = {name: by_id[name] for name in wanted if name in by_id}
        found |= new
        added |= new.keys()
        wanted = _named_by(new.values()) - found.keys()
    if not added:
        return
    redacting = set(Redaction.objects.filter(target__in=added).values_list("by", flat=True))
    for row in by_id.values():
        taking = row.kind in TAKING and row.contract_id == contract.pk and _named_by([row]) & added
        if taking or row.rid in redacting:
            found[row.jws_id] = row


def _named_by(rows: Iterable[Record]) -> set[str]:
    return {name for row in rows if row.kind != UNSUPPORTED for name in _names(clear_of(row.jws))}


def _names(value: JsonValue, *, naming: bool = False) -> Iterator[str]:
    if isinstance(value, dict):
        for field, item in value.items():
            yield from _names(item, naming=field in _NAMING)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item, naming=naming)
    elif naming and isinstance(value, str):
        yield value
