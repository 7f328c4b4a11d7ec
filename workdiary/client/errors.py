"""The client's border where foreign exceptions become a `KnownError`."""

from __future__ import annotations

from workdiary.wire.known import ExitCode, KnownError

__all__ = ["ExitCode", "KnownError"]
