"""Sealed image files: AES-256-GCM, a key of their own, `nonce || ciphertext`, the name authenticated.

Both the shot child (which writes) and everyone who later shows or uploads an image (who read) go
through here, so that no code path exists that could put plain picture bytes on the disk.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


class DamagedImageError(ValueError):
    """The file is too short, was changed, was renamed, or the key belongs to another image."""


def encode_key(key: bytes) -> str:
    """A data key as `ShotImage.key` carries it: base64url without padding."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def decode_key(text: str) -> bytes:
    """The 32 bytes behind `ShotImage.key`. Raises `DamagedImageError`."""
    try:
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise DamagedImageError("not a data key") from None
    if len(key) != KEY_BYTES:
        raise DamagedImageError("not a data key")
    return key


def write_sealed(path: Path, plain: bytes, key: bytes, nonce: bytes) -> None:
    """Create `path` with `plain` sealed, synced to the disk; the folder's entry is `sync_folder`'s work.

    The nonce must never have been used with this key. Raises `OSError`.
    """
    sealed = nonce + AESGCM(key).encrypt(nonce, plain, path.name.encode())
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with open(handle, "wb") as file:  # noqa: PTH123 - Path.open cannot take a descriptor
        file.write(sealed)
        file.flush()
        os.fsync(file.fileno())


def open_image(path: Path, key: bytes) -> bytes:
    """The plain encoded picture (AVIF, WebP or JPEG bytes) in a sealed file.

    key: 32 bytes (`decode_key(image.key)`). Raises `DamagedImageError` for content, `OSError` for access.
    """
    sealed = path.read_bytes()
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise DamagedImageError("shorter than a nonce and a tag")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], path.name.encode())
    except InvalidTag:
        raise DamagedImageError("changed, renamed, or sealed with another key") from None


def sync_folder(folder: Path) -> None:
    """Make created and removed names of `folder` durable; does nothing on Windows."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_files(folder: Path, names: Iterable[str]) -> None:
    """Remove image files durably; names already gone are fine, so that a repeated removal ends the same."""
    for name in names:
        (folder / name).unlink(missing_ok=True)
    sync_folder(folder)
