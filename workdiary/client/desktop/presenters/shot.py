"""The last shot: what is left of its preview, and what each answer costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workdiary.client.desktop.presenters.tone import Tone
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import ShotView, Snapshot
from workdiary.rules.policy import DEMO, STANDARD

Answer = Literal["keep", "blur", "remove-shot", "remove-time"]

DECIDED: dict[str, tuple[str, Tone]] = {
    "keep": ("Kept", "good"),
    "blur": ("Blurred", "good"),
    "remove-shot": ("Shot removed, time kept", "neutral"),
    "remove-time": ("Shot and time removed", "neutral"),
}
NO_SHOTS = {
    "activity": "This contract takes no screenshots: it records activity only.",
    "none": "This contract takes no screenshots.",
}


@dataclass(frozen=True, slots=True)
class Priced:
    """A button with its price at the end: the verb, and the consequence in numbers or one word."""

    text: str
    price: str
    described: str


@dataclass(frozen=True, slots=True)
class ShotPanel:
    """The panel of the last shot; `shot_id` None while there is none, `open` while it can be answered."""

    shot_id: str | None
    open: bool
    heading: str
    tone: Tone
    text: str
    taken: str = ""
    remove_shot: Priced = Priced("", "", "")
    remove_time: Priced = Priced("", "", "")
    hold_ms: int = 1
    has_picture: bool = False


def shot_panel(snapshot: Snapshot, now_ms: int, voice: Voice) -> ShotPanel:
    """What the panel says at `now_ms` (wall)."""
    shot = snapshot.shot
    if shot is None:
        mode = snapshot.contract.mode if snapshot.contract else "full"
        text = NO_SHOTS.get(mode) or "No shot yet. Each one is shown here first, and you decide."
        return ShotPanel(None, open=False, heading="", tone="neutral", text=voice.say(text))
    left = hold_left_ms(shot, now_ms)
    price = _price(snapshot, shot, voice)
    unprotected = voice.say("unprotected") if shot.unprotects else ""
    span = voice.span(shot.time_ms)
    word, tone = _verdict(shot)
    heading = seconds_left(left, voice) if left > 0 else voice.say(word)
    if shot.blur_failed:
        heading = voice.say("It could not be blurred. Keep it, or remove it?")
    return ShotPanel(
        shot_id=shot.shot_id,
        open=left > 0 or shot.blur_failed,
        heading=heading,
        tone="neutral" if left > 0 else tone,
        text=_after(shot, voice),
        taken=_taken(shot, voice),
        remove_shot=Priced(
            voice.say("Remove shot, keep time"),
            unprotected,
            voice.say("Remove the shot and keep its time, which is then unprotected")
            if shot.unprotects
            else voice.say("Remove the shot and keep its time"),
        ),
        remove_time=Priced(
            voice.say("Remove shot and time"),
            price,
            voice.say("Remove the shot and {span} of time, {price}", span=span, price=price),
        ),
        hold_ms=preview_ms(snapshot),
        has_picture=shot.choice not in ("remove-shot", "remove-time"),
    )


def hold_left_ms(shot: ShotView, now_ms: int) -> int:
    """How long the person can still answer; 0 when answered or over."""
    return 0 if shot.choice else max(0, shot.hold_until_ms - now_ms)


def seconds_left(left_ms: int, voice: Voice) -> str:
    """The countdown's words; a part of a second counts as one, so that 0 means over."""
    return voice.say("{s} s to decide, then kept", s=-(-left_ms // 1000))


def preview_ms(snapshot: Snapshot) -> int:
    """The length of a hold, for the bar: from the shot's own instants, at least the policy's preview."""
    policy = DEMO if snapshot.demo else STANDARD
    shot = snapshot.shot
    return max(1, policy.preview_ms if shot is None else max(shot.hold_until_ms - shot.at_ms, 1))


def _verdict(shot: ShotView) -> tuple[str, Tone]:
    return DECIDED[shot.choice or "keep"]


def _taken(shot: ShotView, voice: Voice) -> str:
    time = voice.time(shot.at_ms, seconds=True)
    screens = voice.count("%n screen", "%n screens", shot.images)
    return voice.say("{time} · {screens}", time=time, screens=screens)


def _after(shot: ShotView, voice: Voice) -> str:
    if shot.choice == "remove-shot":
        return voice.say("Nothing of the picture is kept. The record says that you removed it.")
    if shot.choice == "remove-time":
        return voice.say(
            "{span} of time removed. The record keeps an empty place.", span=voice.span(shot.time_ms)
        )
    if shot.choice == "blur":
        return voice.say("Only the blurred picture is kept and sent.")
    return voice.say("Stored encrypted and sent with its record. You can still redact it in the diary.")


def _price(snapshot: Snapshot, shot: ShotView, voice: Voice) -> str:
    """What the time costs: money at a rate, else its length."""
    contract = snapshot.contract
    if contract is None or not contract.rate:
        return "\u2212" + voice.span(shot.time_ms)
    return voice.money(-shot.time_price, contract.currency, contract.exponent)
