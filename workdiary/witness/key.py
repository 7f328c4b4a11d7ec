"""The witness's own key: a 0600 file, made at the first start, never beside a state it does not belong to."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from workdiary.evidence.cosign import Cosigner
from workdiary.evidence.errors import EvidenceError
from workdiary.wire.known import ExitCode, KnownError
from workdiary.witness.state import State

FILE = "witness-key.json"
_FORMAT = 1
_SEED_BYTES = 32


def open_key(folder: Path, name: str | None, entropy: Callable[[int], bytes], state: State) -> Cosigner:
    """Read the key, or make it under `name` for a state that never signed.

    The state is told the key before the file is there: a key whose state does not name it has lost what it
    saw. Raises KnownError: that; unreadable, readable by others, made under another name, missing.
    """
    path = folder / FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        if state.origins():
            _refuse(path, "is missing", "Put the file back from a backup, or begin a new witness elsewhere.")
        return _make(path, name, entropy, state)
    except OSError as error:
        _refuse(path, "cannot be read", f"{error.strerror}. Check who owns it.")
    _check_private(path)
    cosigner = _load(path, data, name)
    if state.vkey() != cosigner.vkey.encode():
        _refuse(
            path,
            "has lost its state",
            "witness.db is not the one this key signed with, and a witness that forgot what it saw must not "
            "sign again. Put back the newest one, else begin a new witness with a new key.",
        )
    return cosigner


def _make(path: Path, name: str | None, entropy: Callable[[int], bytes], state: State) -> Cosigner:
    if name is None:
        raise KnownError(
            "The witness needs a name",
            "Give it one with --name: an address without https://, for example witness.example.org/w1. "
            "It is signed with and stays for ever.",
            exit_code=ExitCode.USAGE,
        )
    seed = entropy(_SEED_BYTES)
    cosigner = _cosigner(name, seed)
    if "://" in name:  # a note could carry it, but it stays for ever and the address may not
        raise _unfit(name, "It has a scheme.")
    state.bind(cosigner.vkey.encode())
    part = path.with_name(path.name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"format": _FORMAT, "name": name, "seed": seed.hex()}, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    _sync_folder(path.parent)
    return cosigner


def _load(path: Path, data: bytes, name: str | None) -> Cosigner:
    try:
        values = json.loads(data)
        found, seed = str(values["name"]), bytes.fromhex(values["seed"])
        fine = values["format"] == _FORMAT and len(seed) == _SEED_BYTES
    except (ValueError, KeyError, TypeError):
        fine = False
    if not fine:
        _refuse(path, "is damaged", "Put the file back from a backup.")
    if name is not None and name != found:
        _refuse(path, "has another name", f"It was made as {found}, which stays for ever.")
    return _cosigner(found, seed)


def _cosigner(name: str, seed: bytes) -> Cosigner:
    try:
        return Cosigner(name, seed)
    except EvidenceError as error:
        raise _unfit(name, f"{error}.") from error


def _unfit(name: str, why: str) -> KnownError:
    return KnownError(
        "This name cannot be a witness's",
        f"{why} Use an address without https://, for example witness.example.org/w1.",
        subject=name,
        exit_code=ExitCode.USAGE,
    )


def _check_private(path: Path) -> None:
    if os.name != "nt" and path.stat().st_mode & 0o077:
        _refuse(path, "can be read by others", "Make it yours only (chmod 600), or begin with a new key.")


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse(path: Path, what: str, then: str) -> NoReturn:
    raise KnownError(f"The witness's key {what}", f"{then} Nothing was signed.", subject=str(path))
