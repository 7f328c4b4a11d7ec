"""Real X servers for tests: started when asked for, known to answer, ended by their process id.

Fixtures live here too; a folder's conftest imports those it wants.
"""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

T = TypeVar("T")
DISPLAYS = range(20, 30)
BOUND_S = 20.0
_FOREIGN = ("WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "XDG_SESSION_ID", "XAUTHORITY")


def wait_for(look: Callable[[], T], what: str, bound_s: float = BOUND_S) -> T:
    """The first true answer of `look`; fails naming `what` after `bound_s`."""
    until = time.monotonic() + bound_s
    while not (answer := look()):
        if time.monotonic() > until:
            pytest.fail(f"waited {bound_s:g} s for {what}")
        time.sleep(0.02)
    return answer


@dataclass
class XServer:
    """A running server and the programs started on it."""

    display: str
    process: subprocess.Popen[bytes]
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def env(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of a plain X11 session on this server."""
        env = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        return env | {"DISPLAY": self.display, "LC_ALL": "C.UTF-8"} | dict(extra or {})

    def run(self, *command: str) -> str:
        """Run a program to its end and return what it printed."""
        return subprocess.run(command, env=self.env(), check=True, capture_output=True, text=True).stdout

    def launch(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program that ends with this server at the latest."""
        quiet = subprocess.DEVNULL
        program = subprocess.Popen(command, env=self.env(), stdin=quiet, stdout=quiet, stderr=quiet)
        self.programs.append(program)
        return program

    def end(self, program: subprocess.Popen[bytes]) -> None:
        """End one of them."""
        self.programs.remove(program)
        _end(program)

    def window_manager(self) -> None:
        """Openbox, up and telling (EWMH)."""
        self.launch("openbox")
        told = ("xprop", "-root", "_NET_SUPPORTING_WM_CHECK")
        wait_for(lambda: "window id" in self.run(*told), "openbox to manage the display")

    def xterm(self, *options: str, script: str = "exec cat") -> subprocess.Popen[bytes]:
        """A terminal that runs `script`, with its window mapped."""
        program = self.launch("xterm", *options, "-e", "sh", "-c", script)
        found = ("xdotool", "search", "--onlyvisible", "--pid", str(program.pid))

        def mapped() -> bool:
            return subprocess.run(found, env=self.env(), capture_output=True, check=False).returncode == 0

        wait_for(mapped, "an xterm window")
        return program

    def stop(self) -> None:
        """End the programs, then the server."""
        for program in reversed(self.programs):
            _end(program)
        self.programs.clear()
        _end(self.process)


def _end(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    try:
        program.wait(5)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait(5)


def _ready(command: list[str], env: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
    """Start a server; None if its number was taken. It writes the number once it accepts connections.

    Read to the end of the line: a server that cannot write its newline gives up.
    """
    read, write = os.pipe()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        [*command, "-displayfd", str(write)], env=env, pass_fds=[write], stdout=quiet, stderr=quiet
    )
    os.close(write)
    said = b""
    try:
        while select.select([read], [], [], BOUND_S)[0] and (more := os.read(read, 16)):
            said += more
            if said.endswith(b"\n"):
                return process
    finally:
        os.close(read)
    _end(process)
    return None


def start(
    program: Iterable[str], env: Mapping[str, str] | None = None, displays: Iterable[int] = DISPLAYS
) -> XServer:
    """The first of `displays` that is free, served by `program`."""
    name, *options = program
    for number in displays:
        process = _ready([name, f":{number}", *options], os.environ if env is None else env)
        if process is not None:
            return XServer(f":{number}", process)
    raise RuntimeError(f"none of the displays {displays} could be served")


@contextmanager
def xvfb(
    size: str = "1920x1080x24", displays: Iterable[int] = DISPLAYS, options: Iterable[str] = ()
) -> Iterator[XServer]:
    """A screen in memory. `-noreset`: otherwise the server starts over when its last client leaves."""
    program = ["Xvfb", "-screen", "0", size, "-noreset", "-nolisten", "tcp", *options]
    server = start(program, displays=displays)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def xephyr(outer: XServer, size: str = "800x600") -> Iterator[XServer]:
    """A server inside a window of `outer`: what is injected there arrives here from a device."""
    options = ["Xephyr", "-screen", size, "-noreset", "-nolisten", "tcp"]
    server = start(options, env=outer.env())
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def screen() -> Iterator[XServer]:
    """One server for a module, without a window manager."""
    with xvfb() as server:
        yield server


@pytest.fixture(scope="module")
def desk() -> Iterator[XServer]:
    """One server for a module, with a window manager."""
    with xvfb() as server:
        server.window_manager()
        yield server
