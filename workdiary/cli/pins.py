"""Trust files that somebody added by hand: HOME/pinned/, apart from whatever the home pinned by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.trust import TRUST_CAP, Trust, dump_trust, parse_trust
from workdiary.wire.known import ExitCode, KnownError

FOLDER = "pinned"
# Enough to tell two apart when one is to be removed.
_ID_CHARS = 12


@dataclass(frozen=True, slots=True)
class Pin:
    """An added trust file: `ident` names it in `trust list` and `trust remove`."""

    ident: str
    trust: Trust
    path: Path


def ident_of(trust: Trust) -> str:
    """The first hex digits of the file's hash."""
    return sha256_hex(dump_trust(trust))[:_ID_CHARS]


def pins(home: Path) -> tuple[Pin, ...]:
    """Every pin of a home, by name. Raises `KnownError` for one that cannot be read: none is left out."""
    return tuple(sorted(_found(home / FOLDER), key=lambda pin: (pin.trust.name, pin.ident)))


def keep(home: Path, trust: Trust) -> Pin:
    """Add a pin; adding the same twice changes nothing. Raises `KnownError`."""
    folder = home / FOLDER
    pin = Pin(ident_of(trust), trust, folder / f"{ident_of(trust)}.json")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = pin.path.with_suffix(".part")
        part.write_bytes(dump_trust(trust))
        part.replace(pin.path)
    except OSError as error:
        raise _trouble(folder, error) from error
    return pin


def drop(home: Path, wanted: str) -> Pin:
    """Remove the pin of this id or name. Raises `KnownError` (exit 6) unless it is exactly one."""
    found = [pin for pin in pins(home) if wanted in {pin.ident, pin.trust.name}]
    if len(found) != 1:
        why = (
            "Several have this name: use the id." if found else "`workdiary trust list` shows what is pinned."
        )
        raise KnownError("No such pin", why, subject=wanted, exit_code=ExitCode.NOT_FOUND)
    try:
        found[0].path.unlink()
    except OSError as error:
        raise _trouble(found[0].path, error) from error
    return found[0]


def read_trust(path: Path) -> Trust:
    """A trust file as somebody handed it over. Raises `EvidenceError` or OSError."""
    with path.open("rb") as file:
        data = file.read(TRUST_CAP + 1)
    try:
        return parse_trust(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise EvidenceError("json", "not UTF-8") from None


def _found(folder: Path) -> Iterator[Pin]:
    for path in sorted(folder.glob("*.json")):
        try:
            trust = read_trust(path)
        except OSError as error:
            raise _trouble(path, error) from error
        except EvidenceError as error:
            raise KnownError(
                "A pinned trust file is damaged",
                f"{error.message}. Remove the file and add it again with `workdiary trust add`.",
                subject=str(path),
            ) from error
        yield Pin(ident_of(trust), trust, path)


def _trouble(path: Path, error: OSError) -> KnownError:
    return KnownError("This file cannot be used", f"{error.strerror}.", subject=str(path))
