"""What `compose` hands to the tracker: the world outside, the stages before it, and what somebody chose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workdiary.client.capture.port import Backends
from workdiary.client.capture.private import PrivateLists
from workdiary.client.segment.segmenter import Entropy
from workdiary.client.segment.shots import ShotTaker
from workdiary.client.segment.trusted import PlacingClock
from workdiary.client.tracker.ports import Sending, Signing, Store, Waiting
from workdiary.client.tracker.schedule import Alarms
from workdiary.client.tracker.terms import Contracts
from workdiary.client.tracker.work import Worker
from workdiary.rules.policy import PolicySet
from workdiary.rules.shots import RandomInt


@dataclass(frozen=True, slots=True)
class World:
    """Where clocks, entropy, input and the desktop enter; zone: the person's IANA zone now."""

    clock: PlacingClock
    entropy: Entropy
    random_int: RandomInt  # random_int(n) draws from [0, n) by a CSPRNG
    backends: Backends
    taker: ShotTaker
    zone: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages before the tracker, and the threads that serve it."""

    store: Store
    outbox: Waiting
    journal: Signing
    uploader: Sending
    contracts: Contracts
    alarms: Alarms
    camera: Worker
    signer: Worker
    sender: Worker


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person or the command line chose.

    preview_ms: how long a shot is held; resume_alone: go on by itself when input returns after idle;
    diary_url: where the diary can be opened, if anywhere; flags: what the person should know beside the state
    (`Account.flags`).
    """

    policy: PolicySet
    preview_ms: int
    resume_alone: bool = False
    key_class: str = ""
    diary_url: Callable[[], str | None] = lambda: None
    flags: Callable[[], tuple[str, ...]] = lambda: ()
    private: Callable[[str], PrivateLists] = lambda _: PrivateLists()  # what a contract must not be shown
