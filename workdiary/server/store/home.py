"""The server's own folder: made once, used by one process at a time."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from workdiary.wire.known import KnownError

HOME_FORMAT = 1
SOLO_FILE = "solo.json"


def check_home(home: Path) -> None:
    """Raise KnownError, touching nothing, if `home` was written by a newer WorkDiary or cannot be read."""
    path = home / "home.json"
    try:
        found = json.loads(path.read_text("utf-8"))
        newer = int(found["format"]) > HOME_FORMAT
    except FileNotFoundError:
        return
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise KnownError(
            "The home folder is damaged",
            "Its home.json is not readable; nothing was changed. Put the file back, or use another --home.",
            subject=str(path),
        ) from error
    if newer:
        raise KnownError(
            "This home was last used by a newer WorkDiary",
            "Install that version again, or use another --home. Nothing was changed.",
            subject=str(home),
        )


def make_folder(folder: Path) -> None:
    """Create the folder for its owner only; raises KnownError if that is not possible."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.listdir(folder)  # noqa: PTH208 - asks whether it can be read, nothing more
    except OSError as error:
        raise _unreadable(folder, error) from error


def remembered_port(folder: Path) -> int:
    """The port this server had last time, 0 if none: addresses in open browser windows stay valid."""
    try:
        port = json.loads((folder / SOLO_FILE).read_text("utf-8"))["port"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return port if isinstance(port, int) and 0 < port < 65536 else 0  # noqa: PLR2004 - TCP's range


@contextmanager
def only_server(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; raises KnownError if another server holds it.

    The lock is the kernel's: it goes with the process, also after kill -9.
    """
    try:
        file = (folder / "lock").open("a+b")
    except OSError as error:
        raise _unreadable(folder, error) from error
    with file:
        if not _try_lock(file):
            raise KnownError(
                "The diary server already runs",
                "Another process serves this home. Stop it first, or use another --home.",
                subject=str(folder),
            )
        yield


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def _unreadable(path: Path, error: OSError) -> KnownError:
    return KnownError(
        "The home folder cannot be used",
        f"{error.strerror}. Check its permissions and the space on its disk, or use another --home.",
        subject=str(path),
    )
