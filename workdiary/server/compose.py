"""The diary server, wired: settings, routes, services. Nothing here decides anything."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.db import connections
from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RegexPattern

from workdiary.server.api.listener import Listener, reserved
from workdiary.server.store.database import close_database, database_settings
from workdiary.server.store.home import make_folder, only_server, remembered_port
from workdiary.server.store.runtime import Runtime
from workdiary.server.store.schema import bring_up, is_current
from workdiary.server.store.secrets import FILE as SECRETS
from workdiary.server.store.secrets import open_secrets
from workdiary.server.store.settings import open_settings
from workdiary.wire.known import ExitCode, KnownError

if TYPE_CHECKING:
    from workdiary.server.log.witnessing import Witnessing

# Where manage and the processes of one server find the database's URL; `serve --database` wins over it.
DATABASE_VARIABLE = "WORKDIARY_DATABASE"
LOOPBACK = ("127.0.0.1", "::1", "localhost")
APPS = [
    "workdiary.server.store",
    "workdiary.server.accounts",
    "workdiary.server.contracts",
    "workdiary.server.log",
    "workdiary.server.receive",
    "workdiary.server.diary",
    "workdiary.server.web",
]
# The order matters: hosts are checked before anything reads the request, people are known before pages run.
MIDDLEWARE = [
    "workdiary.server.api.access_log.AccessLog",
    "workdiary.server.web.middleware.PageMiddleware",
    "workdiary.server.accounts.hosts.HostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",  # Content-Length, so that connections stay open
    "workdiary.server.accounts.viewers.ViewerMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


@dataclass(frozen=True, slots=True)
class Senses:
    """Clocks and dice. now_ms: UTC wall ms; mono_ms: since boot; entropy: n random bytes; zone: IANA name."""

    now_ms: Callable[[], int]
    mono_ms: Callable[[], int]
    boot_id: str
    entropy: Callable[[int], bytes]
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Plan:
    """What one server is started with.

    folder: its own folder (HOME/server); host, port: where to listen, port None for the one remembered or any
    free one; names: further host names it answers to; database: PostgreSQL's URL, None for the SQLite file;
    part: one of several processes on one port, whose installation another one has opened.
    """

    folder: Path
    host: str
    port: int | None
    names: tuple[str, ...]
    senses: Senses
    database: str | None = None
    part: bool = False

    @property
    def solo(self) -> bool:
        """Reachable from this computer only: one person's embedded server."""
        return self.host in LOOPBACK


@dataclass(frozen=True, slots=True)
class Service:
    """A server that is ready: bound, its installation open, its application made."""

    runtime: Runtime
    listener: Listener
    enrol_token: str | None = field(repr=False)
    application: Callable[..., object]
    witnessing: Witnessing | None = None

    def run(self) -> None:
        """Answer requests until `listener.stop` is called or a signal's exception arrives."""
        self.listener.serve(self.application)


@contextmanager
def service(plan: Plan) -> Iterator[Service]:
    """Open the installation in `plan.folder` and listen; raises KnownError with nothing half-started."""
    make_folder(plan.folder)
    with nullcontext() if plan.part else only_server(plan.folder):
        listener = _bind(plan)
        ready: Service | None = None
        try:
            ready = _open(plan, listener)
            yield ready
        finally:
            listener.stop()
            if ready is not None and ready.witnessing is not None:
                ready.witnessing.stop()
            _close_database()


@dataclass(frozen=True, slots=True)
class Opened:
    """An installation that several processes (`Plan.part`) will serve at `address`."""

    address: str
    port: int
    enrol_token: str | None = field(repr=False)


@contextmanager
def opened(plan: Plan) -> Iterator[Opened]:
    """Open the installation and keep a port for its processes; raises KnownError, nothing half-started."""
    make_folder(plan.folder)
    with only_server(plan.folder), reserved(plan.host, _port(plan)) as port:
        try:
            runtime = configure(plan, port)
            open_installation(runtime)
            from workdiary.server.contracts.solo import invite  # noqa: PLC0415 - needs configured settings

            token = invite() if plan.solo else None
        finally:
            _close_database()
        yield Opened(runtime.address, port, token)


def _port(plan: Plan) -> int:
    return remembered_port(plan.folder) if plan.port is None else plan.port


def upgraded(plan: Plan) -> None:
    """Bring the installation's database up to this version; raises KnownError if a server runs."""
    make_folder(plan.folder)
    with only_server(plan.folder):
        open_installation(configure(plan, 0))
        _close_database()


@contextmanager
def installation(plan: Plan) -> Iterator[Runtime]:
    """An existing installation to read from, also beside a running server; KnownError if not current."""
    try:
        runtime = configure(plan, 0) if (plan.folder / SECRETS).exists() else None
        if runtime is None or not is_current(APPS):
            raise KnownError(
                "There is no diary of this version here",
                "Start the server once, or run `workdiary manage migrate`.",
                subject=str(plan.folder),
                exit_code=ExitCode.NOT_FOUND,
            )
        yield runtime
    finally:
        _close_database()


def _close_database() -> None:
    # Without settings there is no database yet; asking for its connections would hide why.
    if settings.configured:
        close_database()


def _bind(plan: Plan) -> Listener:
    if plan.port is not None:
        return Listener.bind(plan.host, plan.port, shared=plan.part)
    try:
        return Listener.bind(plan.host, remembered_port(plan.folder))
    except KnownError:
        return Listener.bind(plan.host, 0)


