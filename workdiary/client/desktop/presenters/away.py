"""Time without input: what is asked about it, and what each answer is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from workdiary.client.desktop.presenters.shot import Priced
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import IdleView, Snapshot
from workdiary.rules.policy import MINUTE

ANSWERED = {
    "stop": "It counts no more.",
    "continue": "It counts no more.",
    "keep": "It is claimed as work.",
    "separate": "It is claimed as an entry of its own.",
}


NOTHING: Final = Priced("", "", "")
# What was answered can be undone until the week's lock; the window offers it while it is fresh.
FRESH_MS: Final = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class AwayPanel:
    """The panel of an absence; `id` None while there is none, `open` while it waits for an answer.

    returned: somebody is there to be asked.
    """

    id: str | None = None
    open: bool = False
    returned: bool = False
    heading: str = ""
    text: str = ""
    stop: Priced = NOTHING
    go_on: Priced = NOTHING
    keep: Priced = NOTHING
    separate: Priced = NOTHING


def away_panel(snapshot: Snapshot, voice: Voice) -> AwayPanel:
    """What the panel says now."""
    asked = snapshot.question
    if asked is None:
        return AwayPanel()
    if asked.answer is not None and snapshot.at_ms - (asked.until_ms or asked.since_ms) > FRESH_MS:
        return AwayPanel()
    if asked.answer is not None:
        return AwayPanel(asked.id, heading=_when(asked, voice), text=voice.say(ANSWERED[asked.answer]))
    kept = _price(asked, voice)
    return AwayPanel(
        asked.id,
        open=True,
        returned=asked.until_ms is not None,
        heading=_when(asked, voice),
        text=_consequence(asked, voice),
        stop=Priced(voice.say("Remove and stop"), "", voice.say("It stays removed; the session ends")),
        go_on=Priced(voice.say("Remove and continue"), "", voice.say("It stays removed; tracking goes on")),
        keep=Priced(voice.say("Keep"), kept, voice.say("Claim the time as work; say what it was")),
        separate=Priced(
            voice.say("Separate entry"), kept, voice.say("Claim the time as an entry with its own words")
        ),
    )


def _when(asked: IdleView, voice: Voice) -> str:
    since = voice.time(asked.since_ms)
    if asked.until_ms is None:
        return voice.say("Away since {since}", since=since)
    return voice.say(
        "You were away from {since} to {until} ({span})",
        since=since,
        until=voice.time(asked.until_ms),
        span=voice.span(asked.until_ms - asked.since_ms),
    )


def _consequence(asked: IdleView, voice: Voice) -> str:
    """Said before the person answers: what a claim bills, and what of it is manual time."""
    text = voice.say(
        "This time counts no more. If it was work, claiming it bills {span}.",
        span=voice.span(asked.billed_ms),
    )
    if not asked.manual_ms:
        return text
    rest = voice.span(asked.manual_ms)
    if asked.manual_allowed:
        return f"{text} {voice.say('{span} more are billed as manual time.', span=rest)}"
    return f"{text} {voice.say('{span} more are manual time, which this contract does not bill.', span=rest)}"


def _price(asked: IdleView, voice: Voice) -> str:
    """What keeping brings: money at a rate, else its length. Removing costs nothing: it counts no more."""
    if not asked.price or not asked.currency:
        return f"+{voice.span(asked.billed_ms)}"
    return f"+{voice.money(asked.price, asked.currency, asked.exponent)}"
