"""The settings mypy's Django plugin reads: the ones the server is composed with."""

from pathlib import Path

from workdiary.server.compose import base_settings
from workdiary.server.store.runtime import Runtime

globals().update(base_settings(Path("typing-only.db"), "typing only", 0))

# What the plugin must know the type of stands here by name.
WORKDIARY: Runtime
WORKDIARY_COOKIE: str
