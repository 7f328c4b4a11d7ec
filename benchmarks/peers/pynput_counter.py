"""The peer for input counting: both pynput listeners, counting. Prints its counts when its input closes."""

import sys

from pynput import keyboard, mouse

counts = {"keys": 0, "clicks": 0, "scrolls": 0, "moves": 0}


def add(name: str) -> None:
    counts[name] += 1


listeners = [
    keyboard.Listener(on_press=lambda _k: add("keys")),
    mouse.Listener(
        on_click=lambda _x, _y, _b, down: add("clicks") if down else None,
        on_scroll=lambda *_a: add("scrolls"),
        on_move=lambda *_a: add("moves"),
    ),
]
for listener in listeners:
    listener.start()
    listener.wait()
print("ready", flush=True)
sys.stdin.read()
print(*(counts[n] for n in ("keys", "clicks", "scrolls", "moves")), flush=True)
for listener in listeners:
    listener.stop()
