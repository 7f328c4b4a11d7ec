"""Time without input: what is asked, what the answers do, and calls announced in advance (ADR 018).

Runs on the engine's thread. Records carry everything; what is kept here is which question is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.clock import Clock
from workdiary.client.sign.held import Annotation, IdleClaim, Span
from workdiary.client.tracker import questions
from workdiary.client.tracker.absence import Absence
from workdiary.client.tracker.events import AnnotationKind, IdleAnswer, IdleView
from workdiary.client.tracker.ledger import Ledger
from workdiary.client.tracker.machine import Event, Mode
from workdiary.client.tracker.ports import Signing, Store
from workdiary.client.tracker.questions import Question, Worth
from workdiary.client.tracker.terms import Agreement, Contracts, check_memo
from workdiary.client.tracker.timer import Timer
from workdiary.rules.deadlines import is_locked
from workdiary.rules.entries import Entry
from workdiary.rules.policy import DAY, MINUTE, STANDARD, PolicySet
from workdiary.rules.weeks import week_of

# What an annotation of a call may say, in characters: its record has room for more bytes than that.
TEXT_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class IdleParts:
    """What the desk needs. start(contract, memo, label): begin or go on; amended(): a record was added."""

    clock: Clock
    policy: PolicySet
    store: Store
    journal: Signing
    contracts: Contracts
    timer: Timer
    start: Callable[[str, str, str | None], None]
    amended: Callable[[], None]


class Questions:
    """Implements `events.IdleDesk` on the engine's thread."""

    def __init__(self, parts: IdleParts) -> None:
        self._parts = parts
        self.question: Question | None = None
        self._owed: list[tuple[str, tuple[Span, ...]]] = []

    def ask(self, absence: Absence) -> None:
        """Nobody was there: what was recorded of it counts no more. Raises `KnownError`, and is owed then."""
        self.question = Question.of(absence)
        self._owed.append((absence.start.contract, absence.spans))
        self.settle()

    def settle(self) -> None:
        """Make durable what could not be before. Raises `KnownError`."""
        while self._owed:
            contract, spans = self._owed[0]
            try:
                discard = self._parts.journal.discard(contract, spans, "idle")
            except KnownError as error:
                if error.exit_code is not ExitCode.NOT_FOUND:
                    raise
                discard = ""  # it was removed altogether: nothing is owed
            self._owed.pop(0)
            if self.question is not None and self.question.spans == spans:
                self.question = replace(self.question, discard=discard)

    def returned(self, absence: Absence) -> None:
        """It is known when an absence ended."""
        if self.question is not None and self.question.id == absence.id:
            self.question = replace(self.question, until_ms=absence.until_ms)

    def reopen(self) -> None:
        """After a start of the app: the newest question nobody has answered. Raises `KnownError`."""
        known = (questions.unanswered(name, entries) for name, entries in self._weeks())
        asked = [question for question in known if question is not None]
        self.question = max(asked, key=lambda question: question.closed_ms, default=None)
        for contract in self._parts.contracts.contracts():
            self._expect(contract.id)

    def answer(self, choice: IdleAnswer, memo: str | None = None) -> None:
        """See `events.IdleDesk`."""
        question = self.question
        if question is None or question.answer is not None:
            raise _nothing(
                "There is no question", "Nobody was missed, or it was answered; `away undo` asks again."
            )
        self.settle()
        if choice in {"keep", "separate"}:
            question = self._claim(self.question or question, choice, memo)
        self.question = replace(question, answer=choice)
        self._parts.amended()
        self._go(choice, question)

    def undo(self, span: str | None = None) -> None:
        """See `events.IdleDesk`."""
        question = self._answered(span)
        self._check_open(question)
        for claim in question.claims:
            try:
                self._parts.journal.undo_claim(question.contract, claim)
            except KnownError as error:
                if error.exit_code is not ExitCode.NOT_FOUND:
                    raise
                # it ended with the time it claimed, or with another claim on the same discard
        self.question = replace(question, answer=None, claims=())
        self._parts.amended()

    def announce(self, kind: AnnotationKind, minutes: int, text: str | None = None) -> None:
        """See `events.IdleDesk`; under another policy than the standard one a minute is as much shorter."""
        parts, work = self._parts, self._parts.timer.work
        if parts.timer.mode is not Mode.TRACKING or work is None:
            raise KnownError(
                "Nothing is being tracked",
                "Start first: a call is announced for the time that follows.",
                exit_code=ExitCode.REFUSED,
            )
        policy = parts.policy
        length = minutes * MINUTE * policy.cell_ms // STANDARD.cell_ms
        if not policy.annotation_min_ms <= length <= policy.annotation_max_ms:
            least, most = STANDARD.annotation_min_ms // MINUTE, STANDARD.annotation_max_ms // MINUTE
            raise KnownError(
                "This is too short or too long",
                f"A call or a reading can be announced for {least} to {most} minutes.",
                subject=f"{minutes} min",
                exit_code=ExitCode.USAGE,
            )
        said = None if text is None else check_memo(text)[:TEXT_MAX]
        now = parts.clock.wall_ms()
        parts.journal.annotate(work.contract, Annotation(kind, now, now + length, said))
        parts.timer.watch.announce(work.contract, parts.clock.total_ms() + length)
        parts.amended()

    def view(self, ledger: Ledger | None) -> IdleView | None:
        """The question as it is shown; one that was answered until its week is locked."""
        parts, question, now = self._parts, self.question, self._parts.clock.wall_ms()
        if question is None:
            return None
        if question.answer is not None and is_locked(question.since_ms, now, parts.policy):
            return None
        known = next((one for one in parts.contracts.contracts() if one.id == question.contract), None)
        if known is None:
            return None
        agreement = Agreement.of(known)
        terms = agreement.terms
        week = week_of(question.since_ms)
        mine = ledger is not None and ledger.contract == question.contract
        span, claimed, left = (week.start, week.end), 0, None
        if ledger is not None and mine:
            claimed = ledger.claimed_ms(span)
            limit_s = agreement.limit_s(week, parts.policy)
            if limit_s is not None and not question.claims:
                left = limit_s * 1_000 - ledger.used_ms(span)
        return questions.view(question, Worth(terms, parts.policy, claimed, left), now)

    def quiet_until_ms(self) -> int | None:
        """Until when (wall) no input is expected on the present contract, None if it is."""
        parts, work = self._parts, self._parts.timer.work
        until = None if work is None else parts.timer.watch.quiet_until(work.contract)
        left = 0 if until is None else until - parts.clock.total_ms()
        return parts.clock.wall_ms() + left if left > 0 else None

    def _expect(self, contract: str) -> None:
        """Calls announced before the app was started again still go on."""
        now, total = self._parts.clock.wall_ms(), self._parts.clock.total_ms()
        for entry in self._parts.store.entries(contract, now, now + 1, verdicts=False):
            start, end = entry.number("start"), entry.number("end")
            if entry.kind == "annotate" and start <= now < end:
                self._parts.timer.watch.announce(contract, total + end - now)

    def _claim(self, question: Question, choice: IdleAnswer, memo: str | None) -> Question:
        parts = self._parts
        self._check_open(question)
        text = check_memo(memo or "")
        if not question.discard:
            raise _nothing("This time is gone", "You removed it meanwhile.")
        spans = question.claimed(parts.clock.wall_ms())
        claim = IdleClaim("keep" if choice == "keep" else "separate", text)
        made = parts.journal.claim_idle(question.contract, question.discard, spans, claim)
        return replace(question, claims=(made,))

    def _check_open(self, question: Question) -> None:
        if is_locked(question.since_ms, self._parts.clock.wall_ms(), self._parts.policy):
            raise KnownError(
                "This week is locked",
                "What was removed stays removed, what was claimed stays claimed. Ask the client to grant the "
                "time as manual time.",
                subject=week_of(question.since_ms).iso,
                exit_code=ExitCode.REFUSED,
            )

    def _go(self, choice: IdleAnswer, question: Question) -> None:
        """What the answer says about the timer: only the session it is about is started or stopped."""
        timer = self._parts.timer
        mine = timer.session == question.session
        if choice == "stop":
            if mine:
                timer.fire(Event.STOP)
            return
        on = mine and timer.mode is Mode.IDLE
        if choice == "continue":
            on = (mine or timer.session is None) and timer.mode is not Mode.TRACKING
        work = timer.work if mine else None
        if on and work is not None:
            self._parts.start(work.contract, work.memo, work.label)
        elif on:
            self._parts.start(question.contract, question.memo, question.label)

    def _answered(self, span: str | None) -> Question:
        """The question to ask again: the one named, else the one shown, else the newest that is claimed."""
        shown = self.question
        if shown is not None and span in {None, shown.id} and shown.answer is not None:
            return shown
        known = [one for name, entries in self._weeks() for one in questions.found(name, entries)]
        if span is not None:
            known = [one for one in known if one.id == span]
        elif shown is not None:
            known = []
        if not known:
            raise _nothing("There is nothing to undo", "No time without input was removed or claimed there.")
        return max(known, key=lambda question: question.closed_ms)

    def _weeks(self) -> Iterable[tuple[str, list[Entry]]]:
        """Each contract's records of the weeks that can be corrected still."""
        now = self._parts.clock.wall_ms()
        start = week_of(now - self._parts.policy.lock_ms).start
        for contract in self._parts.contracts.contracts():
            yield contract.id, self._parts.store.entries(contract.id, start, now + DAY, verdicts=False)


def _nothing(title: str, message: str) -> KnownError:
    return KnownError(title, message, exit_code=ExitCode.NOT_FOUND)
