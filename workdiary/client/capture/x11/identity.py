"""What X11 windows say of themselves, and whom they belong to: many windows in a few round trips.

A menu, a tooltip or a dialog is tied to its program by WM_TRANSIENT_FOR, WM_CLIENT_LEADER, and by the
process id that the server itself knows (X-Resource); what a window claims of its process is only the
second best answer.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from workdiary.client.capture.port import UnavailableError
from workdiary.client.capture.processes import process_names
from workdiary.client.capture.x11.text import class_names, decoded
from workdiary.client.capture.x11.xcb import Property, XConnection, XError

_PROPERTIES: Final = (
    "WM_CLASS",
    "_NET_WM_NAME",
    "WM_NAME",
    "_NET_WM_PID",
    "WM_CLIENT_LEADER",
    "WM_TRANSIENT_FOR",
    "_NET_WM_WINDOW_TYPE",
    "_NET_WM_STATE",
)
_QUERY_VERSION, _QUERY_CLIENT_IDS, _LOCAL_PID = 0, 4, 2
_GENERATIONS: Final = 4  # a menu of a dialog of a dialog of a window


@dataclass(frozen=True, slots=True)
class Facts:
    """One window; ids are 0 where it names none, kinds and states are atoms."""

    classes: tuple[str, ...]
    title: str | None
    pid: int | None
    leader: int
    transient: int
    kinds: tuple[int, ...]
    states: tuple[int, ...]

    @property
    def said(self) -> tuple[str, ...]:
        """Its own title, if it has one."""
        return () if self.title is None else (self.title,)


def facts_of(x: XConnection, windows: Iterable[int]) -> dict[int, Facts]:
    """Facts of these windows and of those they belong to. Raises `UnavailableError`."""
    found: dict[int, Facts] = {}
    wanted = set(windows)
    for _ in range(_GENERATIONS):
        found |= _read(x, sorted(wanted))
        owners = {owner for facts in found.values() for owner in (facts.transient, facts.leader)}
        wanted = owners - found.keys() - {0, x.root}
        if not wanted:
            break
    return found


def owners(window: int, facts: Mapping[int, Facts]) -> list[int]:
    """A window and those it is a menu or dialog of, nearest first."""
    chain: list[int] = []
    while window in facts and window not in chain:
        chain.append(window)
        window = facts[window].transient
    return chain


def names(window: int, facts: Mapping[int, Facts]) -> tuple[str, ...]:
    """Everything a window's program is called: class, instance, process, and the same of its owners."""
    found: list[str] = []
    for each in owners(window, facts):
        known = facts[each]
        found += known.classes
        found += process_names(known.pid)
        found += facts[known.leader].classes if known.leader in facts else ()
    return tuple(dict.fromkeys(found))


def titles(window: int, facts: Mapping[int, Facts]) -> tuple[str, ...]:
    """Its own title and those of its owners."""
    return tuple(dict.fromkeys(title for each in owners(window, facts) for title in facts[each].said))


def _read(x: XConnection, windows: list[int]) -> dict[int, Facts]:
    wanted = [(window, name) for window in windows for name in _PROPERTIES]
    flat = iter(x.properties(wanted))
    pids = _pids(x, windows)
    compound = x.atom("COMPOUND_TEXT")
    found = {}
    for window in windows:
        kept = {name: next(flat) for name in _PROPERTIES}
        title = decoded(kept["_NET_WM_NAME"], compound)
        claimed = _first(kept["_NET_WM_PID"]) or None
        found[window] = Facts(
            classes=class_names(kept["WM_CLASS"]),
            title=decoded(kept["WM_NAME"], compound) if title is None else title,
            pid=pids.get(window, claimed),
            leader=_first(kept["WM_CLIENT_LEADER"]),
            transient=_first(kept["WM_TRANSIENT_FOR"]),
            kinds=_all(kept["_NET_WM_WINDOW_TYPE"]),
            states=_all(kept["_NET_WM_STATE"]),
        )
    return found


def _pids(x: XConnection, windows: list[int]) -> dict[int, int]:
    """Process ids as the server knows them; empty where it does not tell (or the program is remote)."""
    try:
        resource = x.extension("X-Resource")
        x.ask(resource, struct.pack("=BBH", 1, 2, 0), _QUERY_VERSION)
    except (UnavailableError, XError):
        return {}
    asked = [(resource, struct.pack("=III", 1, w, _LOCAL_PID), _QUERY_CLIENT_IDS) for w in windows]
    found = {}
    for window, reply in zip(windows, x.ask_all(asked), strict=True):
        if reply is not None and len(reply) >= 48 and struct.unpack_from("=I", reply, 8)[0]:  # noqa: PLR2004
            found[window] = struct.unpack_from("=I", reply, 44)[0]
    return found


def _all(found: Property | None) -> tuple[int, ...]:
    return () if found is None else found.cardinals()


def _first(found: Property | None) -> int:
    return (_all(found) or (0,))[0]
