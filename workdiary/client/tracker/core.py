"""The commands on the engine's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from workdiary.client.capture.port import SessionEventKind
from workdiary.client.errors import KnownError
from workdiary.client.segment.model import HoldChoice, ShotSet
from workdiary.client.segment.segmenter import Work
from workdiary.client.tracker.agreeing import Agreeing, AgreeingParts
from workdiary.client.tracker.assembly import Post, assemble
from workdiary.client.tracker.correcting import OnEngine, correction_parts
from workdiary.client.tracker.corrections import Corrector
from workdiary.client.tracker.idle import IdleParts, Questions
from workdiary.client.tracker.machine import Event, Mode
from workdiary.client.tracker.midnight import Midnight
from workdiary.client.tracker.outgoing import Outgoing
from workdiary.client.tracker.recovery import recover
from workdiary.client.tracker.terms import Agreement, check_active, check_label, check_memo, choose
from workdiary.client.tracker.timer import Timer
from workdiary.client.tracker.work import Job
from workdiary.client.tracker.world import Choices, Stages, World
from workdiary.rules.weeks import bucket_start


class Core:
    """The tracker's commands. Every method runs on the engine's thread and may raise `KnownError`."""

    def __init__(self, world: World, stages: Stages, choices: Choices, post: Post) -> None:
        self._clock = world.clock
        self._world = world
        self._stages = stages
        self._choices = choices
        self._bucket = 0
        self._warned = False  # the notice shown is about the disk
        self.news, self._parts = assemble(world, stages, choices, post)
        self.idle = Questions(
            IdleParts(
                clock=world.clock,
                policy=choices.policy,
                store=stages.store,
                journal=stages.journal,
                contracts=stages.contracts,
                timer=self._parts.timer,
                start=self.start,
                amended=self._amended,
            )
        )
        self.news.attach(self._parts, self.idle)

        self._agreeing = Agreeing(
            AgreeingParts(world.clock, stages.contracts, stages.alarms, self._parts.timer, post, self.learn)
        )
        self._parts.outgoing.learned = self.learn
        self.news.told = Midnight(world.clock, stages.alarms, post, self.learn).watch

    @property
    def timer(self) -> Timer:
        """The state."""
        return self._parts.timer

    @property
    def outgoing(self) -> Outgoing:
        """Signing and sending."""
        return self._parts.outgoing

    @property
    def taking(self) -> bool:
        """Whether a shot is being taken or blurred, or a segment waits for one."""
        return self._parts.camera.busy or self._parts.holds.blurring

    @property
    def settled(self) -> bool:
        """Whether nothing is being taken, blurred or signed, and no hold is open."""
        return not (self.taking or self._parts.holds.open or self._parts.outgoing.signing)

    def open(self) -> None:
        """Close what a crash left open, end its holds as keep, read what is shown."""
        recover(self._stages.store)
        self._parts.holds.resume_blurs()
        self.outgoing.refresh()
        self.idle.reopen()
        self.learn()
        self.outgoing.sign(force=True)

    def learn(self) -> None:
        """Enrolment or terms have changed."""
        self.news.learn()
        try:
            self._agreeing.follow()
        finally:
            self.news.publish()

    def start(
        self, contract: str | None, memo: str | None, label: str | None, *, over_limit: bool = False
    ) -> None:
        """Begin, go on, or change what is worked on; None keeps what was last used."""
        present, contracts = self.timer.work, self._stages.contracts
        agreement = choose(contracts, contract, None if present is None else present.contract)
        text = check_memo(present.memo if present is not None and memo is None else memo or "")
        self._stages.journal.ensure_stream(agreement.id, self._choices.policy)
        self.outgoing.send_waiting()
        agreement = choose(contracts, agreement.id, None)
        check_active(agreement, self._clock.likely_ms())
        chosen = check_label(agreement, label, _kept_label(agreement, present, memo))
        self.news.check_limit(agreement, over_limit=over_limit)
        self._parts.camera.settle()
        self.timer.wake()
        terms = agreement.terms
        work = Work(
            contract=agreement.id,
            memo=text,
            label=chosen,
            mode=terms.mode,
            assistive=terms.assistive,
        )
        self._work_on(work)

    def set_memo(self, memo: str, label: str | None) -> None:
        """From now on work on this."""
        text, present = check_memo(memo), self.timer.work
        if present is None:
            agreement = choose(self._stages.contracts, None, None)
            present = Work(agreement.id, "", None, agreement.terms.mode, agreement.terms.assistive)
            kept = None
        else:
            agreement = choose(self._stages.contracts, present.contract, None)
            kept = _kept_label(agreement, present, memo)
        self._change(replace(present, memo=text, label=check_label(agreement, label, kept)))

    def fire(self, event: Event) -> None:
        """A command without arguments."""
        try:
            self.timer.fire(event)
        finally:
            self.news.publish()

    def decide(self, shot_id: str, choice: HoldChoice) -> None:
        """Answer a hold; removing the time of the open segment cuts it first."""
        parts, rid = self._parts, self._parts.holds.rid_of(shot_id)
        segment = parts.recorder.segment
        if choice == "remove-time" and segment is not None and segment.start.rid == rid:
            self.timer.fire(Event.DISCARD)
        parts.holds.choose(shot_id, choice)
        if choice == "remove-time" and rid is not None:
            parts.camera.plan.removed(rid)
            if self.news.around.ledger is not None:
                self.news.around.ledger.forget(rid, "removed-by-owner")
        self.news.publish()

    def corrector(self, run: Callable[[Job], None]) -> Corrector:
        """Corrections of what was recorded; run: does a job on the engine's thread and waits for it."""
        engine = OnEngine(
            decide=lambda shot_id, choice: run(partial(self.decide, shot_id, choice)),
            cut=lambda rids: run(partial(self._cut, rids)),
            amended=lambda shots: run(partial(self._amended, shots)),
        )
        return Corrector(correction_parts(self._world, self._stages, self._choices, engine))

    def hear(self, kind: SessionEventKind) -> None:
        """News of the desktop session."""
        self._stages.alarms.wake()
        try:
            self.timer.hear(kind)
        finally:
            self.news.publish()

    def tick(self, busy_ms: int) -> None:
        """Once a second while tracking; told further only when something to be seen has changed."""
        before = (self.timer.mode, self._parts.recorder.note)
        try:
            try:
                if self.timer.tick(busy_ms):
                    self._watch_disk()
            finally:
                self.idle.settle()
        except KnownError as error:
            self.news.trouble(error)
        marked = self._parts.limits.marked(self._clock.total_ms())
        bucket = bucket_start(self._clock.wall_ms(), self._choices.policy)
        if marked or bucket != self._bucket or before != (self.timer.mode, self._parts.recorder.note):
            self._bucket = bucket
            self.news.publish()

    def keep_all(self) -> None:
        """Quit: every hold ends as keep, unless the person chose; what had no room is tried once more."""
        try:
            self._parts.camera.settle()
        except KnownError as error:
            self.news.trouble(error)
        self._parts.holds.end_all()
        self.idle.settle()
        self.outgoing.sign(force=True)

    def _work_on(self, work: Work) -> None:
        """Make `work` the present one, by the event that the table knows for it."""
        present = self.timer.work
        if self.timer.mode is Mode.TRACKING and present is not None and present.contract == work.contract:
            self._change(work)
            return
        other = present is not None and present.contract != work.contract
        self.timer.work = work
        self.news.learn(work.contract)
        self.fire(Event.SWITCH if other else Event.START)

    def _change(self, work: Work) -> None:
        present, self.timer.work = self.timer.work, work
        if present is not None and present.memo == work.memo and present.label == work.label:
            self.news.publish()
            return
        same_memo = present is not None and present.memo == work.memo
        self.fire(Event.LABEL if same_memo else Event.MEMO)

    def _cut(self, rids: frozenset[str]) -> None:
        """If the open segment is one of these it ends here, and tracking goes on in a new one."""
        segment = self._parts.recorder.segment
        if segment is not None and segment.start.rid in rids:
            self.fire(Event.DISCARD)

    def _amended(self, shots: Sequence[ShotSet] = ()) -> None:
        """Records were amended; shots: came into another contract, their holds begin now."""
        for shot in shots:
            self._parts.holds.add(shot)
        self._parts.holds.refresh()
        self.news.read_ledger()
        self.outgoing.refresh()
        self.news.sign()
        self.outgoing.poke()
        self.news.publish()

    def _watch_disk(self) -> None:
        """Room on disk: early words, and a visible stop when it is used up."""
        health = self._stages.store.health()
        if health.full:
            self.timer.fire(Event.FULL)
            self.timer.reason = health.reason
        if health.warn or self._warned:
            self._warned = health.warn > 0
            self.news.around = replace(self.news.around, notice=health.reason if health.warn else "")


def _kept_label(agreement: Agreement, present: Work | None, memo: str | None) -> str | None:
    """The label that goes on: with the memo, and where the contract wants one with every memo of it."""
    if present is None:
        return None
    same = present.contract == agreement.id and agreement.terms.labels == "required"
    return present.label if memo is None or same else None
