"""Shows each new note to the witnesses and the time stampers, and logs beacons from what they say.

One thread of its own: no request ever waits for anybody outside, and an outage is shown, never fatal. Only
the newest note goes out, to all witnesses at once, so that k of them speak of the same size.
"""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from workdiary.server.log.activity import NEWS, leave_lease, take_lease, watched
from workdiary.server.log.anchors import HOUR_MS, TEN_MIN_MS, Authority
from workdiary.server.log.beacons import due, log_beacon
from workdiary.server.log.cosigned import note_text, note_with
from workdiary.server.log.models import Anchor, Note
from workdiary.server.log.tree import newest_signed
from workdiary.server.log.witnesses import Peer
from workdiary.server.store.runtime import runtime

LOG = logging.getLogger("workdiary.log")
# Notes of other processes and of the operator's own records are found by looking this often.
LOOK_S = 1.0
# A busy log signs many notes a second. One look in two seconds keeps receipts far inside their minute, and
# what witnesses are asked and what is stored of them within bounds.
PACE_S = 2.0
# A beacon's cosignatures were given at most so long ago.
FRESH_MS = 10_000
_STOP_S = 30.0


class Witnessing:
    """The witnesses and the time stamper of this installation; `turn` is one look at everything."""

    def __init__(self) -> None:
        settings = runtime().settings
        self._k = settings.k
        self._peers = tuple(Peer(pinned) for pinned in settings.witnesses)
        self._authority = None if settings.tsa is None else Authority(settings.tsa)
        self._holder = runtime().entropy(16).hex()
        self._turning = threading.Lock()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(max(1, len(self._peers)), "witness")
        self._thread = threading.Thread(target=self._run, name="witnessing", daemon=True)

    def start(self) -> None:
        """Look at every new note from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End after the exchange that is under way."""
        self._stopping.set()
        NEWS.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        self._pool.shutdown(wait=True, cancel_futures=True)
        _guarded(partial(leave_lease, self._holder))

    def turn(self) -> None:
        """Show the newest note to whoever has not cosigned it, stamp it and log a beacon if that is due."""
        with self._turning:
            if not take_lease(self._holder):
                return
            note = newest_signed()
            wanted = due(note.epoch)
            since_ms = runtime().now_ms() - FRESH_MS if wanted else 0
            self._round(note, since_ms)
            token = self._stamp(note, wanted=wanted and not self._enough(note, since_ms))
            if wanted:
                self._beacon(note, since_ms, token)

    def _run(self) -> None:
        while not self._stopping.is_set():
            NEWS.clear()
            _guarded(self.turn)
            self._stopping.wait(PACE_S)
            NEWS.wait(LOOK_S)

    def _round(self, note: Note, since_ms: int) -> None:
        asked = [self._pool.submit(peer.show, note) for peer in self._peers if peer.wants(note, since_ms)]
        for future in asked:
            future.result()

    def _enough(self, note: Note, since_ms: int) -> bool:
        words = [peer.word(note, since_ms) for peer in self._peers]
        return 0 < self._k <= sum(word is not None for word in words)

    def _stamp(self, note: Note, *, wanted: bool) -> bytes | None:
        """A fresh time stamp where one is due: for the note's own sake, or for a beacon without witnesses."""
        if self._authority is None:
            return None
        known = Anchor.objects.filter(epoch=note.epoch, size=note.size).exists()
        answering = 0 < self._k <= sum(peer.mood == "ok" for peer in self._peers)
        if (known and not wanted) or not self._authority.due(HOUR_MS if answering else TEN_MIN_MS):
            return None
        return self._authority.stamp(note)

    def _beacon(self, note: Note, since_ms: int, token: bytes | None) -> None:
        words = [word for peer in self._peers if (word := peer.word(note, since_ms)) is not None]
        if self._enough(note, since_ms):
            log_beacon(note, note_with(note, words), None)
        elif token is not None:
            log_beacon(note, note_text(note), token)
        else:
            return
        # The note that holds it is to be cosigned as well, at once.
        NEWS.set()


def _guarded(work: Callable[[], None]) -> None:
    """The border of the thread: it goes on, whatever happens."""
    try:
        work()
    except Exception as error:  # noqa: BLE001 - as above
        frames = traceback.extract_tb(error.__traceback__)[-3:]
        where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
        LOG.error("%s in %s", type(error).__name__, where)  # noqa: TRY400 - messages may quote content


def begin_witnessing() -> Witnessing | None:
    """Start it if this installation has a witness or a time stamper pinned."""
    if not watched():
        return None
    made = Witnessing()
    made.start()
    return made
