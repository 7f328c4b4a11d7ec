"""What a process is called: for private lists, whose entries name programs as a person knows them.

Linux's /proc; elsewhere, and for processes of somebody else, nothing is known.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

PRIVATE_BROWSING: Final = "private-browsing"
# Browsers that were started for private browsing only; a window opened later from the menu shows nothing.
_PRIVATE_FLAGS: Final = frozenset(
    {
        "--incognito",
        "-private",
        "--private",
        "-private-window",
        "--private-window",
        "--inprivate",
        "--incognito-mode",
    }
)
_READ_BYTES: Final = 4096
_NAMED: Final = 2  # an interpreter's own name and its script's


def process_names(pid: int | None, proc: Path = Path("/proc")) -> tuple[str, ...]:
    """Its executable's and script's file names and the kernel's short name, each once; () if not known.

    `PRIVATE_BROWSING` is among them if it was started with a flag that says so. Arguments beyond that are
    looked at and never kept.
    """
    if pid is None:
        return ()
    folder = proc / str(pid)
    names: list[str] = []
    with suppress(OSError):
        names.append(Path(os.readlink(folder / "exe")).name)  # noqa: PTH115 - the target may be gone
    with suppress(OSError):
        names.append((folder / "comm").read_text(errors="replace").strip())
    with suppress(OSError), (folder / "cmdline").open("rb") as file:
        words = [word.decode(errors="replace") for word in file.read(_READ_BYTES).split(b"\0")]
        names += [Path(word).name for word in words[:_NAMED] if word and not word.startswith("-")]
        names += [PRIVATE_BROWSING] if _PRIVATE_FLAGS & set(words) else []
    return tuple(dict.fromkeys(name for name in names if name))
