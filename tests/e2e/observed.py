"""The `workdiary` command as the privacy test starts it, with a fault planted where a test asks for one.

titles: the solo contract's terms record application names and titles, so that there is something to hide;
LEAKS: what the test must catch; listen-on goes on counting with the timer off.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from workdiary.client.sign import terms

LEAKS = ("log-title", "miss-mask", "record-title", "listen-on")


def plant(faults: list[str]) -> None:
    """Before anything of the client is imported that would keep the sound version."""
    sound = terms.solo_terms

    def with_titles(*args: Any) -> Any:
        drafted = sound(*args)
        drafted.clear["apps"] = "titles"
        return drafted

    terms.solo_terms = with_titles
    from workdiary.client.capture.private import PrivateLists
    from workdiary.client.tracker.recorder import Recorder

    watch = Recorder.watch_window

    def log_title(self: Any, *args: Any, **kwargs: Any) -> None:
        window = self._parts.backends.window.backend.active()
        logging.getLogger("workdiary.client.tracker").warning("%s", window)
        watch(self, *args, **kwargs)

    def listen_on(self: Any, now: Any, *, book: bool = True) -> None:
        self._drain(now, book=book)

    if "log-title" in faults:
        Recorder.watch_window = log_title  # type: ignore[method-assign]
    if "miss-mask" in faults:
        PrivateLists.to_json = lambda _: {"apps": [], "titles": [], "spared": []}  # type: ignore[method-assign]
    if "record-title" in faults:
        PrivateLists.hides = lambda *_: False  # type: ignore[method-assign]
    if "listen-on" in faults:
        Recorder.disarm = listen_on  # type: ignore[method-assign]


if __name__ == "__main__":
    faults, sys.argv = sys.argv[1].split(","), ["workdiary", *sys.argv[2:]]
    plant(faults)
    from workdiary.__main__ import main

    sys.exit(main())
