"""The wiring of the parts that carry the tracker's commands out."""

from __future__ import annotations

from collections.abc import Callable

from workdiary.client.tracker.blurs import HoldParts
from workdiary.client.tracker.camera import Camera, CameraParts
from workdiary.client.tracker.holds import Holds
from workdiary.client.tracker.limits import Limits
from workdiary.client.tracker.news import News
from workdiary.client.tracker.outgoing import Outgoing, OutgoingParts
from workdiary.client.tracker.recorder import Recorder, Recording
from workdiary.client.tracker.terms import Agreement
from workdiary.client.tracker.timer import Timer
from workdiary.client.tracker.timing import TimerParts
from workdiary.client.tracker.view import Shown
from workdiary.client.tracker.work import Job
from workdiary.client.tracker.world import Choices, Stages, World

Post = Callable[[Job], None]


def assemble(world: World, stages: Stages, choices: Choices, post: Post) -> tuple[News, Shown]:
    """Build the parts and tell them of one another; no I/O."""
    news = News(world, stages, choices)
    outgoing = _outgoing(world, stages, news, choices, post)
    holds = _holds(world, stages, news, post)
    camera = Camera(_camera_parts(world, stages, choices, post), news)
    recorder = Recorder(
        Recording(
            world.clock,
            choices.policy,
            world.backends,
            stages.store,
            world.zone,
            world.entropy,
            choices.private,
        )
    )
    limits = Limits(choices.policy)
    timer = Timer(
        TimerParts(
            clock=world.clock,
            policy=choices.policy,
            recorder=recorder,
            camera=camera,
            holds=holds,
            news=news,
            limits=limits,
            entropy=world.entropy,
            terms=lambda contract: Agreement.of(stages.contracts.contract(contract)).terms,
            resume_alone=choices.resume_alone,
        )
    )
    shown = Shown(
        world.clock, choices.policy, timer, recorder, camera, holds, outgoing, world.backends, limits
    )
    return news, shown


def _outgoing(world: World, stages: Stages, news: News, choices: Choices, post: Post) -> Outgoing:
    return Outgoing(
        OutgoingParts(
            clock=world.clock,
            policy=choices.policy,
            journal=stages.journal,
            uploader=stages.uploader,
            outbox=stages.outbox,
            alarms=stages.alarms,
            signer=stages.signer,
            sender=stages.sender,
            post=post,
            changed=news.publish,
            trouble=news.trouble,
        )
    )


def _holds(world: World, stages: Stages, news: News, post: Post) -> Holds:
    return Holds(
        HoldParts(
            clock=world.clock,
            store=stages.store,
            taker=world.taker,
            alarms=stages.alarms,
            worker=stages.camera,
            post=post,
            over=news.sign,
            changed=news.publish,
            trouble=news.trouble,
        )
    )


def _camera_parts(world: World, stages: Stages, choices: Choices, post: Post) -> CameraParts:
    return CameraParts(
        clock=world.clock,
        policy=choices.policy,
        store=stages.store,
        taker=world.taker,
        alarms=stages.alarms,
        worker=stages.camera,
        post=post,
        entropy=world.entropy,
        random_int=world.random_int,
        preview_ms=choices.preview_ms,
        private=choices.private,
    )
