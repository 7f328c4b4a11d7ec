"""Memo, contract, Start and Stop, pause, and the three totals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from workdiary.client.desktop.presenters.tone import Tone
from workdiary.client.desktop.presenters.voice import Voice, clock, hours
from workdiary.client.tracker.events import ContractView, Snapshot
from workdiary.rules.memo import memo_verdict
from workdiary.rules.policy import STANDARD

FULL = 100  # per cent of the week's limit
# The reason codes of rules.memo, as the person reads them while it can still be fixed.
MEMO_FAULTS = {
    "empty": "Say what you are working on before you start.",
    "too-short": "Too short for the memo rule: use three words or more.",
    "stop-list": "Too general for the memo rule: say what it is about.",
    "too-long": "Too long: shorten it a little.",
}


@dataclass(frozen=True, slots=True)
class Hint:
    """A line under the memo field: icon name, tone and text."""

    icon: str
    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A contract in the chooser."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Primary:
    """The big button: what it does, its word and whether it shows the running clock."""

    action: str  # start, resume, over-limit, stop
    word: str
    icon: str
    described: str
    shortcut: str = "Ctrl+Return"


@dataclass(frozen=True, slots=True)
class SessionView:
    """The top of the window. `second` is the button beside the diary's: pause, or stop while paused."""

    primary: Primary
    second: Primary
    second_enabled: bool
    choices: tuple[Choice, ...]
    chosen: str
    may_choose: bool
    memo: str


@dataclass(frozen=True, slots=True)
class Total:
    """What stands around one of the three figures: label, money ("" if none) and the tone of the label."""

    label: str
    money: str = ""
    tone: Tone = "neutral"


@dataclass(frozen=True, slots=True)
class TotalsView:
    """Session, today, week; `share_milli` of the limit or None without one; `marks` in per cent."""

    session: Total
    today: Total
    week: Total
    share_milli: int | None = None
    share_text: str = ""
    marks: tuple[int, ...] = STANDARD.limit_warn_pct[:-1]


@dataclass(frozen=True, slots=True)
class Figures:
    """The three figures themselves: what runs."""

    session: str
    today: str
    week: str


def memo_hint(text: str, voice: Voice, *, current: str, tracking: bool) -> Hint:
    """What to say under the memo field while it is typed.

    current: the memo the tracker uses; while it tracks, another text waits for Enter.
    """
    if not text.strip():
        return Hint("info", "neutral", voice.say(MEMO_FAULTS["empty"]))
    verdict = memo_verdict(text, None)
    if not verdict.ok:
        fault = MEMO_FAULTS.get(verdict.reason_code, "Does not meet the memo rule yet.")
        return Hint("warning", "warn", voice.say(fault))
    if tracking and text.strip() != current.strip():
        return Hint("info", "info", voice.say("Not used yet: press Enter to use it from now on."))
    words = len(text.split())
    if words > 1:
        return Hint(
            "check",
            "good",
            voice.count("%n word: meets the memo rule", "%n words: meets the memo rule", words),
        )
    return Hint("check", "good", voice.say("Meets the memo rule"))


def contract_text(contract: ContractView, voice: Voice) -> str:
    """A contract as the chooser shows it: name, and the rate if there is one."""
    if not contract.rate:
        return contract.name
    rate = voice.money(contract.rate, contract.currency, contract.exponent)
    return voice.say("{name} · {rate}/h", name=contract.name, rate=rate)


def session_view(snapshot: Snapshot, voice: Voice) -> SessionView:
    """The top of the window for this state."""
    running = snapshot.state == "tracking"
    full = snapshot.limit is not None and snapshot.limit.mark >= FULL and not snapshot.limit.over
    begun = snapshot.state in ("paused", "idle")
    stop = Primary("stop", voice.say("Stop"), "stop", voice.say("End the session"))
    if running:
        primary = stop
        second = Primary(
            "pause", voice.say("Pause"), "pause", voice.say("Pause the clock and all capture"), "Ctrl+P"
        )
    elif full:
        primary = Primary(
            "over-limit",
            voice.say("Go over limit"),
            "over-limit",
            voice.say("Track past the week's limit: neither billed nor protected"),
        )
        second = Primary("stop", voice.say("Stop"), "stop", voice.say("End the session"), "Ctrl+P")
    elif begun:
        primary = Primary("resume", voice.say("Resume"), "play", voice.say("Go on with the session"))
        second = Primary("stop", voice.say("Stop"), "stop", voice.say("End the session"), "Ctrl+P")
    else:
        primary = Primary("start", voice.say("Start"), "play", voice.say("Start the clock and the capture"))
        second = Primary(
            "pause", voice.say("Pause"), "pause", voice.say("Pause the clock and all capture"), "Ctrl+P"
        )
    chosen = snapshot.contract.id if snapshot.contract else ""
    return SessionView(
        primary=primary,
        second=second,
        second_enabled=running or begun,
        choices=tuple(Choice(c.id, contract_text(c, voice)) for c in snapshot.contracts),
        chosen=chosen or (snapshot.contracts[0].id if snapshot.contracts else ""),
        may_choose=not (running or begun) and len(snapshot.contracts) > 0,
        memo=snapshot.memo,
    )


def totals_view(snapshot: Snapshot, voice: Voice) -> TotalsView:
    """What stands around the figures."""
    share = week_share(snapshot)
    label = voice.say("Week {n}", n=datetime.fromtimestamp(snapshot.at_ms / 1000, UTC).isocalendar().week)
    text = ""
    if share is not None and snapshot.week_limit_s:
        limit = _limit(snapshot.week_limit_s, voice)
        text = voice.say("{percent} % of {limit}", percent=share // 10, limit=limit)
        label = voice.say("{week}, {share}", week=label, share=text)
    return TotalsView(
        session=Total(voice.say("Session")),
        today=Total(voice.say("Today"), _amount(snapshot, snapshot.today_amount, voice)),
        week=Total(label, _amount(snapshot, snapshot.week_amount, voice), _limit_tone(share)),
        share_milli=share,
        share_text=text,
    )


def figures(snapshot: Snapshot, elapsed_ms: int) -> Figures:
    """The figures, carried on by `elapsed_ms` since the snapshot while it tracks."""
    since = elapsed_ms if snapshot.state == "tracking" else 0
    return Figures(
        clock(snapshot.session_ms + since), clock(snapshot.today_ms + since), hours(snapshot.week_ms + since)
    )


def week_share(snapshot: Snapshot) -> int | None:
    """Thousandths of the weekly limit used; None without a limit."""
    if not snapshot.week_limit_s:
        return None
    return snapshot.week_ms // snapshot.week_limit_s


def _limit(seconds: int, voice: Voice) -> str:
    minutes = seconds // 60
    if minutes % 60:
        return voice.say("{h} h {m} min", h=minutes // 60, m=f"{minutes % 60:02}")
    return voice.say("{h} h", h=minutes // 60)


def _amount(snapshot: Snapshot, minor: int, voice: Voice) -> str:
    contract = snapshot.contract
    if contract is None or not contract.rate:
        return ""
    return voice.money(minor, contract.currency, contract.exponent)


def _limit_tone(share_milli: int | None) -> Tone:
    """How the week's label looks: marked from the first warning of the policy on."""
    first, *_, last = STANDARD.limit_warn_pct
    if share_milli is None or share_milli < first * 10:
        return "neutral"
    return "bad" if share_milli >= last * 10 else "warn"
