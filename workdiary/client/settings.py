"""The home folder and its typed settings: where things lie, what the person chose, which format the home has.

Layout: settings.toml, home.json, account.json, trust.json, keys/, spool/, lock, control.sock, logs/, server/.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HOME_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Home:
    """An opened home folder (mode 0700); `ident` is 16 random bytes in hex, made once, never shown to a server."""

    path: Path
    ident: str

    @property
    def spool(self) -> Path:
        """Folder of the spool."""

    @property
    def keys(self) -> Path:
        """Folder of the 0600-file key store."""

    @property
    def lock(self) -> Path:
        """Lock file of the running tracker."""

    @property
    def socket(self) -> Path:
        """The control channel's socket."""

    @property
    def logs(self) -> Path:
        """Folder of rotating logs."""

    @property
    def server(self) -> Path:
        """Folder of the embedded server."""

    def read(self, name: str) -> bytes | None:
        """A small file of the home, None if it is not there. Raises KnownError."""

    def write(self, name: str, data: bytes) -> None:
        """Replace a small file durably (temporary file, fsync, rename, fsync of the folder), mode 0600."""


def default_home(env: Mapping[str, str]) -> Path:
    """`WORKDIARY_HOME`, else platformdirs' user data folder."""


def open_home(path: Path, app_version: str) -> Home:
    """Make or open a home. Raises KnownError (exit 8): unreadable, not a folder, of a newer format (untouched)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person can choose; every field has a default, an env override WORKDIARY_<FIELD>."""

    theme: Literal["system", "light", "dark"] = "system"
    zone: str = ""  # IANA name; "" = the computer's
    policy: Literal["standard", "demo"] = "standard"
    preview_s: int | None = None  # 0-600; None = the policy's
    quota_mib: int = 2048
    key_store: Literal["auto", "file"] = "auto"
    server_url: str = ""  # "" = the embedded server
    private_apps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings with what `doctor` tells about them."""

    values: Settings
    unknown: tuple[str, ...] = ()  # keys nobody reads
    overrides: tuple[str, ...] = ()  # WORKDIARY_* variables that won


def load_settings(home: Home, env: Mapping[str, str]) -> LoadedSettings:
    """settings.toml with overrides. Raises KnownError: not TOML, wrong type or value, a secret in it."""
