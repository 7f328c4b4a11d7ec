"""What records say, in words for a reader of a bundle who knows nothing of the format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from workdiary.rules.bundle_html import duration, instant, said, text
from workdiary.rules.entries import Entry, whole

ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "root": "the account's root",
        "freelancer": "the freelancer",
        "agency": "the agency",
        "client": "the client",
        "staff": "support",
        "operator": "the operator of the server",
    }
)
GAPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pause": "paused",
        "idle": "no input; not counted",
        "lock": "screen locked",
        "suspend": "computer asleep",
        "switch-user": "another user at the computer",
        "shutdown": "computer off",
        "crash": "the program ended without warning",
        "removed-by-owner": "removed by its owner",
    }
)
SEGMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tracked": "recorded",
        "moved": "recorded, moved here",
        "manual": "entered by hand",
        "idle-claim": "time without input, claimed as work",
    }
)
LINES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tracked": "Recorded time",
        "manual": "Time entered by hand",
        "idle-claim": "Time without input, claimed as work",
        "over-limit": "Over the weekly limit, not billed",
        "after-lock": "Time of earlier weeks that arrived after their lock",
        "over-limit-paid": "Over the limit of earlier weeks, accepted by the client",
    }
)
SHOTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "redacted": "removed by its owner",
        "expired": "removed because its retention ended",
        "missing": "not in this bundle",
        "held": "not in this bundle",
        "kept": "not in this bundle",
        "sent": "not in this bundle",
    }
)
NO_SHOT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "mode": "none, as agreed",
        "permission": "the system did not permit it",
        "unsupported": "the system offers no way",
        "locked": "the screen was locked",
        "suspend": "the computer slept",
        "shutdown": "the computer was shutting down",
        "crash": "the program ended before it was taken",
        "private-app": "a private application was in front",
        "blank-frame": "the system gave an empty picture",
        "removed-by-owner": "removed by its owner before signing",
        "too-short": "too little time to owe one",
        "error": "taking it failed",
    }
)
_VERDICTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "after-lock": "time that arrived after the lock",
        "annotation": "an annotation",
        "over-limit": "time over the limit",
        "manual-grant": "time entered by hand",
    }
)


def what(entry: Entry) -> str:
    """One record in a sentence, as HTML."""
    telling = _TELLING.get(entry.kind)
    return telling(entry) if telling is not None else text(f"A record of the kind “{entry.kind}”.")


def _segment(entry: Entry) -> str:
    return text(f"Recorded time from {_span(entry)}.")


def _manual(entry: Entry) -> str:
    return text(f"Entered by hand: {_span(entry)}.")


def _memo(entry: Entry) -> str:
    memo, label = entry.values.get("memo"), entry.values.get("label")
    told = f": {said(memo)}" if isinstance(memo, str) else ""
    return f"A new memo{told}{f' ({said(label)})' if isinstance(label, str) else ''}."


def _redact(entry: Entry) -> str:
    count = len(entry.items("digests"))
    return text(f"Removed for good: {count} {'item' if count == 1 else 'items'} ({entry.text('scope')}).")


def _discard(entry: Entry) -> str:
    lost = sum(max(whole(i.get("end")) - whole(i.get("start")), 0) for i in entry.objects("spans"))
    why = "nobody touched the computer" if entry.text("why") == "idle" else "taken back by its owner"
    return text(f"Time that counts no more ({why}): {duration(lost)}.")


def _annotate(entry: Entry) -> str:
    note = entry.values.get("text")
    told = f": {said(note)}" if isinstance(note, str) else ""
    about = entry.text("type")
    return f"{text(f'A note ({about}) on {_span(entry)}')}{told}."


def _terms(entry: Entry) -> str:
    verb = "Accepts the other side's" if entry.text("accepts") else "States"
    return text(f"{verb} terms, version {entry.number('rev')}, from {instant(entry.number('from'))}.")


def _consent(entry: Entry) -> str:
    given = "was given" if entry.flag("given") else "is no longer agreed to"
    return text(f"The notice about what is recorded {given}.")


def _verdict(entry: Entry) -> str:
    about = _VERDICTS.get(entry.text("about") or "", "something")
    return text(f"The client {'accepts' if entry.flag('accept') else 'declines'} {about}.")


def _lock(entry: Entry) -> str:
    return text(f"The week {entry.text('week')} was locked: what it comes to is stated above.")


def _access(entry: Entry) -> str:
    role = ROLES.get(entry.text("role") or "", "somebody")
    return text(f"Looked at or exported by {role}: {entry.text('what')}.")


def _seal(entry: Entry) -> str:
    return text(f"Sealed: how far every stream of records had come, at log size {entry.number('size')}.")


def _refund(entry: Entry) -> str:
    return text(f"Given back for {entry.text('week')}: {duration(entry.number('ms'))}.")


def _plain(sentence: str) -> Callable[[Entry], str]:
    return lambda _entry: text(sentence)


def _span(entry: Entry) -> str:
    return f"{instant(entry.number('start'))} to {instant(entry.number('end'))}"


_TELLING: Final[Mapping[str, Callable[[Entry], str]]] = MappingProxyType(
    {
        "segment": _segment,
        "manual": _manual,
        "memo": _memo,
        "redact": _redact,
        "discard": _discard,
        "annotate": _annotate,
        "terms": _terms,
        "client-verdict": _verdict,
        "lock": _lock,
        "access": _access,
        "seal": _seal,
        "refund": _refund,
        "open": _plain("A key began to sign for this contract."),
        "consent": _consent,
        "replace": _plain("An image was replaced by one that shows less."),
        "idle-claim": _plain("Time without input was claimed as work after all."),
        "clock-place": _plain("The computer's clock had been wrong; this says by how much."),
        "policy": _plain("The set of rules in force was named."),
        "expire": _plain("Images or texts were removed because their retention ended."),
        "erase": _plain("Records were erased; only their places are left."),
        "approve": _plain("The client gave its verdict on a week."),
        "dispute": _plain("Hours were disputed."),
        "answer": _plain("A dispute was answered."),
        "withdraw": _plain("A dispute was withdrawn."),
        "appeal": _plain("A side appealed against a decision."),
        "decision": _plain("A dispute was decided."),
        "refusal": _plain("A record was refused."),
    }
)
