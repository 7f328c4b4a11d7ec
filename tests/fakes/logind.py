"""A private system bus with a logind on it (python-dbusmock, the system's own Python)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.xserver import wait_for

PYTHON = "/usr/bin/python3"  # Debian's dbusmock belongs to it
NAME, ROOT = "org.freedesktop.login1", "/org/freedesktop/login1"
MANAGER, SESSION = f"{NAME}.Manager", f"{NAME}.Session"
SESSION_PATH = f"{ROOT}/session/c1"
_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>
"""


@dataclass
class FakeLogind:
    """A bus and the logind on it; `say` and friends are what the system does."""

    address: str

    @property
    def env(self) -> dict[str, str]:
        """What a session program's environment says about them."""
        return {"DBUS_SYSTEM_BUS_ADDRESS": self.address, "XDG_SESSION_ID": "c1"}

    def call(self, path: str, method: str, *arguments: str) -> str:
        """One call by gdbus; arguments in its text format."""
        command = ["gdbus", "call", "--system", "--dest", NAME, "--object-path", path, "--method", method]
        env = os.environ | self.env
        done = subprocess.run([*command, *arguments], env=env, capture_output=True, text=True, check=True)
        return done.stdout

    def say(self, member: str, *, begins: bool) -> None:
        """PrepareForSleep or PrepareForShutdown."""
        mock = "org.freedesktop.DBus.Mock.EmitSignal"
        self.call(ROOT, mock, MANAGER, member, "b", f"[<{str(begins).lower()}>]")

    def lock(self) -> None:
        """Somebody asks for the session to be locked (`loginctl lock-session`)."""
        self.call(SESSION_PATH, f"{SESSION}.Lock")

    def unlock(self) -> None:
        self.call(SESSION_PATH, f"{SESSION}.Unlock")

    def hint(self, name: str, value: bool) -> None:
        """LockedHint or Active changes."""
        mock = "org.freedesktop.DBus.Mock.UpdateProperties"
        self.call(SESSION_PATH, mock, SESSION, f"{{'{name}': <{str(value).lower()}>}}")

    def inhibitors(self) -> str:
        return self.call(ROOT, f"{MANAGER}.ListInhibitors")


@contextmanager
def bus(folder: Path) -> Iterator[str]:
    """An empty bus; its address."""
    socket, config = folder / "bus", folder / "bus.conf"
    config.write_text(_CONFIG.format(socket=socket))
    command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nosyslog", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        try:
            yield daemon.stdout.readline().decode().strip().split(",guid=")[0]
        finally:
            daemon.terminate()
            daemon.wait(5)


@contextmanager
def logind(folder: Path) -> Iterator[FakeLogind]:
    """A bus with logind and one session, c1, of this user."""
    with bus(folder) as address:
        env = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": address}
        command = [PYTHON, "-m", "dbusmock", "--system", "--template", "logind"]
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as mock:
            try:
                fake = FakeLogind(address)
                wait = ["gdbus", "wait", "--system", "--timeout", "20", NAME]
                subprocess.run(wait, env=env, check=True)
                add = "org.freedesktop.DBus.Mock.AddSession"
                wait_for(lambda: fake.call(ROOT, add, "c1", "seat0", str(os.getuid()), "me", "true"), "c1")
                yield fake
            finally:
                mock.terminate()
                mock.wait(5)
