"""The blob folder: images and thumbnails under random names, each encrypted, durable before its row is.

New files stand in `incoming` until their row is durable; files of destroyed blobs are deleted by an event
that was written with the destruction. So what a crash leaves is found without looking at every file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workdiary.server.store import events
from workdiary.server.store.models import Blob
from workdiary.server.store.runtime import runtime
from workdiary.server.store.sealing import Scope, open_scope, seal, unseal
from workdiary.server.store.secrets import sync_folder

FOLDER = "blobs"
INCOMING = "incoming"
DESTROYED = "blob-destroyed"
_NAME_BYTES = 16


@dataclass(frozen=True, slots=True)
class Image:
    """A stored image; `media_type` is one of the pinned formats."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class NewBlob:
    """A checked image on its way in; thumb is WebP."""

    scope: str
    digest: str
    media_type: str
    width: int
    height: int
    data: bytes
    thumb: bytes


def open_blob(scope: str, digest: str) -> Image | None:
    """The image that `digest` (hex, of the disclosure) names in a contract; None if never here, or gone."""
    row = _present(scope, digest)
    return None if row is None else _read(row, row.file, "image", row.media_type)


def open_thumbnail(scope: str, digest: str) -> Image | None:
    """Its thumbnail (WebP, at most 320 px wide); None if it never came or is gone."""
    row = _present(scope, digest)
    return None if row is None else _read(row, row.thumb, "thumb", "image/webp")


def openers(scope: str, digests: Iterable[str]) -> dict[str, Callable[[], Image | None]]:
    """For each of the digests with a readable image here, what reads it, as often as asked.

    None from a reader: it was destroyed since.
    """
    opened = open_scope(scope)
    rows = Blob.objects.filter(scope=scope, digest__in=list(digests), key__isnull=False)
    return {row.digest: partial(_unsealed, opened, row, row.file, "image", row.media_type) for row in rows}


def present(scope: str, digests: Iterable[str]) -> set[str]:
    """Which of the digests have a readable image in this contract."""
    rows = Blob.objects.filter(scope=scope, digest__in=list(digests), key__isnull=False)
    return set(rows.values_list("digest", flat=True))


def _present(scope: str, digest: str) -> Blob | None:
    return Blob.objects.filter(scope=scope, digest=digest, key__isnull=False).first()


def _read(row: Blob, name: str, part: str, media_type: str) -> Image | None:
    return _unsealed(open_scope(row.scope), row, name, part, media_type)


def _unsealed(scope: Scope, row: Blob, name: str, part: str, media_type: str) -> Image | None:
    key = scope.open_key(row.key, f"blob {row.digest}")
    for path in (_folder() / name, _folder() / INCOMING / name):
        try:
            sealed = path.read_bytes()
        except FileNotFoundError:
            continue
        return Image(media_type, unseal(key, sealed, f"{part} {row.scope} {row.digest}"))
    return None


def _folder() -> Path:
    return runtime().folder / FOLDER


def write_files(blob: NewBlob) -> Blob:
    """Encrypt and write both files durably; returns the row to save in the write transaction that follows.

    Call `settle` once that is durable. A crash before leaves files without a row, which `recover` removes.
    """
    key, wrapped = open_scope(blob.scope).new_key(f"blob {blob.digest}")
    entropy = runtime().entropy
    row = Blob(
        scope=blob.scope,
        digest=blob.digest,
        file=entropy(_NAME_BYTES).hex(),
        thumb=entropy(_NAME_BYTES).hex(),
        key=wrapped,
        media_type=blob.media_type,
        bytes=len(blob.data),
        width=blob.width,
        height=blob.height,
        stored_ms=runtime().now_ms(),
    )
    incoming = _folder() / INCOMING
    for name, part, data in ((row.file, "image", blob.data), (row.thumb, "thumb", blob.thumb)):
        _write(incoming / name, seal(key, data, f"{part} {blob.scope} {blob.digest}"))
    sync_folder(incoming)
    return row


def settle(row: Blob) -> None:
    """Move the files of a durable row to their place."""
    for name in (row.file, row.thumb):
        (_folder() / INCOMING / name).replace(_folder() / name)


def discard_files(row: Blob) -> None:
    """Delete the files of a row that was not saved after all."""
    for name in (row.file, row.thumb):
        (_folder() / INCOMING / name).unlink(missing_ok=True)


def destroy(scope: str, digests: Iterable[str]) -> None:
    """Destroy the keys of these images, inside a write transaction; `delete_destroyed` comes after it."""
    rows = list(Blob.objects.filter(scope=scope, digest__in=list(digests), key__isnull=False))
    Blob.objects.filter(pk__in=[row.pk for row in rows]).update(key=None, gone_ms=runtime().now_ms())
    for row in rows:
        events.post(DESTROYED, {"files": [row.file, row.thumb]})


def forget_blobs(scope: str, digests: Iterable[str]) -> None:
    """As `destroy`, and the rows end too: nothing says any more that there was an image."""
    named = list(digests)
    destroy(scope, named)
    Blob.objects.filter(scope=scope, digest__in=named).delete()


def delete_destroyed() -> None:
    """Delete the files whose keys are destroyed."""
    events.handle(DESTROYED, _delete)


def _delete(payload: events.Payload) -> None:
    names = payload["files"]
    for name in names if isinstance(names, list) else []:
        for folder in (_folder(), _folder() / INCOMING):
            (folder / Path(str(name)).name).unlink(missing_ok=True)


def recover() -> None:
    """Finish what a crash interrupted: move or delete incoming files, delete destroyed ones."""
    incoming = _folder() / INCOMING
    incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in sorted(incoming.iterdir()):
        rows = Blob.objects.filter(key__isnull=False)
        if rows.filter(file=path.name).exists() or rows.filter(thumb=path.name).exists():
            path.replace(_folder() / path.name)
        else:
            path.unlink()
    delete_destroyed()


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
