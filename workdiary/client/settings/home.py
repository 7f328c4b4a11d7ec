"""The home folder: where things lie and which format it has.

Layout: settings.toml, home.json, account.json, trust.json, keys/, spool/, lock, control.sock, logs/, server/.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workdiary.client.errors import DamagedError, KnownError, border
from workdiary.client.settings.files import copy_of, read_json_twice, write_durably, write_json_twice

HOME_FORMAT = 1
MARK = "home.json"


@dataclass(frozen=True, slots=True)
class Home:
    """An opened home folder (mode 0700); `ident`: 16 random bytes in hex, made once, kept from servers."""

    path: Path
    ident: str

    @property
    def spool(self) -> Path:
        """Folder of the spool."""
        return self.path / "spool"

    @property
    def keys(self) -> Path:
        """Folder of the 0600-file key store."""
        return self.path / "keys"

    @property
    def lock(self) -> Path:
        """Lock file of the running tracker."""
        return self.path / "lock"

    @property
    def socket(self) -> Path:
        """The control channel's socket."""
        return self.path / "control.sock"

    @property
    def logs(self) -> Path:
        """Folder of rotating logs."""
        return self.path / "logs"

    @property
    def server(self) -> Path:
        """Folder of the embedded server."""
        return self.path / "server"

    def read(self, name: str) -> bytes | None:
        """A small file of the home, None if it is not there. Raises KnownError."""
        path = self.path / name
        with border(path):
            try:
                return path.read_bytes()
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Replace a small file durably (temporary file, fsync, rename, fsync of the folder), mode 0600."""
        path = self.path / name
        with border(path):
            write_durably(path, data)

    def read_json(self, name: str) -> dict[str, Any] | None:
        """A JSON object of the home, None if it is not there; a rotten one as its copy has it.

        Raises DamagedError if neither is what was written.
        """
        return read_json_twice(self.path / name)

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Replace a JSON file and its copy durably."""
        path = self.path / name
        with border(path):
            write_json_twice(path, value)


def default_home(env: Mapping[str, str]) -> Path:
    """`WORKDIARY_HOME`, else platformdirs' user data folder."""
    chosen = env.get("WORKDIARY_HOME")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_data_path  # noqa: PLC0415 - only where nobody named a home

    return user_data_path("workdiary", appauthor=False)


def open_home(path: Path, app_version: str) -> Home:
    """Make or open a home. Raises KnownError (exit 8): unreadable, no folder, newer format (untouched)."""
    path = path.absolute()
    with border(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied", str(path))
    unmarked = Home(path, "")
    with border(path):
        _refuse_newer(path)
    mark = unmarked.read_json(MARK)
    if mark is None:
        mark = {"format": HOME_FORMAT, "app": app_version, "ident": secrets.token_hex(16)}
        unmarked.write_json(MARK, mark)
    number, ident = mark.get("format"), mark.get("ident")
    if not isinstance(number, int) or not isinstance(ident, str):
        raise DamagedError(str(path / MARK), "It does not say which format this home has.")
    home = Home(path, ident)
    with border(path):
        for folder in (home.keys, home.spool, home.logs):
            folder.mkdir(mode=0o700, exist_ok=True)
    return home


def _refuse_newer(path: Path) -> None:
    """Raises KnownError for a home of a later format, whatever its way of checking its files is.

    Rot can change the number, but not the name of the version beside it as well.
    """
    mark, copy = (_loosely(file) for file in (path / MARK, copy_of(path / MARK)))
    number, app = mark.get("format"), mark.get("app")
    rotten = bool(copy) and copy.get("app") == app and copy.get("format") != number
    if not isinstance(number, int) or number <= HOME_FORMAT or rotten:
        return
    raise KnownError(
        "This home belongs to a newer WorkDiary",
        f"It has format {number} (written by {app}); this version knows {HOME_FORMAT}. "
        "It was left untouched: update WorkDiary, or choose another home with --home.",
        subject=str(path),
    )


def _loosely(file: Path) -> dict[str, Any]:
    """A JSON object without asking whether it is what was written; {} for anything else. Raises OSError."""
    try:
        value = json.loads(file.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
