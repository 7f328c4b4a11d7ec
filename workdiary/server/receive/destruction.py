"""Destroying disclosures: their keys, texts, the images they name; and remembering it beside the rows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from workdiary.server.receive.models import Disclosure, Record
from workdiary.server.receive.stored import scope_of
from workdiary.server.store.blobs import destroy
from workdiary.server.store.forgetting import owe_forgetting
from workdiary.server.store.runtime import runtime

SHOT = "shot."
# One line for each: the record's id and the salted digest, as the signed redaction names them.
FILE = "destroyed.txt"
_ID_CHARS, _HEX_CHARS = 43, 64


def destroy_disclosures(target: Record, digests: Sequence[str]) -> None:
    """Destroy keys and texts of a record's disclosures, and the images they name; `delete_destroyed` follows.

    Inside the transaction that logs why. digests: hex.
    """
    destroy_rows(target, digests)
    remember(target.jws_id, digests)


def destroy_rows(target: Record, digests: Sequence[str]) -> None:
    """The same for what is remembered already."""
    rows = Disclosure.objects.filter(record=target, digest__in=digests)
    images = list(rows.filter(slot__startswith=SHOT).values_list("digest", flat=True))
    rows.update(key=None, sealed=None)
    owe_forgetting()
    destroy(scope_of(target), images)


def remember(target: str, digests: Sequence[str]) -> None:
    """Note it beside the database, durably: a database put back from before must not show it again.

    Before the commit: if that fails, an owner's signed wish stands here, which the owner's device repeats.
    """
    text = "".join(f"{target} {digest}\n" for digest in digests)
    descriptor = os.open(_path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, text.encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def destroyed() -> Iterator[tuple[str, str]]:
    """(record id, digest) of all that was ever destroyed here; a line that a crash cut short is none."""
    try:
        lines = _path().read_text("ascii", "replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        target, _, digest = line.partition(" ")
        if (len(target), len(digest)) == (_ID_CHARS, _HEX_CHARS):
            yield target, digest


def _path() -> Path:
    return runtime().folder / FILE
