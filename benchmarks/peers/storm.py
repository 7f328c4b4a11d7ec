"""Sends a storm of input by XTEST: `storm.py RATE SECONDS`; prints presses, clicks, scroll steps sent.

Seven of ten events move the pointer, two are key presses, one is a click or a scroll step; a press and its
release count as one event, as every counter here counts them.
"""

import ctypes
import sys
import time

rate, seconds = int(sys.argv[1]), float(sys.argv[2])
x11, xtst = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
x11.XOpenDisplay.restype = ctypes.c_void_p
display = ctypes.c_void_p(x11.XOpenDisplay(None))
KEYCODE_A, TICK_S = 38, 0.01
PATTERN = ("moves", "moves", "keys", "moves", "moves", "keys", "moves", "moves", "", "moves")
sent = {"keys": 0, "clicks": 0, "scrolls": 0, "moves": 0}


def press(kind: str, number: int) -> None:
    fake = xtst.XTestFakeKeyEvent if kind == "keys" else xtst.XTestFakeButtonEvent
    for down in (1, 0):
        fake(display, ctypes.c_uint(number), down, ctypes.c_ulong(0))


begun, n = time.monotonic(), 0
total = int(rate * seconds)
while n < total:
    due = min(total, int((time.monotonic() - begun) * rate))
    while n < due:
        kind = PATTERN[n % 10] or ("scrolls" if n % 20 > 10 else "clicks")
        if kind == "moves":
            xtst.XTestFakeMotionEvent(display, -1, 300 + n % 700, 300 + n % 500, ctypes.c_ulong(0))
        else:
            press(kind, {"keys": KEYCODE_A, "clicks": 1, "scrolls": 4}[kind])
        sent[kind] += 1
        n += 1
    x11.XFlush(display)
    time.sleep(TICK_S)
x11.XSync(display, 0)
print(*(sent[k] for k in ("keys", "clicks", "scrolls", "moves")))
