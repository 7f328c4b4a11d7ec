"""The words for kinds, gaps, shots and reasons: one place, every one through gettext."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What gettext_lazy returns is translated when it is printed; pages treat it as text.
Text = str | Promise


@dataclass(frozen=True, slots=True)
class Word:
    """A thing's short word, its icon, and one sentence on what it means."""

    word: Text
    icon: str
    meaning: Text


KINDS: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "tracked": Word(_("Tracked"), "tracked", _("Recorded by the app while it ran.")),
        "manual": Word(
            _("Manual"), "manual", _("Added by hand: signed by the person, no counts and no screenshots.")
        ),
        "moved": Word(_("Moved"), "moved", _("Tracked elsewhere first and moved here by its owner.")),
        "idle-claim": Word(
            _("Idle claim"),
            "coffee",
            _("Without input for a while; the person says it was work and says what."),
        ),
        "over-limit": Word(_("Over limit"), "over-limit", _("Past the weekly limit: recorded, not billed.")),
        "after-lock": Word(
            _("After lock"), "after-lock", _("Arrived after its week was locked; goes on the next invoice.")
        ),
        "disputed": Word(_("Disputed"), "disputed", _("Part of an open dispute.")),
    }
)

GAPS: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "pause": Word(_("Paused"), "pause", _("The person paused tracking.")),
        "idle": Word(_("Idle"), "idle", _("No input for longer than the threshold; not billed.")),
        "lock": Word(_("Screen locked"), "lock", _("The screen was locked.")),
        "suspend": Word(_("Computer asleep"), "suspend", _("The computer was suspended.")),
        "switch-user": Word(_("Other user"), "switch-user", _("Another user's session was in front.")),
        "shutdown": Word(_("Computer off"), "shutdown", _("The computer was shut down.")),
        "crash": Word(
            _("App ended unexpectedly"), "crash", _("Recording stopped at the last saved state before it.")
        ),
        "removed-by-owner": Word(
            _("Removed by owner"), "trash", _("The person removed this time; it is not billed.")
        ),
    }
)

# Records that a stream lacks, by the verdict of its chain; drawn like gaps, because nothing of it is billed.
HOLES: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "GAP": Word(
            _("Missing record"), "shield-half", _("A record of this time is not here; it is not billed.")
        ),
        "GAP(refused)": Word(
            _("Refused record"),
            "shield-half",
            _("The server refused the record of this time, and signed that; it is not billed."),
        ),
    }
)
BLANKS: Final[Mapping[str, Word]] = MappingProxyType({**GAPS, **HOLES})

NO_SHOT: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "mode": Word(_("not agreed"), "camera-off", _("The agreed capture mode takes none.")),
        "permission": Word(
            _("no permission"), "camera-off", _("The system did not allow a picture of the screen.")
        ),
        "unsupported": Word(
            _("not supported"), "camera-off", _("This computer's desktop offers no way to take one.")
        ),
        "locked": Word(_("screen locked"), "lock", _("The screen was locked when the picture was due.")),
        "suspend": Word(_("computer asleep"), "suspend", _("The computer slept when the picture was due.")),
        "shutdown": Word(_("computer off"), "shutdown", _("The computer was shutting down.")),
        "crash": Word(_("app ended"), "crash", _("The app ended before the picture was taken.")),
        "private-app": Word(
            _("private app"), "masked", _("A private application filled the screen; nothing was stored.")
        ),
        "blank-frame": Word(_("blank frame"), "camera-off", _("The system returned an empty picture.")),
        "removed-by-owner": Word(
            _("removed by owner"), "camera-off", _("Removed by its owner before it was signed.")
        ),
        "too-short": Word(
            _("too short"), "camera-off", _("Too little time in this cell to owe a screenshot.")
        ),
        "error": Word(_("it failed"), "warning", _("Taking the picture failed.")),
    }
)

