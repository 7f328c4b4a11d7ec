"""The notice before the first session: each datum, when and how, who sees it, how long it is kept.

Every field of a segment record belongs to exactly one row (a test compares the rows with evidence.records).
"""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import ContractView
from workdiary.rules.policy import DEMO, STANDARD

_RANDOM = "At random moments, at least one per {cell} of work"
_FIRST = "You see each one first, for {preview}, and can blur or remove it."
MODES = {
    "full": f"{_RANDOM}: all screens. {_FIRST}",
    "blurred": f"{_RANDOM}: all screens, blurred before anything is stored. {_FIRST}",
    "window": f"{_RANDOM}: the active window only. {_FIRST}",
    "activity": "None: this contract records activity only.",
    "none": "None: this contract takes no screenshots.",
}


@dataclass(frozen=True, slots=True)
class Datum:
    """One row: icon, what, when and how, and the record fields it stands for."""

    icon: str
    what: str
    how: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something to know about all of it: a question and its answer."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class ConsentView:
    """The whole page."""

    heading: str
    lead: str
    rows: tuple[Datum, ...]
    facts: tuple[Fact, ...]
    full: Fact
    agree: str
    decline: str


def consent_view(contract: ContractView, notice: str, *, demo: bool, voice: Voice) -> ConsentView:
    """The notice for one contract, as its capture mode makes it; `notice` is the text that is signed."""
    policy = DEMO if demo else STANDARD
    places = {"cell": voice.span(policy.cell_ms), "preview": voice.span(policy.preview_ms)}
    return ConsentView(
        heading=voice.say("What WorkDiary records for {contract}", contract=contract.name),
        lead=voice.say("Only while the timer runs. Nothing is captured while it is stopped or paused."),
        rows=_rows(contract.mode, places, voice),
        facts=_facts(voice),
        full=Fact(voice.say("The full notice, whose fingerprint your first record signs"), unwrapped(notice)),
        agree=voice.say("Agree and start"),
        decline=voice.say("Not now"),
    )


def unwrapped(text: str) -> str:
    """A text file's paragraphs and points without the line breaks inside them."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        begins = not lines or not lines[-1] or not line.strip() or line.startswith("- ")
        if begins or lines[-1] == lines[0]:
            lines.append(line.strip().replace("- ", "• ", 1) if line.startswith("- ") else line.strip())
        else:
            lines[-1] = f"{lines[-1]} {line.strip()}"
    return "\n".join(lines)


def _facts(voice: Voice) -> tuple[Fact, ...]:
    return (
        Fact(
            voice.say("Who sees it"),
            voice.say("You, and whoever you show the diary. It stays on this computer, in your home folder."),
        ),
        Fact(
            voice.say("How long it is kept"),
            voice.say("Until you remove it. Removing leaves a visible empty place, never a silent hole."),
        ),
        Fact(
            voice.say("If you say “Not now”"),
            voice.say("Nothing is recorded and nothing is lost. You are asked again at the next Start."),
        ),
        Fact(voice.say("To stop later"), voice.say("Press Stop. Time already recorded stays yours.")),
    )


def _rows(mode: str, places: dict[str, str], voice: Voice) -> tuple[Datum, ...]:
    return (
        Datum(
            "camera",
            voice.say("Screenshots"),
            voice.say(MODES.get(mode, MODES["full"]), **places),
            ("shots", "shot.k", "no_shot", "masked_pct", "hit"),
        ),
        Datum(
            "keys",
            voice.say("Counts"),
            voice.say("How many keys, clicks, scroll steps and pointer moves. Never which key, never text."),
            ("buckets", "act.k", "active_ms", "injected", "backend_counts"),
        ),
        Datum(
            "diary",
            voice.say("Window titles"),
            voice.say("Not recorded, and neither are application names, unless the contract's terms say so."),
            ("apps", "app.k"),
        ),
        Datum(
            "clock",
            voice.say("Time and memo"),
            voice.say("Start, end and reason of each piece of work, its memo and your time zone."),
            _TIME_FIELDS,
        ),
        Datum(
            "lock",
            voice.say("This device"),
            voice.say(
                "A key made here signs every record, which names its public half and this app's version."
            ),
            _DEVICE_FIELDS,
        ),
    )


_TIME_FIELDS = (
    *("session", "start", "end", "tracked", "mono0", "mono1", "open", "close"),
    *("clock_step", "clock_unsure", "recovered", "memo", "label", "zone", "at", "mono", "boot"),
)
_DEVICE_FIELDS = (
    *("v", "log", "ctr", "stream", "seq", "prev", "rid", "cp", "cp0", "terms", "skips", "_sd_alg", "_sd"),
    *("policy", "demo", "mode", "build"),
)
