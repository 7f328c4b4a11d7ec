"""What `compose` hands to every part of the server: where things are, the secrets, the clock and the dice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from workdiary.server.store.secrets import Secrets
from workdiary.server.store.settings import ServerSettings


@dataclass(frozen=True, slots=True)
class Runtime:
    """One installation while it runs.

    folder: the server's own folder; now_ms: UTC wall milliseconds; mono_ms: ms since boot, suspend included;
    boot_id: the OS's, signed only as an HMAC; entropy: n random bytes;
    solo: the embedded server of one person; host, port: where it listens; settings: the operator's file.
    """

    folder: Path
    secrets: Secrets
    now_ms: Callable[[], int]
    mono_ms: Callable[[], int]
    boot_id: str
    entropy: Callable[[int], bytes]
    solo: bool
    host: str
    port: int
    settings: ServerSettings = field(default_factory=ServerSettings)

    @property
    def address(self) -> str:
        """`http://host:port`, as a browser on this computer reaches it."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def runtime() -> Runtime:
    """The installation this process serves (set once by compose)."""
    return settings.WORKDIARY
