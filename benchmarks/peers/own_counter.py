"""Our input counter alone, drained once a second as the tracker does; prints its counts at the end."""

import os
import select
import sys
from collections import Counter

from workdiary.client.capture.registry import choose

counter = choose(dict(os.environ)).input.backend
counter.start()
total: Counter[str] = Counter()


def drain() -> None:
    counts = counter.drain()
    for name in ("keys", "clicks", "scrolls", "moves"):
        total[name] += getattr(counts, name)


print("ready", flush=True)
while not select.select([sys.stdin], [], [], 1.0)[0]:
    drain()
drain()
print(*(total[n] for n in ("keys", "clicks", "scrolls", "moves")), flush=True)
counter.stop()
