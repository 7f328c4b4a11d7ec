"""The first contact: pin the installation's keys, prove the device key, keep account and token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workdiary.client.account import Account, Enrolment
from workdiary.client.sign.signer import DeviceKeys
from workdiary.client.upload.transport import Transport


@dataclass(frozen=True, slots=True)
class Grant:
    """What enrolling needs: one-time token, a name for this device, the address ("" in solo)."""

    token: str
    device_name: str
    url: str = ""


def enrol(transport: Transport, account: Account, keys: DeviceKeys, grant: Grant, wall_ms: Callable[[], int]) -> Enrolment:
    """Enrol this device and keep everything durably. Raises KnownError (refused, offline, nonsense)."""
