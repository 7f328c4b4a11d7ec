"""What must not stay unsaid: a weaker key store, limits of the capture, the demo policy; and errors."""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.client.desktop.presenters.status import UNTRACKED
from workdiary.client.desktop.presenters.tone import Tone
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.events import LimitView, Snapshot
from workdiary.rules.policy import MINUTE

FULL = 100  # per cent
_IN_A_FILE = (
    "This computer offers no keyring, so the signing key lies in a file that only your account can read. "
    "Records say so. A keyring (GNOME Keyring, KWallet) would be stronger."
)
WEAK_KEYS = {"SOFTWARE-FILE": ("Key kept in a file", _IN_A_FILE)}
LIMITS = {
    "shot": "Screenshots are limited",
    "input": "Input counts are limited",
    "idle": "Idle time is limited",
    "window": "Window title not available",
    "session": "Lock and sleep are not noticed",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to know: icon, tone, a short title and what it means."""

    icon: str
    tone: Tone
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ErrorView:
    """The bar for an error: what is wrong, what to do, what it concerns."""

    title: str
    message: str
    subject: str = ""
    exit_code: int = int(ExitCode.BUG)
    tone: Tone = "bad"


def notices(snapshot: Snapshot, voice: Voice, told: tuple[str, ...] = ()) -> tuple[Notice, ...]:
    """Everything worth saying now, the weightiest first; `told`: what opening the home had to tell."""
    found = []
    if snapshot.outbox.quarantined:
        found.append(_quarantined(snapshot.outbox.quarantined, voice))
    if snapshot.reason and snapshot.state not in UNTRACKED:
        found.append(_in_words("warning", snapshot.reason))
    if snapshot.limit is not None:
        found.append(_limit(snapshot.limit, voice))
    if snapshot.key_class in WEAK_KEYS:
        title, text = WEAK_KEYS[snapshot.key_class]
        found.append(Notice("lock", "warn", voice.say(title), voice.say(text)))
    # The weaker key store has its own notice, at every start and not only at the first.
    found += [_in_words("info", words) for words in told if not any(weak in words for weak in WEAK_KEYS)]
    for backend in snapshot.backends:
        if backend.note:
            icon = "camera-off" if backend.capability == "shot" else "info"
            limit = voice.say(LIMITS.get(backend.capability, "Limited on this desktop"))
            found.append(Notice(icon, "warn", limit, backend.note))
    found += [_in_words("info", words) for words in snapshot.hints]
    if snapshot.demo:
        text = "Cells last 30 seconds. Every record is marked; only this computer's own server takes it."
        found.append(Notice("info", "info", voice.say("Demo policy"), voice.say(text)))
    return tuple(found)


def summary(found: tuple[Notice, ...], voice: Voice) -> str:
    """One line for all of them: the first by name, the rest by number."""
    if not found:
        return ""
    if len(found) == 1:
        return found[0].title
    more = voice.count("%n more", "%n more", len(found) - 1)
    return voice.say("{title} and {more}", title=found[0].title, more=more)


def error_view(error: BaseException, voice: Voice) -> ErrorView:
    """An error as the bar shows it; one that nobody foresaw is called a bug, with the place of the log."""
    if isinstance(error, KnownError):
        return ErrorView(error.title, error.message, error.subject, int(error.exit_code))
    return ErrorView(
        voice.say("Something went wrong inside WorkDiary"),
        voice.say("This is a bug. What was recorded is safe. `workdiary doctor` shows where the log is."),
        type(error).__name__,
    )


def _in_words(icon: str, words: str) -> Notice:
    """What the client says in sentences: the first one is the title."""
    title, _, rest = words.partition(". ")
    return Notice(icon, "warn", title if rest else title.rstrip("."), rest)


def _limit(limit: LimitView, voice: Voice) -> Notice:
    left = voice.span(max(0, limit.limit_s * 1000 - limit.used_ms) // MINUTE * MINUTE)
    if limit.over:
        title = voice.say("Over the week's limit")
        text = "What is tracked now is neither billed nor protected unless the client raises the limit."
        return Notice("warning", "bad", title, voice.say(text))
    if limit.mark >= FULL:
        text = "The client allows no more this week. Past it time is neither billed nor protected."
        return Notice("warning", "bad", voice.say("The week's limit is reached"), voice.say(text))
    title = voice.say("{mark} % of the week's limit is used", mark=limit.mark)
    return Notice("warning", "warn", title, voice.say("{left} are left; then tracking stops.", left=left))


def _quarantined(n: int, voice: Voice) -> Notice:
    title = voice.count("%n record set aside", "%n records set aside", n)
    text = "The server does not take them. Nothing is lost: `workdiary outbox list` says why."
    return Notice("warning", "bad", title, voice.say(text))
