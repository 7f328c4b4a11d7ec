"""The diary server, wired: settings, routes, services. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.db import connections

from workdiary.server.store.database import FILE as DATABASE
from workdiary.server.store.database import database_settings
from workdiary.server.store.runtime import Runtime
from workdiary.server.store.schema import bring_up
from workdiary.server.store.secrets import open_secrets

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

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
    "workdiary.server.accounts.hosts.HostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "workdiary.server.accounts.viewers.ViewerMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


@dataclass(frozen=True, slots=True)
class Options:
    """What one server is started with.

    folder: its own folder (HOME/server); host, port: where it listens; hosts: the names it answers to;
    now_ms: UTC wall milliseconds; entropy: n random bytes.
    """

    folder: Path
    host: str
    port: int
    solo: bool
    hosts: tuple[str, ...]
    now_ms: Callable[[], int]
    entropy: Callable[[int], bytes]


def configure(options: Options) -> Runtime:
    """Give Django its settings and everyone the Runtime; reads or makes the secrets, opens no database.

    A second call in one process (tests) points the same settings at another installation.
    """
    secrets = open_secrets(options.folder, options.entropy)
    runtime = Runtime(
        folder=options.folder,
        secrets=secrets,
        now_ms=options.now_ms,
        entropy=options.entropy,
        solo=options.solo,
        address=f"http://{options.host}:{options.port}",
    )
    values = base_settings(options.folder / DATABASE, secrets.web.hex(), options.port)
    values |= {"ALLOWED_HOSTS": list(options.hosts), "WORKDIARY": runtime}
    if settings.configured:
        _configure_again(values)
    else:
        settings.configure(**values)
        django.setup(set_prefix=False)
    return runtime


def _configure_again(values: dict[str, object]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)
    connections.close_all()
    connections.settings["default"]["NAME"] = values["DATABASES"]["default"]["NAME"]  # type: ignore[index]


def open_installation(runtime: Runtime) -> None:
    """Bring the database up, begin the log if there is none, remove what a crash left; raises KnownError."""
    from workdiary.server.contracts.solo import ensure_people  # noqa: PLC0415 - models need configured settings
    from workdiary.server.store.blobs import sweep  # noqa: PLC0415 - likewise

    bring_up(runtime.folder / DATABASE)
    sweep()
    if runtime.solo:
        ensure_people()


def base_settings(database: Path, secret: str, port: int) -> dict[str, object]:
    """The Django settings of every installation; content of the secrets file comes in as arguments."""
    return {
        "SECRET_KEY": secret,
        "DEBUG": False,
        "ALLOWED_HOSTS": ["127.0.0.1", "localhost", "[::1]"],
        "INSTALLED_APPS": APPS,
        "MIDDLEWARE": MIDDLEWARE,
        "ROOT_URLCONF": "workdiary.server.compose",
        "DATABASES": {"default": database_settings(database)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
            }
        ],
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
    """Every address of the server."""
    from workdiary.server.api.urls import urlpatterns as api  # noqa: PLC0415 - models need configured settings
    from workdiary.server.web.urls import urlpatterns as web  # noqa: PLC0415 - likewise

    return [*api, *web]


def __getattr__(name: str) -> object:
    """`urlpatterns`, made when Django first asks: this module must be importable before settings exist."""
    if name == "urlpatterns":
        return routes()
    raise AttributeError(name)
