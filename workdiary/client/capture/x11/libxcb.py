"""libxcb loaded by ctypes: its functions, typed, and the structs a request is handed over in."""

from __future__ import annotations

import ctypes
import functools
from dataclasses import dataclass
from typing import Any

from workdiary.client.capture.port import UnavailableError

SONAMES = ("libxcb.so.1", "libxcb.so", "/usr/X11R6/lib/libxcb.so")


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("len", ctypes.c_size_t))


class _Protocol(ctypes.Structure):
    _fields_ = (
        ("count", ctypes.c_size_t),
        ("extension", ctypes.c_void_p),  # None: extensions are addressed by their opcode
        ("opcode", ctypes.c_uint8),
        ("isvoid", ctypes.c_uint8),
    )


class Screens(ctypes.Structure):
    """`xcb_screen_iterator_t`; `data` points to a screen, whose first field is its root window."""

    _fields_ = (("data", ctypes.c_void_p), ("rem", ctypes.c_int), ("index", ctypes.c_int))


class Request:
    """A packed request; keeps alive what libxcb's structs point to."""

    def __init__(self, opcode: int, data: bytes, minor: int = 0, *, void: bool = False) -> None:
        # The length in bytes 2 and 3 is libxcb's to write.
        packed = bytes((opcode, minor, 0, 0)) + data + bytes(-len(data) % 4)
        self._buffer = ctypes.create_string_buffer(packed, len(packed))
        # libxcb puts its own two entries in front of the first one given.
        self._parts = (_Iovec * 3)()
        self._protocol = _Protocol(1, None, opcode, void)
        self.what = ctypes.byref(self._protocol)
        self._first = ctypes.byref(self._parts, 2 * ctypes.sizeof(_Iovec))

    def first(self) -> ctypes._CArgObject:
        """The entry to send, set anew: libxcb counts it down while it writes."""
        self._parts[2] = _Iovec(ctypes.addressof(self._buffer), len(self._buffer))
        return self._first


@dataclass(frozen=True, slots=True)
class Library:
    """libxcb twice: `waits` lets go of the interpreter lock during a call; `quick`, for polls, does not."""

    waits: ctypes.CDLL
    quick: ctypes.PyDLL
    free: ctypes._NamedFuncPointer


@functools.cache
def load() -> Library:
    """Load libxcb by its soname: `find_library` would need a compiler or ldconfig on the path."""
    for name in SONAMES:
        try:
            waits, quick = ctypes.CDLL(name), ctypes.PyDLL(name)
        except OSError:
            continue
        _declare(waits, quick)
        free = ctypes.PyDLL(None).free
        free.argtypes, free.restype = [ctypes.c_void_p], None
        return Library(waits, quick, free)
    raise UnavailableError("libxcb is not installed (Debian: libxcb1)")


def _declare(waits: ctypes.CDLL, quick: ctypes.PyDLL) -> None:
    """Argument and result types of the functions used; pointers would be cut to 32 bits without them."""
    pointer, number = ctypes.c_void_p, ctypes.c_int
    out = ctypes.POINTER(ctypes.c_void_p)
    signatures: tuple[tuple[Any, Any, list[Any]], ...] = (
        (waits.xcb_connect, pointer, [ctypes.c_char_p, ctypes.POINTER(number)]),
        (waits.xcb_disconnect, None, [pointer]),
        (waits.xcb_connection_has_error, number, [pointer]),
        (waits.xcb_get_file_descriptor, number, [pointer]),
        (waits.xcb_get_setup, pointer, [pointer]),
        (waits.xcb_setup_roots_iterator, Screens, [pointer]),
        (waits.xcb_screen_next, None, [ctypes.POINTER(Screens)]),
        (
            waits.xcb_send_request,
            ctypes.c_uint,
            [pointer, number, pointer, pointer],
        ),
        (waits.xcb_flush, number, [pointer]),
        (waits.xcb_discard_reply, None, [pointer, ctypes.c_uint]),
        (quick.xcb_poll_for_reply, number, [pointer, ctypes.c_uint, out, out]),
    )
    for function, result, arguments in signatures:
        function.restype, function.argtypes = result, arguments
