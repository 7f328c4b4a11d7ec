"""Every window of an X11 desktop with its place in the stack, from the root's own tree.

The tree and not the window manager is asked, so that menus, tooltips and notifications are in the list and
that it works without a window manager. A list takes a handful of round trips, some milliseconds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workdiary.client.capture.port import OpenWindow, Rect, UnavailableError
from workdiary.client.capture.x11 import identity
from workdiary.client.capture.x11.identity import Facts
from workdiary.client.capture.x11.xcb import XConnection, XError

# Core requests (X11/Xproto.h) and SHAPE's.
_GET_ATTRIBUTES, _GET_GEOMETRY, _QUERY_TREE, _GET_OWNER, _TRANSLATE = 3, 14, 15, 23, 40
_GET_RECTANGLES, _BOUNDING = 8, 0
_INPUT_OUTPUT, _VIEWABLE = 1, 2
_ALPHA_DEPTH: Final = 32
_OPAQUE: Final = 0xFFFFFFFF
_FRAME_DEPTH: Final = 4  # how deep below the root a program's window lies inside frames
# Longer than the fades and slides of the usual compositors; the child waits it out once per shot.
LAG_MS: Final = 350


@dataclass(frozen=True, slots=True)
class _Top:
    """A child of the root that is on the screen; clients: the programs' windows in it (itself if none)."""

    id: int
    place: Rect
    border: int  # width, inside `place`
    override: bool
    depth: int
    clients: tuple[int, ...]


