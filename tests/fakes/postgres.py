"""A real PostgreSQL from the system's packages: own cluster and user, a unix socket, fsync on, no network."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

import psycopg

from workdiary.server.store.database import close_database
from workdiary.server.store.postgres import PASSWORD as PASSWORD_VARIABLE

# Nothing that comes and goes by itself: a test that ends looks for what it left behind.
CONFIG = """
listen_addresses = ''
autovacuum = off
jit = off
max_parallel_workers = 0
max_parallel_workers_per_gather = 0
max_connections = 60
shared_buffers = 64MB
fsync = on
synchronous_commit = on
full_page_writes = on
max_logical_replication_workers = 0
restart_after_crash = on
"""
PASSWORD = "a password of tests"
USER = "diary"
BOTH = ("sqlite", "postgres")


def programs() -> Path:
    """Where initdb and postgres are; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    on_path = shutil.which("postgres")
    assert found or on_path, "PostgreSQL is not installed (Debian: postgresql)"
    return found[-1].parent if found else Path(str(on_path)).parent


def owner() -> dict[str, int | str]:
    """PostgreSQL refuses to run as root: then it runs as the user that its package made, or as nobody."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid}
    raise AssertionError("neither postgres nor nobody is a user here")


@dataclass
class Postgres:
    """One cluster in a folder of its own. `stop`, `kill` and `start` again as a test likes."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None
    _made: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def make(self) -> None:
        """initdb: passwords for everyone, the owner excepted on the socket."""
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        if ids := owner():
            for path in (self.folder, secret):
                os.chown(path, int(ids["user"]), int(ids["group"]))
        words = ["-D", str(self.data), "-U", USER, "-A", "scram-sha-256", "--pwfile", str(secret)]
        words += ["-E", "UTF8", "--locale", "C"]
        self._run([str(programs() / "initdb"), *words])
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(CONFIG)

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [str(programs() / "postgres"), "-D", str(self.data), "-k", str(self.folder)]
        log = (self.folder / "log").open("ab")
        until = time.monotonic() + 60
        while True:
            if self.process is None or self.process.poll() is not None:
                # After a kill the first attempts may meet what is left of the one before.
                self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **owner())  # type: ignore[call-overload]
            try:
                psycopg.connect(self.address("postgres"), password=PASSWORD, connect_timeout=5).close()
            except psycopg.OperationalError:
                assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
                threading.Event().wait(0.05)
            else:
                log.close()
                return

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def address(self, name: str) -> str:
        """The URL of a database, as `--database` takes it."""
        return f"postgresql://{USER}@/{name}?host={quote(str(self.folder), safe='')}"

    def run(self, text: str) -> None:
        """A statement outside of any transaction."""
        with psycopg.connect(self.address("postgres"), password=PASSWORD, autocommit=True) as connection:
            connection.execute(text)  # type: ignore[call-overload]

    def fresh(self, template: str = "template0") -> str:
        """A new database's URL."""
        with self._guard:
            self._made += 1
            name = f"d{self._made}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self.address(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        self.run(f"DROP DATABASE {url.rpartition('/')[2].partition('?')[0]} WITH (FORCE)")

    def kill(self) -> None:
        """kill -9 of the postmaster; its children notice, in the middle of whatever they do."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        self.process = None

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: fast shutdown; SIGQUIT: immediate, recovery at the next start."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, capture_output=True, cwd="/", check=False, **owner())  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr.decode()


@contextmanager
def _password() -> Iterator[None]:
    """The password in the environment, as operators have it; afterwards whatever was there before."""
    before = os.environ.get(PASSWORD_VARIABLE)
    os.environ[PASSWORD_VARIABLE] = PASSWORD
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(PASSWORD_VARIABLE, None)
        else:
            os.environ[PASSWORD_VARIABLE] = before


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A running cluster, gone with everything in it when the block ends."""
    # Not below pytest's folder: that is its owner's alone, and a socket's path has 107 bytes at most.
    folder = Path(mkdtemp(prefix="wdpg"))
    cluster = Postgres(folder)
    try:
        cluster.make()
        cluster.start()
        with _password():
            yield cluster
    finally:
        cluster.stop(signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def either(engine: str, cluster: Postgres, template: str) -> Iterator[str | None]:
    """A test's database on an engine of BOTH: its URL, None for SQLite."""
    if engine == "sqlite":
        yield None
        return
    url = cluster.fresh(template)
    yield url
    close_database()
    cluster.drop(url)
