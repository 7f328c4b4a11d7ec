"""A real `workdiary track` whose disk fills up to the last byte: it says so and ends, and nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.conftest import Shell, wait_for
from tests.faults.disks import small
from tests.faults.killed_tracker import now

# The notice, signing what can be signed, the server's own end; without the mend it took 80 s and more.
ENDS_S = 25
CHUNK = 1 << 16


@contextmanager
def hungry(disk: Path) -> Iterator[None]:
    """Something else that takes every byte that gets free."""
    fed = threading.Event()

    def eat() -> None:
        with (disk / "junk").open("wb", buffering=0) as file:
            while not fed.wait(0.02):
                try:
                    while True:
                        file.write(bytes(CHUNK))
                except OSError:
                    continue

    thread = threading.Thread(target=eat, name="hungry")
    thread.start()
    try:
        yield
    finally:
        fed.set()
        thread.join()
        (disk / "junk").unlink()


def test_a_disk_full_to_the_last_byte_ends_tracking_soon_and_in_words(tmp_path: Path) -> None:
    with small(tmp_path / "disk", "size=32m") as disk:
        shell = Shell(disk / "home", tmp_path)
        tracking = shell.track()
        began = now()
        wait_for(lambda: shell.status()["session_s"] >= 2, "two seconds of work")
        surely = now()
        with hungry(disk):
            assert tracking.wait(ENDS_S + 60) == 8, shell.said()
            until = time.monotonic()
            assert shell.run("diary", "--json").code in {0, 8}
        assert "disk is full" in shell.said()
        assert "Traceback" not in shell.said()
        assert time.monotonic() - until < ENDS_S
        again = shell.run("track", "--contract", "demo", "--memo", "after the disk was full", "--for", "1s")
        assert again.code == 0, again.err
        day = shell.run("diary", "--zone", "UTC", "--json").json()
    assert {segment["state"] for segment in day["segments"]} == {"sent"}
    before = [segment for segment in day["segments"] if segment["memo"] == "write the report"]
    assert sum(segment["tracked_ms"] for segment in before) >= surely - began