class XWindows:
    """`WindowList` for X11; shares the connection it is given."""

    name = "xtree"

    def __init__(self, x: XConnection) -> None:
        self._x = x

    @property
    def lag_ms(self) -> int:
        """Nothing is animated without a compositor."""
        return LAG_MS if self._composited() else 0

    def windows(self) -> tuple[OpenWindow, ...]:
        """See `WindowList.windows`."""
        try:
            tops = self._tops()
        except XError as error:
            raise UnavailableError(f"the windows could not be listed ({error})") from None
        elsewhere = self._elsewhere({client for top in tops for client in top.clients})
        facts = identity.facts_of(self._x, [*(c for top in tops for c in top.clients), *elsewhere])
        hidden = [OpenWindow(each, None, (), *_called(each, facts)) for each in elsewhere]
        return (*hidden, *self._shown(tops, facts))

    def _tops(self) -> list[_Top]:
        """What is on the screen, bottom to top. Raises `XError`, `UnavailableError`."""
        stack = _children(self._x.ask(_QUERY_TREE, struct.pack("=I", self._x.root)))
        attributes = self._each(_GET_ATTRIBUTES, stack)
        geometries = self._each(_GET_GEOMETRY, stack)
        shown = [
            (window, geometry, about)
            for window, about, geometry in zip(stack, attributes, geometries, strict=True)
            if about is not None and geometry is not None and _visible(about)
        ]
        clients = self._clients([window for window, _, _ in shown])
        return [
            _Top(
                id=window,
                place=_place(geometry),
                border=struct.unpack_from("=H", geometry, 20)[0],
                override=bool(about[27]),
                depth=geometry[1],
                clients=clients.get(window, (window,)),
            )
            for window, geometry, about in shown
        ]

    def _clients(self, tops: list[int]) -> dict[int, tuple[int, ...]]:
        """The programs' windows inside frames: those with WM_STATE, level by level."""
        found: dict[int, tuple[int, ...]] = {}
        level = {top: [top] for top in tops}
        for _ in range(_FRAME_DEPTH):
            flat = [(top, window) for top, windows in level.items() for window in windows]
            states = self._x.properties([(window, "WM_STATE") for _, window in flat])
            for (top, window), state in zip(flat, states, strict=True):
                if state is not None:
                    found[top] = (*found.get(top, ()), window)
            flat = [(top, window) for top, window in flat if top not in found]
            trees = self._each(_QUERY_TREE, [window for _, window in flat])
            level = {}
            for (top, _), tree in zip(flat, trees, strict=True):
                level.setdefault(top, []).extend(() if tree is None else _children(tree))
        return found

    def _elsewhere(self, seen: set[int]) -> list[int]:
        """The window manager's other windows: minimised, or on another workspace."""
        listed = self._x.property(self._x.root, "_NET_CLIENT_LIST")
        return [] if listed is None else [window for window in listed.cardinals() if window not in seen]

    def _shown(self, tops: list[_Top], facts: Mapping[int, Facts]) -> list[OpenWindow]:
        composited = self._composited()
        solids = self._solids(tops, composited=composited)
        states = {n: self._x.atom(f"_NET_WM_STATE_{n}") for n in ("HIDDEN", "SHADED")} if composited else {}
        manager, screen = self._manager_pid(), self._x.place(self._x.root)
        windows = []
        for top in tops:
            overlay = Rect(*(screen or (0, 0, 0, 0))) == top.place
            popup = _Popup(top, facts, manager, overlay=overlay)
            called = [_called(client, facts, popup) for client in top.clients]
            windows.append(
                OpenWindow(
                    id=top.clients[0],
                    place=None if _hidden(top, facts, states) else top.place,
                    solid=solids[top.id],
                    names=_merged(names for names, _ in called),
                    titles=_merged(titles for _, titles in called),
                    tells=popup.tells(self._x.atom("_NET_WM_WINDOW_TYPE_DOCK")),
                )
            )
        return windows

    def _solids(self, tops: list[_Top], *, composited: bool) -> dict[int, tuple[Rect, ...]]:
        """Per window what hides all that lies beneath: its shape, or what a translucent one calls opaque."""
        shapes = self._shapes(tops)
        if not composited:
            return shapes
        both = [(top, window) for top in tops for window in dict.fromkeys((top.id, *top.clients))]
        faded = set()
        opacity = self._x.properties([(window, "_NET_WM_WINDOW_OPACITY") for _, window in both])
        for (top, _), value in zip(both, opacity, strict=True):
            if value is not None and value.cardinals() and value.cardinals()[0] != _OPAQUE:
                faded.add(top.id)
        alpha = [top for top in tops if top.depth == _ALPHA_DEPTH and top.id not in faded]
        return shapes | dict.fromkeys(faded, ()) | self._opaque(alpha)

    def _opaque(self, tops: list[_Top]) -> dict[int, tuple[Rect, ...]]:
        """What windows with an alpha channel promise to paint fully."""
        heads = [(top, client) for top in tops for client in top.clients[:1]]
        regions = self._x.properties([(client, "_NET_WM_OPAQUE_REGION") for _, client in heads])
        asked = [(_TRANSLATE, struct.pack("=IIhh", client, self._x.root, 0, 0)) for _, client in heads]
        found: dict[int, tuple[Rect, ...]] = {}
        for (top, _), region, moved in zip(heads, regions, self._x.ask_all(asked), strict=True):
            numbers = () if region is None or moved is None else region.cardinals()
            left, above = (0, 0) if moved is None else struct.unpack_from("=hh", moved, 12)
            rects = zip(*(numbers[n::4] for n in range(4)), strict=False)
            found[top.id] = tuple(Rect(left + x, above + y, w, h) for x, y, w, h in rects)
        return found

    def _shapes(self, tops: list[_Top]) -> dict[int, tuple[Rect, ...]]:
        """Per window the rectangles of its shape, which is its whole place nearly always."""
        try:
            shape = self._x.extension("SHAPE")
        except UnavailableError:
            return {top.id: (top.place,) for top in tops}
        asked = [(shape, struct.pack("=IBxxx", top.id, _BOUNDING), _GET_RECTANGLES) for top in tops]
        found: dict[int, tuple[Rect, ...]] = {}
        for top, reply in zip(tops, self._x.ask_all(asked), strict=True):
            count = 0 if reply is None else struct.unpack_from("=I", reply, 8)[0]
            rects = struct.iter_unpack("=hhHH", (reply or b"")[32 : 32 + 8 * count])
            found[top.id] = tuple(_cut(rect, top) for rect in rects)
        return found

    def _manager_pid(self) -> int | None:
        """The window manager's process: its own popups list other windows by name."""
        keeper = self._x.property(self._x.root, "_NET_SUPPORTING_WM_CHECK")
        window = (keeper.cardinals() or (0,))[0] if keeper is not None else 0
        return identity.facts_of(self._x, [window])[window].pid if window else None

    def _composited(self) -> bool:
        atom = self._x.atom(f"_NET_WM_CM_S{self._x.screen}")
        reply = self._x.ask(_GET_OWNER, struct.pack("=I", atom))
        return bool(struct.unpack_from("=I", reply, 8)[0])

    def _each(self, opcode: int, windows: Sequence[int]) -> list[bytes | None]:
        """One question about each window."""
        return self._x.ask_all([(opcode, struct.pack("=I", window)) for window in windows])


