"""State and sync as icon, word and tone; the title that window, taskbar and tray share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workdiary.client.desktop.presenters.tone import Tone
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import OutboxView, Snapshot, State, Sync

APP = "WorkDiary"
NBSP = "\u00a0"
UNTRACKED = ("blocked", "idle", "paused")  # states whose reason is why nothing is tracked
RUNNING = ("tracking", "paused", "idle")  # states in which a session is open
STATES: dict[State, tuple[str, Tone]] = {
    "stopped": ("Stopped", "neutral"),
    "tracking": ("Tracking", "good"),
    "paused": ("Paused", "info"),
    "idle": ("Idle", "warn"),
    "blocked": ("Blocked", "bad"),
}
SYNCS: dict[Sync, tuple[str, Tone]] = {
    "ok": ("OK", "good"),
    "waiting": ("Waiting", "info"),
    "offline": ("Offline", "warn"),
    "sign-in": ("Sign in", "warn"),
    "halted": ("Halted", "bad"),
}
# What the tracker names by a code; anything else it says in words itself.
REASONS = {
    "disk-full": "The disk is full. Free some space, then start again.",
    "quota": "The space for unsent records is used up. Free some space or get online, then start again.",
    "permission": "A permission was withdrawn. See the notices, then start again.",
    "lock": "The session was locked. Start again when you are back.",
    "suspend": "The computer was asleep. Start again when you are back.",
    "switch-user": "Another user was active. Start again when you are back.",
    "idle": "No input for a while. The time since the last input is not billed.",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """An icon (by the name the tokens give the code), a word and a tone; `detail` is the rest of the line."""

    group: Literal["states", "sync"]
    code: str
    word: str
    tone: Tone
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StatusView:
    """The line at the foot of the window; `reason` explains a state that needs somebody."""

    state: Mark
    sync: Mark
    reason: str = ""
    flags: tuple[str, ...] = ()


def status_view(snapshot: Snapshot, voice: Voice) -> StatusView:
    """What the foot of the window says now."""
    word, tone = STATES[snapshot.state]
    return StatusView(
        state=Mark("states", snapshot.state, voice.say(word), tone),
        sync=sync_mark(snapshot, voice),
        reason=reason_text(snapshot, voice),
        flags=tuple(_flag(flag, voice) for flag in snapshot.flags),
    )


def sync_mark(snapshot: Snapshot, voice: Voice) -> Mark:
    """Where the records are: never instead of the state, always beside it."""
    word, tone = SYNCS[snapshot.sync]
    outbox = snapshot.outbox
    shown = voice.say(word)
    if snapshot.sync == "waiting" and outbox.waiting:
        shown = voice.count("%n waiting", "%n waiting", outbox.waiting)
    return Mark("sync", snapshot.sync, shown, tone, _sync_detail(snapshot.sync, outbox, voice))


def _sync_detail(sync: Sync, outbox: OutboxView, voice: Voice) -> str:
    parts = []
    if sync in ("offline", "sign-in", "halted"):
        kept = [
            voice.count("%n record", "%n records", outbox.waiting),
            voice.count("%n image", "%n images", outbox.images),
        ]
        told = [text for text, n in zip(kept, (outbox.waiting, outbox.images), strict=True) if n]
        parts.append(
            voice.say("{what} safe here", what=", ".join(told)) if told else voice.say("nothing waits")
        )
    if outbox.oldest_ms is not None and outbox.waiting:
        parts.append(voice.say("oldest {time}", time=voice.time(outbox.oldest_ms)))
    if outbox.last_receipt_ms is not None:
        parts.append(voice.say("last receipt {time}", time=voice.time(outbox.last_receipt_ms, seconds=True)))
    elif not parts:
        parts.append(voice.say("nothing sent yet"))
    if outbox.quarantined:
        parts.append(voice.count("%n set aside", "%n set aside", outbox.quarantined))
    # a part stays on one line; the line breaks between parts
    return " · ".join(part.replace(" ", NBSP) for part in parts)


def reason_text(snapshot: Snapshot, voice: Voice) -> str:
    """Why it is not tracking, in words; "" when there is nothing to explain."""
    if snapshot.state not in UNTRACKED:
        return ""
    known = REASONS.get(snapshot.reason)
    if known is not None:
        return voice.say(known)
    return snapshot.reason or (voice.say(REASONS["idle"]) if snapshot.state == "idle" else "")


def _flag(flag: str, voice: Voice) -> str:
    words = {
        "after-lock": "After-lock time",
        "update": "Update available",
        "no-root": "No recovery code yet",
        "new-log": "The server began a new log",
        "witnesses": "The server names other witnesses",
        "terms-left-out": "The server leaves out terms",
        "resumed": "This home was restored or copied",
    }
    return voice.say(words[flag]) if flag in words else flag


def title(snapshot: Snapshot | None, voice: Voice) -> str:
    """The title where nothing ticks (tray, hidden or minimised window): "Tracking – demo – WorkDiary"."""
    if snapshot is None:
        return APP
    name = snapshot.contract.name if snapshot.contract else ""
    return " – ".join(part for part in (voice.say(STATES[snapshot.state][0]), name, APP) if part)


def ticking_title(snapshot: Snapshot, session: str, quiet: str) -> str:
    """The window's title: "1:32:50 Tracking – demo – WorkDiary"; quiet: see `title`."""
    runs = snapshot.state == "tracking" or (snapshot.state in RUNNING and snapshot.session_ms > 0)
    return f"{session} {quiet}" if runs else quiet
