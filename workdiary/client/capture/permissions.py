"""What a desktop does not give, in words for the person, and the one step that would change it.

Said before the first session and by `doctor`; a missing capability is a sentence, never a zero.
"""

from __future__ import annotations

from collections.abc import Iterable

from workdiary.client.capture.port import NO_BACKEND, Backends, Refusal

NO_SHOTS = (
    "This desktop does not let apps capture the screen. "
    "Time is recorded without screenshots and shown to the client as such."
)
ACTIVE_ONLY = "Your desktop reports only whether you were active, not key or click counts."
NO_COUNTS = "Your desktop reports neither key or click counts nor whether you were active."
NO_INJECTED = "Input made by other programs is counted as if it were yours: this backend cannot tell."
NO_IDLE = "Your desktop does not tell when you are away: stop the timer when you leave."
NO_TITLE = "Window title not available on this desktop."
NO_MASKS = (
    "Private windows cannot be masked on this desktop, so no picture of the whole screen is taken. "
    "Agree on the capture mode “window” or “activity” with your client."
)
NO_LIST = (
    "This desktop does not tell which windows are open. The capture mode “activity” records time and counts "
    "and needs neither pictures nor windows."
)
NO_SESSION = "Lock and sleep are not announced on this desktop: they are noticed only by the clock."
STEP_X11 = 'Choose the "Xorg" or "X11" session when you log in.'
STEP_DISPLAY = "Start WorkDiary inside your desktop session."


def step(refused: Iterable[Refusal]) -> str:
    """The one step that would enable what these refusals deny; "" if there is none we know of."""
    reasons = " ".join(refusal.reason for refusal in refused)
    if "Wayland" in reasons:
        return STEP_X11
    if "DISPLAY" in reasons or "no X server" in reasons:
        return STEP_DISPLAY
    return ""


def _input(backends: Backends) -> str:
    if backends.input.backend.counts == "active-only":
        return ACTIVE_ONLY
    if backends.input.backend.counts == "none":
        return NO_COUNTS
    return NO_INJECTED if backends.input.name == "pynput" else ""


def windows_note(backends: Backends) -> str:
    """What follows where private windows cannot be found, and what is left to agree on; "" if they can."""
    if backends.windows != NO_BACKEND:
        return ""
    return NO_LIST if backends.shot == NO_BACKEND else NO_MASKS


def notes(backends: Backends) -> dict[str, str]:
    """One sentence or two per capability (the fields of `Backends`), "" where all is well."""
    said = {
        "shot": (NO_SHOTS if backends.shot == NO_BACKEND else "", backends.shot_refused),
        "input": (_input(backends), backends.input.refused),
        "idle": (NO_IDLE if backends.idle.name == NO_BACKEND else "", backends.idle.refused),
        "window": (NO_TITLE if backends.window.name == NO_BACKEND else "", backends.window.refused),
        "windows": (windows_note(backends), backends.windows_refused),
        "session": (NO_SESSION if backends.session.name == NO_BACKEND else "", backends.session.refused),
    }
    return {
        capability: f"{sentence} {step(refused)}".strip() if sentence else ""
        for capability, (sentence, refused) in said.items()
    }