@dataclass(frozen=True, slots=True)
class _Popup:
    """What may be no program's own window: tied to a program by its process, or showing others' names."""

    top: _Top
    facts: Mapping[int, Facts]
    manager: int | None
    overlay: bool

    @property
    def free(self) -> bool:
        """Whether no window manager manages it."""
        return self.top.override and self.top.clients == (self.top.id,)

    @property
    def pid(self) -> int | None:
        return self.facts[self.top.id].pid if self.top.id in self.facts else None

    def tells(self, dock: int) -> bool:
        """Whether it draws what other windows are called, as far as anybody can know."""
        if any(dock in self.facts[c].kinds for c in self.top.clients if c in self.facts):
            return True
        about = self.facts.get(self.top.id)
        if not self.free or about is None or self.overlay:
            return False
        nobody = about.pid is None and not (about.classes or about.leader or about.transient)
        return nobody or (self.manager is not None and about.pid == self.manager)


def _called(
    window: int, facts: Mapping[int, Facts], popup: _Popup | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names and titles, a popup's without an owner being those of its whole process."""
    called, said = identity.names(window, facts), identity.titles(window, facts)
    about = facts.get(window)
    if popup is not None and popup.free and about is not None and about.pid and not about.transient:
        kin = [other for other, known in facts.items() if known.pid == about.pid]
        called = _merged([called, *(identity.names(other, facts) for other in kin)])
        said = _merged([said, *(identity.titles(other, facts) for other in kin)])
    return called, said


def _merged(parts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for part in parts for each in part))


def _hidden(top: _Top, facts: Mapping[int, Facts], states: Mapping[str, int]) -> bool:
    """Whether a compositor keeps it mapped although it is minimised; of a shaded one the title is seen."""
    said = {state for client in top.clients if client in facts for state in facts[client].states}
    return bool(states) and states["HIDDEN"] in said and states["SHADED"] not in said


def _visible(attributes: bytes) -> bool:
    (kind,) = struct.unpack_from("=H", attributes, 12)
    return bool(kind == _INPUT_OUTPUT and attributes[26] == _VIEWABLE)


def _children(tree: bytes) -> tuple[int, ...]:
    (count,) = struct.unpack_from("=H", tree, 16)
    return struct.unpack_from(f"={count}I", tree, 32)


def _place(geometry: bytes) -> Rect:
    """With its border, on the root."""
    x, y, width, height, border = struct.unpack_from("=hhHHH", geometry, 12)
    return Rect(x, y, width + 2 * border, height + 2 * border)


def _cut(rect: tuple[int, int, int, int], top: _Top) -> Rect:
    """A part of a window's shape on the root; a shape can be larger than its window and is drawn only in it.

    Of a window without a shape servers tell a rectangle that lacks the border at the right and below.
    """
    x, y, w, h = rect
    place, short = top.place, top.border
    if (x, y) == (-short, -short) and (w, h) in ((place.w, place.h), (place.w - short, place.h - short)):
        return place
    x, y = x + place.x + top.border, y + place.y + top.border
    left, above = max(x, place.x), max(y, place.y)
    right, below = min(x + w, place.x + place.w), min(y + h, place.y + place.h)
    return Rect(left, above, max(0, right - left), max(0, below - above))
