"""What corrections are made with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workdiary.client.errors import KnownError
from workdiary.client.segment.clock import Clock
from workdiary.client.segment.model import HoldChoice, ShotImage, ShotSet
from workdiary.client.segment.segmenter import Entropy
from workdiary.client.segment.shots import ShotFailedError, ShotTaker
from workdiary.client.tracker.ports import Signing, Store
from workdiary.client.tracker.terms import Contracts
from workdiary.client.tracker.world import Choices, Stages, World
from workdiary.rules.policy import PolicySet


@dataclass(frozen=True, slots=True)
class OnEngine:
    """What corrections ask of the engine's thread; each returns when it is done.

    decide(shot_id, choice): answer a hold; cut(rids): end the open segment if it is one of these, and go on
    in a new one; amended(shots): holds of these begin, what is shown is read again, what is due is signed.
    """

    decide: Callable[[str, HoldChoice], None]
    cut: Callable[[frozenset[str]], None]
    amended: Callable[[Sequence[ShotSet]], None]


@dataclass(frozen=True, slots=True)
class CorrectionParts:
    """What corrections need; preview_ms: how long an image is held in its new contract."""

    clock: Clock
    policy: PolicySet
    store: Store
    journal: Signing
    contracts: Contracts
    taker: ShotTaker
    entropy: Entropy
    preview_ms: int
    engine: OnEngine


def correction_parts(world: World, stages: Stages, choices: Choices, engine: OnEngine) -> CorrectionParts:
    """What corrections need of the tracker's own parts."""
    return CorrectionParts(
        clock=world.clock,
        policy=choices.policy,
        store=stages.store,
        journal=stages.journal,
        contracts=stages.contracts,
        taker=world.taker,
        entropy=world.entropy,
        preview_ms=choices.preview_ms,
        engine=engine,
    )


def blurred_copy(taker: ShotTaker, store: Store, image: ShotImage) -> ShotImage:
    """A blurred copy; its files are durable. Raises `KnownError`."""
    try:
        return taker.blur(store.image_folder, image)
    except ShotFailedError as error:
        raise KnownError(
            "The screenshot could not be blurred",
            f"{error}. It is as it was; try again, or remove it.",
            permanent=False,
        ) from error