def _open(plan: Plan, listener: Listener) -> Service:
    runtime = configure(plan, listener.port)
    if not plan.part:
        open_installation(runtime)
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415 - needs configured settings

    from workdiary.server.contracts.solo import invite  # noqa: PLC0415 - likewise
    from workdiary.server.log.witnessing import begin_witnessing  # noqa: PLC0415 - likewise

    token = invite() if plan.solo and not plan.part else None
    return Service(runtime, listener, token, get_wsgi_application(), begin_witnessing())


def configure(plan: Plan, port: int) -> Runtime:
    """Give Django its settings and everyone the Runtime; reads or makes the secrets, opens no database.

    A second call in one process (tests) points the same settings at another installation.
    """
    runtime = Runtime(
        folder=plan.folder,
        secrets=open_secrets(plan.folder, plan.senses.entropy),
        now_ms=plan.senses.now_ms,
        mono_ms=plan.senses.mono_ms,
        boot_id=plan.senses.boot_id,
        entropy=plan.senses.entropy,
        solo=plan.solo,
        host=plan.host,
        port=port,
        settings=open_settings(plan.folder),
    )
    values = base_settings(plan.folder, runtime.secrets.web.hex(), port)
    databases = {"default": database_settings(plan.folder, plan.database)}
    values["DATABASES"] = databases
    values |= {"ALLOWED_HOSTS": allowed_hosts(plan), "WORKDIARY": runtime}
    values["WORKDIARY_ZONE"] = plan.senses.zone if plan.solo else "UTC"
    if settings.configured:
        for name, value in values.items():
            setattr(settings, name, value)
        _point_connections(databases)
    else:
        settings.configure(**values)
        django.setup(set_prefix=False)
        # Django's own lines quote addresses, and those hold ids and one-time secrets.
        logging.getLogger("django").addHandler(logging.NullHandler())
        logging.getLogger("django").propagate = False
    return runtime


def _point_connections(databases: dict[str, dict[str, object]]) -> None:
    close_database()
    connections.settings = connections.configure_settings(databases)
    # This thread's connection may be of another engine; other threads open theirs anew.
    with suppress(AttributeError):
        del connections["default"]


def real_senses() -> Senses:
    """The operating system's."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    try:
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        boot_id = "unknown"
    return Senses(
        now_ms=lambda: time.time_ns() // 1_000_000,
        mono_ms=lambda: (
            (time.monotonic_ns() if boottime is None else time.clock_gettime_ns(boottime)) // 1_000_000
        ),
        boot_id=boot_id,
        entropy=os.urandom,
        zone=_computer_zone(),
    )


def _computer_zone() -> str:
    # What the pages show a solo person first; they can choose another one there.
    linked = os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    return os.environ.get("TZ", "").lstrip(":") or linked or "UTC"


def allowed_hosts(plan: Plan) -> list[str]:
    """The host names to answer to; a server on every address answers to those it was told."""
    own = ("127.0.0.1", "localhost", "[::1]") if plan.solo else (plan.host,)
    return [*own, *plan.names]


def open_installation(runtime: Runtime) -> None:
    """Bring the database up, begin the log if there is none, remove what a crash left; raises KnownError."""
    bring_up(APPS)
    from workdiary.server.contracts.solo import ensure_people  # noqa: PLC0415 - models need configured settings
    from workdiary.server.log.tree import begin  # noqa: PLC0415 - likewise
    from workdiary.server.receive.seals import seal_owed  # noqa: PLC0415 - likewise
    from workdiary.server.store.blobs import recover  # noqa: PLC0415 - likewise
    from workdiary.server.store.forgetting import forget_owed  # noqa: PLC0415 - likewise

    begin()
    recover()
    forget_owed()
    seal_owed()
    if runtime.solo:
        ensure_people()


def base_settings(folder: Path, secret: str, port: int) -> dict[str, object]:
    """The Django settings of every installation; content of the secrets file comes in as arguments."""
    return {
        "SECRET_KEY": secret,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]"],
        "INSTALLED_APPS": APPS,
        "MIDDLEWARE": MIDDLEWARE,
        "ROOT_URLCONF": "workdiary.server.compose",
        "DATABASES": {"default": database_settings(folder)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
        "APPEND_SLASH": False,
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "USE_I18N": True,
        "LANGUAGE_CODE": "en",
        "STATIC_URL": "/static/",
        "LOGGING_CONFIG": None,
        "CSRF_COOKIE_NAME": f"workdiary_csrf_{port}",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Strict",
        "SECURE_CONTENT_TYPE_NOSNIFF": True,
        "SECURE_REFERRER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
        # Ports of one host share cookies: without the port two homes would sign each other out.
        "WORKDIARY_COOKIE": f"workdiary_{port}",
        "WORKDIARY": None,
    }


def routes() -> list[URLPattern | URLResolver]:
    """Every address of the server; the pages' modules are imported when the first page is asked for."""
    from workdiary.server.api.urls import urlpatterns as api  # noqa: PLC0415 - models need configured settings

    return [*api, URLResolver(RegexPattern(r""), "workdiary.server.web.urls")]


def __getattr__(name: str) -> object:
    """`urlpatterns`, made when Django first asks: this module must be importable before settings exist."""
    if name == "urlpatterns":
        return routes()
    raise AttributeError(name)
