"""A diary server on a simulated clock: `simulated_server.py HOME CLOCK`; prints its port and enrolment token.

CLOCK is a file whose 16 bytes are the wall and the monotonic ms that another process lets pass.
"""

import json
import mmap
import secrets
import signal
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from workdiary.server.compose import Plan, Senses, service

with Path(sys.argv[2]).open("rb") as file:
    shared = mmap.mmap(file.fileno(), 16, prot=mmap.PROT_READ)


def reading(place: int) -> int:
    return int(struct.unpack_from("<q", shared, 8 * place)[0])


senses = Senses(lambda: reading(0), lambda: reading(1), "server", secrets.token_bytes)
with service(Plan(Path(sys.argv[1]) / "server", "127.0.0.1", None, (), senses)) as ready:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(json.dumps({"port": ready.runtime.port, "token": ready.enrol_token}), flush=True)
    ready.run()
