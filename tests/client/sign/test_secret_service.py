"""The Secret Service client against a real GNOME Keyring on a bus of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection

from workdiary.client.errors import KnownError
from workdiary.client.settings import open_home
from workdiary.client.sign.keystore import SOFTWARE, NoKeyringError, open_keystore
from workdiary.client.sign.secret_service import SecretServiceStore

IDENT = "ab" * 16
WAIT_S = 10


class Session:
    """A session bus, and a keyring on it when asked for."""

    def __init__(self, folder: Path) -> None:
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_DATA_HOME": str(folder / "data"),
            # An own service folder: nothing of this machine is started by asking for a name.
            "XDG_DATA_DIRS": str(folder),
        }
        config = folder / "bus.conf"
        config.write_text(
            '<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "">'
            "<busconfig><type>session</type><listen>unix:dir=" + str(folder) + "</listen>"
            '<policy context="default"><allow send_destination="*"/><allow own="*"/>'
            '<allow eavesdrop="true"/></policy></busconfig>'
        )
        self.processes = [
            subprocess.Popen(
                ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"],
                env=self.env,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        ]
        out = self.processes[0].stdout
        assert out is not None
        self.env["DBUS_SESSION_BUS_ADDRESS"] = out.readline().strip()

    def start_keyring(self, *options: str) -> None:
        daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--components=secrets", *options],
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert daemon.stdin is not None
        daemon.stdin.write(b"password")
        daemon.stdin.close()
        self.processes.append(daemon)

    def store(self) -> SecretServiceStore:
        """Once the keyring has taken its name."""
        until = time.monotonic() + WAIT_S
        while True:
            try:
                return SecretServiceStore.open(IDENT, self.env)
            except NoKeyringError:
                if time.monotonic() > until:
                    raise

    def end(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
            process.wait(WAIT_S)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    started = Session(tmp_path)
    yield started
    started.end()


def test_a_real_keyring_keeps_replaces_and_forgets(session: Session) -> None:
    session.start_keyring("--unlock")
    store = session.store()
    assert store.get("device-key") is None
    store.put("device-key", bytes(range(32)))
    store.put("spool-key", b"other")
    store.put("device-key", bytes(reversed(range(32))))
    assert store.get("device-key") == bytes(reversed(range(32)))
    assert SecretServiceStore.open("cd" * 16, session.env).get("device-key") is None
    store.delete("device-key")
    store.delete("device-key")
    assert store.get("device-key") is None
    assert store.get("spool-key") == b"other"


def test_a_home_takes_a_real_keyring(session: Session, tmp_path: Path) -> None:
    session.start_keyring("--unlock")
    session.store()
    home = open_home(tmp_path / "home", "0.1.0")
    opened = open_keystore(home, "auto", session.env)
    assert opened.key_class == SOFTWARE
    assert opened.notice is None
    opened.store.put("x", b"1")
    assert open_keystore(home, "auto", session.env).store.get("x") == b"1"


def test_the_keyring_library_reads_what_was_written(session: Session) -> None:
    session.start_keyring("--unlock")
    session.store().put("device-key", b"seed")
    code = (
        "import keyring; from workdiary.client.sign.keyring_store import SERVICE\n"
        f"print(keyring.get_password(SERVICE, '{IDENT}/device-key'))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=session.env | {"PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert run.stdout.strip() == "c2VlZA"


def test_a_keyring_without_a_collection_is_none(session: Session) -> None:
    session.start_keyring()
    until = time.monotonic() + WAIT_S
    reason = ""
    while "default collection" not in reason and time.monotonic() < until:
        with pytest.raises(NoKeyringError) as caught:
            SecretServiceStore.open(IDENT, session.env)
        reason = str(caught.value)
    assert "no default collection" in reason


def test_a_bus_without_a_keyring_says_so(session: Session) -> None:
    with pytest.raises(NoKeyringError, match="keyring service"):
        SecretServiceStore.open(IDENT, session.env)


def test_no_bus_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoKeyringError, match="no desktop session bus"):
        SecretServiceStore.open(IDENT, {"XDG_RUNTIME_DIR": str(tmp_path)})
    with pytest.raises(NoKeyringError, match="does not answer"):
        SecretServiceStore.open(IDENT, {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/gone"})


def test_a_keyring_that_went_away_can_be_tried_again(session: Session) -> None:
    session.start_keyring("--unlock")
    store = session.store()
    daemon = session.processes.pop()
    daemon.terminate()
    daemon.wait(WAIT_S)
    with pytest.raises(KnownError) as caught:
        store.get("device-key")
    assert not caught.value.permanent


def lock(session: Session) -> None:
    """Lock the collection, as a desktop's keyring application does."""
    service = DBusAddress(
        "/org/freedesktop/secrets", "org.freedesktop.secrets", "org.freedesktop.Secret.Service"
    )
    with open_dbus_connection(bus=session.env["DBUS_SESSION_BUS_ADDRESS"]) as bus:
        alias = bus.send_and_get_reply(new_method_call(service, "ReadAlias", "s", ("default",)))
        call = new_method_call(service, "Lock", "ao", ([alias.body[0]],))
        assert bus.send_and_get_reply(call, timeout=WAIT_S).body[0] == [alias.body[0]]


def test_a_locked_keyring_is_said_and_never_worked_around(session: Session, tmp_path: Path) -> None:
    session.start_keyring("--unlock")
    store = session.store()
    home = open_home(tmp_path / "home", "0.1.0")
    open_keystore(home, "auto", session.env)
    lock(session)
    with pytest.raises(KnownError, match="locked"):
        store.get("device-key")
    with pytest.raises(KnownError, match="locked") as caught:
        open_keystore(home, "auto", session.env)
    assert not caught.value.permanent
