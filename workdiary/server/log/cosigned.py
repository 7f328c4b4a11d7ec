"""Notes with the cosignatures of pinned witnesses: which is the first with k of them, and its text."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from django.db.models import Count, Min

from workdiary.evidence.cosign import Cosignature as Line
from workdiary.evidence.cosign import CosignerKey, with_lines
from workdiary.server.log.models import Cosignature, Note
from workdiary.server.store.database import writing
from workdiary.server.store.runtime import runtime

# Another process may have stored the line waited for: nobody tells this one, so it looks again.
_LOOK_S = 0.25
_NEWS = threading.Condition()


def store_line(note: Note, key: CosignerKey, line: Line) -> None:
    """Keep a cosignature that verified; the same one twice changes nothing."""
    row = {"epoch": note.epoch, "size": note.size, "witness": key.encode(), "time_s": line.time_s}
    with writing():
        Cosignature.objects.get_or_create(**row, defaults={"line": line.line})
    with _NEWS:
        _NEWS.notify_all()


def first_witnessed(epoch: int, min_size: int) -> Note | None:
    """The smallest signed note of at least `min_size` that k pinned witnesses cosigned; None without one."""
    settings = runtime().settings
    if not settings.witnesses:
        return None
    rows = Cosignature.objects.filter(epoch=epoch, size__gte=min_size, witness__in=settings.vkeys)
    counted = (
        rows.values("size").annotate(those=Count("witness", distinct=True)).filter(those__gte=settings.k)
    )
    found = counted.order_by("size").first()
    return None if found is None else signed_note(epoch, int(found["size"]))


def proof_note(epoch: int, index: int) -> Note | None:
    """The note to prove a leaf against: the earliest witnessed that includes it, else the earliest signed.

    None while no signed note includes it.
    """
    found = first_witnessed(epoch, index + 1)
    if found is not None:
        return found
    covering = Note.objects.filter(epoch=epoch, size__gt=index, text__isnull=False)
    return covering.order_by("size").first()


def signed_note(epoch: int, size: int) -> Note | None:
    """The signed note of exactly this size, None if none was signed."""
    return Note.objects.filter(epoch=epoch, size=size, text__isnull=False).first()


def note_text(note: Note) -> str:
    """The note with each pinned witness's earliest line: it proves the earliest instant of this size."""
    vkeys = runtime().settings.vkeys
    if not vkeys:
        return note.text or ""
    rows = Cosignature.objects.filter(epoch=note.epoch, size=note.size, witness__in=vkeys)
    first = dict(rows.values_list("witness").annotate(Min("time_s")))
    kept = {(row.witness, row.time_s): row.line for row in rows}
    return with_lines(note.text or "", [kept[item] for item in first.items()])


def note_with(note: Note, lines: Iterable[Line]) -> str:
    """The note with these lines and no others: a beacon's, which are fresh ones."""
    return with_lines(note.text or "", (line.line for line in lines))


def cosigned_note(epoch: int, min_size: int) -> str | None:
    """The text, lines included, of the earliest note of at least `min_size` that k witnesses cosigned."""
    note = first_witnessed(epoch, min_size)
    return None if note is None else note_text(note)


def wait_cosigned(epoch: int, size: int, seconds: float) -> str | None:
    """As `cosigned_note`, waiting up to `seconds`; None if no witness is pinned or too few answered."""
    text = cosigned_note(epoch, size)
    if text is not None or not runtime().settings.witnesses:
        return text
    for _ in range(max(1, round(seconds / _LOOK_S))):
        with _NEWS:
            _NEWS.wait(_LOOK_S)
        text = cosigned_note(epoch, size)
        if text is not None:
            break
    return text
