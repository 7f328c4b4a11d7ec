"""The disclosures that come with a record: its own ones only, and those that come later are added.

A digest that another record names is refused: a fresh salt never collides honestly, and whoever copied a
disclosure could redact the other record's image under its digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from workdiary.evidence import disclosure
from workdiary.evidence.envelope import ParsedRecord, open_disclosures, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.server.receive.models import Disclosure, Record, Redaction
from workdiary.server.receive.stored import hex_digest, scope_of, sealed_disclosure
from workdiary.server.store.database import writing
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.rows import found, marks
from workdiary.server.store.sealing import open_scope
from workdiary.wire.problems import ProblemCode

# Of a record whose version or kind this server does not know: kept, but nobody can say what it is.
UNJUDGED = ""
_TAKEN = "SELECT 1 FROM receive_disclosure WHERE digest IN ({}) AND record_id <> %s LIMIT 1"


def slots_of(parsed: ParsedRecord, texts: Sequence[str]) -> dict[str, str]:
    """Each text with its slot. Raises EvidenceError for what the record does not name."""
    if parsed.supported:
        slots = {digest: slot for slot, digest in open_disclosures(parsed, texts).digests.items()}
        return {text: slots[disclosure.digest(text)] for text in texts}
    for text in texts:
        disclosure.parse(text)
    if len(set(texts)) != len(texts):
        raise EvidenceError("disclosure", "disclosed twice")
    return dict.fromkeys(texts, UNJUDGED)


def sealed_rows(record: Record, slots: Mapping[str, str]) -> list[Disclosure]:
    """The rows, not yet saved, of texts by their slots."""
    scope = open_scope(scope_of(record))
    return [sealed_disclosure(scope, record, slot, text) for text, slot in slots.items()]


def refuse_taken(record: Record, rows: Iterable[Disclosure]) -> None:
    """Inside the transaction that saves `rows`: raise ProblemError if another record names one of them."""
    digests = [row.digest for row in rows]
    if digests and found(_TAKEN.format(marks(len(digests))), [*digests, record.rid]):
        raise ProblemError(ProblemCode.BAD_RECORD, "a disclosure of another record")


def add_missing(record: Record, texts: Sequence[str]) -> None:
    """Keep what an admitted record was sent without, redacted ones excepted.

    The record stands whatever comes with it now: texts that are not its own are left out, not judged.
    """
    here = set(Disclosure.objects.filter(record=record).values_list("digest", flat=True))
    absent = [text for text in texts if hex_digest(disclosure.digest(text)) not in here]
    parsed = parse(record.jws)
    if not absent or (here and not parsed.supported):
        return
    try:
        slots = slots_of(parsed, absent)
    except EvidenceError:
        return
    with writing():
        gone = Redaction.objects.filter(target=record.jws_id, by__account=record.account)
        ended = {*gone.values_list("digest", flat=True)}
        ended |= {*Disclosure.objects.filter(digest__in=_digests(absent)).values_list("digest", flat=True)}
        rows = sealed_rows(record, slots)
        Disclosure.objects.bulk_create(row for row in rows if row.digest not in ended)


def _digests(texts: Iterable[str]) -> list[str]:
    return [hex_digest(disclosure.digest(text)) for text in texts]
