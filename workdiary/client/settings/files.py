"""Small files that survive a power cut, and some that survive rotten bytes too: kept twice, each checked."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from workdiary.client.errors import DamagedError, border

# A member of every JSON file this app writes; a file without it was written by an older one, or by a person.
CHECK: Final = "check"
_DIGEST_CHARS: Final = 64


def write_durably(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace `path`: a power cut leaves the old or the new bytes. Raises OSError; leaves no temporary."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename or unlink in `folder` survive power loss. Raises OSError."""
    if os.name == "nt":
        return  # NTFS journals metadata; a directory cannot be opened for fsync there
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def copy_of(path: Path) -> Path:
    """Where the second copy of a small file lies."""
    return path.with_name(f"{path.name}.copy")


def write_json_twice(path: Path, value: Mapping[str, Any]) -> None:
    """Replace a JSON file, then its copy, each with its own check; durable on return. Raises OSError.

    Without room for the copy the file itself still counts.
    """
    data = json.dumps({**value, CHECK: _check(value)}, indent=1, sort_keys=True).encode() + b"\n"
    write_durably(path, data)
    with suppress(OSError):
        write_durably(copy_of(path), data)


def read_json_twice(path: Path) -> dict[str, Any] | None:
    """The JSON object, its copy where its bytes are not those that were written, None if it is not there.

    Raises KnownError; DamagedError if neither can be read.
    """
    with border(path):
        data = _bytes(path)
        if data is None:
            return None
        copy = _bytes(copy_of(path))
        try:
            value = _object(data, path, checked=copy is not None and len(copy) == len(data))
        except DamagedError:
            kept = None if copy is None else _intact(copy, path)
            if kept is None or copy is None:
                raise
            _heal(path, data, copy)
            return kept
        if CHECK in value and copy is None:
            with suppress(OSError):
                write_durably(copy_of(path), data)
    return _without_check(value)


def put_twice(path: Path, data: bytes) -> None:
    """Replace a file of raw bytes, after a copy with their digest; durable on return. Raises OSError."""
    try:
        write_durably(copy_of(path), hashlib.sha256(data).hexdigest().encode() + data)
    except OSError:
        copy_of(path).unlink(missing_ok=True)  # an older one would win over what is written now
    write_durably(path, data)


def get_twice(path: Path) -> bytes | None:
    """The bytes put last, as an intact copy has them; None if there are none. Raises OSError."""
    data = _bytes(path)
    boxed = None if data is None else _bytes(copy_of(path))
    if boxed is None:
        return data
    kept = boxed[_DIGEST_CHARS:]
    intact = hashlib.sha256(kept).hexdigest().encode() == boxed[:_DIGEST_CHARS]
    return kept if intact else data


def remove_twice(path: Path) -> None:
    """Remove a file and its copy, durably; nothing to do if they are not there. Raises OSError."""
    for one in (path, copy_of(path)):
        one.unlink(missing_ok=True)
    sync_folder(path.parent)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _object(data: bytes, path: Path, *, checked: bool) -> dict[str, Any]:
    """A JSON object whose check is right; checked: it has to have one. Raises DamagedError.

    A file of its copy's very length had one: what is missing there has rotted.
    """
    try:
        value = json.loads(data)
    except ValueError as error:
        raise DamagedError(str(path), "It is not JSON.") from error
    if not isinstance(value, dict):
        raise DamagedError(str(path), "It is not a JSON object.")
    if (checked or CHECK in value) and value.get(CHECK) != _check(_without_check(value)):
        raise DamagedError(str(path), "It does not hold what was written.")
    return value


def _heal(path: Path, rotten: bytes, copy: bytes) -> None:
    """Put the copy in its place, so that others can read it; what rotted is kept beside it."""
    with suppress(OSError):
        write_durably(path.with_name(f"{path.name}.damaged"), rotten)
        write_durably(path, copy)


def _intact(copy: bytes, path: Path) -> dict[str, Any] | None:
    try:
        return _without_check(_object(copy, path, checked=True))
    except DamagedError:
        return None


def _without_check(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if name != CHECK}


def _check(value: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
