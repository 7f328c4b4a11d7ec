"""The installation's own secrets: one file, readable by its owner only, made once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

from workdiary.server.store.database import FILE as DATABASE
from workdiary.wire.known import KnownError

FILE = "secrets.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """32 bytes each, but for `installation` (16 bytes, hex: the name of this log for ever).

    log_seed, operator_seed: Ed25519 seeds; upload_seed: X25519 private key that images are sealed to;
    master: wraps the scope keys; web: Django's SECRET_KEY; signin: what `solo url` shows to get an address.
    """

    installation: str
    log_seed: bytes
    operator_seed: bytes
    upload_seed: bytes
    master: bytes
    web: bytes
    signin: bytes

    def __repr__(self) -> str:
        """Never the content: tracebacks and logs print arguments."""
        return f"Secrets({self.installation})"


def open_secrets(folder: Path, entropy: Callable[[int], bytes]) -> Secrets:
    """Read the secrets, or make them on first use: before there is a database, never beside one.

    Raises KnownError if the file cannot be read.
    """
    path = folder / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        if (folder / DATABASE).exists():
            raise _damaged(path, "missing") from None
        made = Secrets(entropy(16).hex(), *(entropy(32) for _ in range(6)))
        write_private(path, _dump(made))
        return made
    except OSError as error:
        raise KnownError(
            "The server's keys cannot be read",
            f"{error.strerror}. Check who owns the file; nothing was changed.",
            subject=str(path),
        ) from error
    return _load(path, data)


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file so that it is there whole or not at all, also after a power cut."""
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename or a deletion in `folder` durable (a no-op where folders cannot be opened)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _dump(secrets: Secrets) -> str:
    values = {field.name: getattr(secrets, field.name) for field in fields(secrets)}
    plain = {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}
    return json.dumps({"format": _FORMAT, **plain}, indent=1)


def _load(path: Path, data: bytes) -> Secrets:
    try:
        values = json.loads(data)
        del values["format"]  # one format so far; a later one reads this one too
        installation = str(values.pop("installation"))
        return Secrets(installation, **{name: bytes.fromhex(value) for name, value in values.items()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, "damaged") from error


def _damaged(path: Path, what: str) -> KnownError:
    return KnownError(
        f"The server's keys are {what}",
        "Without them stored images cannot be opened and no receipt can be signed. "
        "Put the file back from a backup; nothing was changed.",
        subject=str(path),
    )
