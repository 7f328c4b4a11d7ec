"""The blob folder: images and thumbnails under random names, each encrypted, durable before its row is."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workdiary.server.store.models import Blob
from workdiary.server.store.runtime import runtime
from workdiary.server.store.sealing import data_key, new_data_key, seal, unseal
from workdiary.server.store.secrets import sync_folder

FOLDER = "blobs"
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
    return None if row is None else Image(row.media_type, _read(row, row.file, "image"))


def open_thumbnail(scope: str, digest: str) -> Image | None:
    """Its thumbnail (WebP, at most 320 px wide); None if it never came or is gone."""
    row = _present(scope, digest)
    return None if row is None else Image("image/webp", _read(row, row.thumb, "thumb"))


def present(scope: str, digests: Iterable[str]) -> set[str]:
    """Which of the digests have a readable image in this contract."""
    rows = Blob.objects.filter(scope=scope, digest__in=list(digests), key__isnull=False)
    return set(rows.values_list("digest", flat=True))


def _present(scope: str, digest: str) -> Blob | None:
    return Blob.objects.filter(scope=scope, digest=digest, key__isnull=False).first()


def _read(row: Blob, name: str, part: str) -> bytes:
    key = data_key(row.scope, bytes(row.key or b""), f"blob {row.digest}")
    return unseal(key, (_folder() / name).read_bytes(), f"{part} {row.scope} {row.digest}")


def _folder() -> Path:
    return runtime().folder / FOLDER


def write_files(blob: NewBlob) -> Blob:
    """Encrypt and write both files durably; returns the row to save in the write transaction that follows.

    A crash in between leaves files without a row, which `sweep` removes.
    """
    key, wrapped = new_data_key(blob.scope, f"blob {blob.digest}")
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
    for name, part, data in ((row.file, "image", blob.data), (row.thumb, "thumb", blob.thumb)):
        _write(_folder() / name, seal(key, data, f"{part} {blob.scope} {blob.digest}"))
    sync_folder(_folder())
    return row


def destroy(scope: str, digests: Iterable[str]) -> list[str]:
    """Destroy the keys of these images, inside the caller's write transaction.

    Returns the file names to hand to `delete_files` once that transaction is durable.
    """
    rows = list(Blob.objects.filter(scope=scope, digest__in=list(digests), key__isnull=False))
    Blob.objects.filter(pk__in=[row.pk for row in rows]).update(key=None, gone_ms=runtime().now_ms())
    return [name for row in rows for name in (row.file, row.thumb)]


def delete_files(names: Iterable[str]) -> None:
    """Delete files of destroyed blobs; those already gone are fine."""
    for name in names:
        (_folder() / name).unlink(missing_ok=True)
    sync_folder(_folder())


def sweep() -> int:
    """Delete files no readable row names (a crash between file and row, or key and file); how many."""
    folder = _folder()
    folder.mkdir(mode=0o700, exist_ok=True)
    rows = Blob.objects.filter(key__isnull=False).values_list("file", "thumb")
    known = {name for pair in rows.iterator() for name in pair}
    stray = [entry.name for entry in os.scandir(folder) if entry.name not in known]
    delete_files(stray)
    return len(stray)


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