SHOT_STATES: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "held": Word(_("In preview"), "held", _("Its owner can still blur or remove it; not signed yet.")),
        "kept": Word(_("Not sent yet"), "cloud-waiting", _("Signed, but still on its owner's computer.")),
        "sent": Word(_("Screenshot"), "camera", _("Received and equal to what was signed.")),
        "redacted": Word(
            _("Redacted"), "redacted", _("Removed later by its owner; the signed record stays whole.")
        ),
        "expired": Word(
            _("Expired"), "redacted", _("Removed because its retention ended; the signed record stays whole.")
        ),
        "missing": Word(_("Not arrived"), "missing", _("Signed, but the image has not arrived yet.")),
        "withheld": Word(
            _("Withheld"), "withheld", _("An image exists, but what describes it was not disclosed.")
        ),
    }
)

STATES: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "open": Word(_("Recording"), "record", _("Still being recorded; not signed yet.")),
        "held": Word(_("In preview"), "held", _("Held for its owner's preview; not signed yet.")),
        "signed": Word(_("Not sent yet"), "cloud-waiting", _("Signed, waiting to be sent.")),
        "sent": Word(_("Logged"), "cloud-ok", _("Signed and in the log, with a receipt.")),
        "quarantined": Word(
            _("Refused by the server"), "warning", _("The server could not accept it; kept, with the reason.")
        ),
    }
)

MODES: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "full": _("full screenshots"),
        "blurred": _("blurred screenshots"),
        "window": _("active window only"),
        "activity": _("activity without screenshots"),
        "none": _("time only"),
    }
)

ROLES: Final[Mapping[str, Text]] = MappingProxyType(
    {"freelancer": _("Freelancer"), "client": _("Client"), "support": _("Support")}
)

ROUNDING: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "exact": _("Billed to the second, rounded once per line."),
        "cell": _("Billed by cells: one counts whole if a drawn instant fell in tracked time."),
    }
)

COUNTS: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "keys": Word(_("Keys"), "keys", _("Key presses, never which key.")),
        "clicks": Word(_("Clicks"), "clicks", _("Mouse button presses.")),
        "scrolls": Word(_("Scroll"), "scrolls", _("Scroll steps.")),
        "moves": Word(_("Moves"), "moves", _("Pointer movements.")),
        "injected": Word(
            _("Injected"),
            "injected",
            _("Of all these, how many were made by software where the system tells."),
        ),
        "active_s": Word(_("Seconds"), "clock", _("Seconds with any input.")),
    }
)

OPENED: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "start": _("start"),
        "resume": _("resumed"),
        "moved": _("moved here"),
        "cell": _("cell began"),
        "memo": _("memo changed"),
        "label": _("label changed"),
        "terms": _("terms changed"),
        "backend": _("capture changed"),
        "clock-step": _("clock was set"),
    }
)

CLOSED: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "cell": _("cell ended"),
        "stop": _("stopped"),
        "pause": _("paused"),
        "memo": _("memo changed"),
        "label": _("label changed"),
        "terms": _("terms changed"),
        "backend": _("capture changed"),
        "lock": _("screen locked"),
        "suspend": _("computer slept"),
        "switch-user": _("user switched"),
        "shutdown": _("computer shut down"),
        "clock-step": _("clock was set"),
        "idle": _("idle"),
        "crash": _("ended unexpectedly, recovered"),
        "discarded": _("removed by owner"),
    }
)

CRITERIA: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "hourly": _("Hourly contract, active"),
        "identity": _("Identity verified"),
        "billing": _("Billing method verified"),
        "standing": _("Both in good standing"),
        "tracked": _("Recorded by the app"),
        "evidence": _("Screenshot as agreed"),
        "memo": _("Memo says what"),
        "activity": _("Activity above the threshold"),
        "limit": _("Within the weekly limit"),
        "integrity": _("Evidence intact"),
    }
)

RESULTS: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "pass": Word(_("met"), "check", _("The criterion is met.")),
        "fail": Word(_("not met"), "cross", _("The criterion is not met.")),
        "not-required": Word(_("not required here"), "minus", _("Not required in this installation.")),
        "not-assessed": Word(_("not assessed"), "minus", _("Nothing here to judge it by.")),
    }
)


def word_of(table: Mapping[str, Word], key: str) -> Word:
    """The word for a key; an unknown one (a newer record) is shown as it is, never hidden."""
    return table.get(key) or Word(key, "info", "")
