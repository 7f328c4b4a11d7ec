"""What a home holds on disk, opened: settings, account, keys and spool."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workdiary import __version__
from workdiary.client.account import Account
from workdiary.client.errors import ExitCode, KnownError, border
from workdiary.client.settings import Home, LoadedSettings, load_settings, open_home
from workdiary.client.sign.keystore import OpenedKeys, open_keystore
from workdiary.client.sign.machine import machine_id
from workdiary.client.sign.rotation import finish_rotation
from workdiary.client.sign.signer import DeviceKeys
from workdiary.client.spool.newer import refuse_newer
from workdiary.client.spool.store import MIB, Spool

_MARK = "home.json"


@dataclass(frozen=True, slots=True)
class HomeFiles:
    """One home's settings, account, keys and spool."""

    home: Home
    settings: LoadedSettings
    account: Account
    opened: OpenedKeys
    keys: DeviceKeys
    spool: Spool


def open_known(path: Path) -> Home:
    """Make or open a home; one that a newer WorkDiary wrote is refused, untouched. Raises `KnownError`."""
    home = open_home(path, __version__)
    refuse_newer(home.spool)
    return home


def open_files(
    home: Home, env: Mapping[str, str], entropy: Callable[[int], bytes] = os.urandom, *, read_only: bool
) -> HomeFiles:
    """Open everything; read_only beside a running app. Close the spool. Raises `KnownError`."""
    settings = load_settings(home, env)
    account = Account.open(home)
    opened = open_keystore(home, settings.values.key_store, env)
    kid = None if account.enrolment is None else account.enrolment.kid
    keys = DeviceKeys.open(opened, entropy, enrolled_kid=kid)
    spool = Spool.open(home.spool, keys.spool_key, account=account, read_only=read_only)
    if not read_only:
        keys.machine = machine_id()
        finish_rotation(keys, account, spool.book)
    spool.quota_bytes = settings.values.quota_mib * MIB
    return HomeFiles(home, settings, account, opened, keys, spool)


@contextmanager
def reading(path: Path, env: Mapping[str, str]) -> Iterator[HomeFiles]:
    """An existing home's files, to be read beside a running app.

    Raises `KnownError`: exit 6 if nothing was ever recorded there; it is not made.
    """
    with border(path):
        recorded = (path / _MARK).exists() and (path / "spool" / "spool.db").exists()
    if not recorded:
        raise KnownError(
            "Nothing was recorded on this home yet",
            "Open WorkDiary or use `workdiary track` first, or name another home with --home.",
            subject=str(path),
            exit_code=ExitCode.NOT_FOUND,
        )
    files = open_files(open_known(path), env, read_only=True)
    try:
        yield files
    finally:
        files.spool.close()
