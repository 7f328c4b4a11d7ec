"""Own-time kinds: what a freelancer's device records, and what is later said about it."""

from __future__ import annotations

from workdiary.evidence.fields import (
    COUNT,
    DIGEST,
    DURATION,
    ID,
    INSTANT,
    Bytes,
    Choice,
    FieldType,
    Flag,
    Int,
    Many,
    Nullable,
    Pattern,
    Struct,
    Text,
)
from workdiary.evidence.kinds.base import (
    CHECKPOINT,
    DISCLOSURES_CAP,
    LABEL_CAP,
    MEMO_CAP,
    MODES,
    NAME_CAP,
    TARGET_SPAN,
    TEXT_CAP,
    Counted,
    Instant,
    Kind,
    Role,
)

# Seven instants a cell (six by contract and a closing one) of six monitors each.
SHOTS_CAP = 42
# A segment lies inside one cell of ten buckets.
BUCKETS_CAP = 10
# What is left of DISCLOSURES_CAP, rounded down: one change of application every nine seconds.
APPS_CAP = 64
TITLE_CAP = 500
# Spans of one amendment, within JWS_CAP; whoever removes more than that signs several.
SPANS_CAP = 64
PIXELS_CAP = 65_535

OPEN_REASONS = ("start", "resume", "moved", "cell", "memo", "label", "terms", "backend", "clock-step")
CLOSE_REASONS = (
    "cell", "stop", "pause", "memo", "label", "terms", "backend", "lock", "suspend", "switch-user",
    "shutdown", "clock-step", "idle", "crash", "discarded",
)  # fmt: skip
NO_SHOT_REASONS = (
    "mode", "permission", "unsupported", "locked", "suspend", "shutdown", "crash", "private-app",
    "blank-frame", "removed-by-owner", "too-short", "error",
)  # fmt: skip

OWN_TIME: tuple[Role, ...] = ("freelancer", "agency")

MEMO = Nullable(Text(MEMO_CAP))
LABEL = Nullable(Text(LABEL_CAP, 1))
ZONE = Nullable(Pattern("IANA time zone", "[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*", 64))
_WORD = Text(NAME_CAP)
BUILD = Nullable(Struct({"version": _WORD, "commit": _WORD, "os": _WORD, "backend": _WORD}))
_PIXELS = Int(0, PIXELS_CAP, "pixels")
_PLACE = Int(-PIXELS_CAP, PIXELS_CAP, "pixels")
DISPLAY = Struct(
    {
        "x": _PLACE,
        "y": _PLACE,
        "w": _PIXELS,
        "h": _PIXELS,
        "scale_milli": Int(1, 100_000, "thousandths"),
        "rot": Int(0, 359, "degrees"),
    }
)
SHOT = Struct(
    {
        "sha256": Pattern("SHA-256 of the plain image, lower-case hex", "[0-9a-f]{64}", 64),
        "bytes": COUNT,
        "type": Choice(("image/avif", "image/webp", "image/jpeg")),
        "width": _PIXELS,
        "height": _PIXELS,
        "display": DISPLAY,
        "role": Choice(("screen", "window", "closing")),
        "at": INSTANT,
        "edit": Choice(("none", "masked", "blurred")),
    }
)
ACTIVITY = Struct(
    {
        "start": INSTANT,
        "len": DURATION,
        "keys": COUNT,
        "clicks": COUNT,
        "scrolls": COUNT,
        "moves": COUNT,
        "active_s": Int(unit="s"),
        "injected": COUNT,
    }
)
APP = Struct({"start": INSTANT, "app": Text(NAME_CAP), "title": Nullable(Text(TITLE_CAP))})

_SEGMENT: dict[str, FieldType] = {
    "session": Bytes(16, "session id"),
    "start": INSTANT,
    "end": INSTANT,
    "tracked": DURATION,
    "cp0": Nullable(CHECKPOINT),
    "mono0": DURATION,
    "mono1": DURATION,
    "policy": DIGEST,
    "demo": Flag(),
    "mode": Choice(MODES),
    "backend_counts": Choice(("full", "active-only", "none")),
    "open": Choice(OPEN_REASONS),
    "close": Choice(CLOSE_REASONS),
    "clock_step": Flag(),
    "clock_unsure": Flag(),
    "recovered": Flag(),
    "shots": Int(0, SHOTS_CAP),
    "apps": Int(0, APPS_CAP),
    "buckets": Int(0, BUCKETS_CAP),
    "no_shot": Nullable(Choice(NO_SHOT_REASONS)),
    "masked_pct": Int(0, 100, "per cent"),
    "hit": Flag(),
    "active_ms": Nullable(DURATION),
    "injected": Nullable(COUNT),
}

_NOTE: dict[str, FieldType] = {"memo": MEMO, "label": LABEL}
_SPANS = Many(TARGET_SPAN, SPANS_CAP, 1)


def _own(
    name: str,
    what: str,
    clear: dict[str, FieldType],
    slots: dict[str, FieldType] | None = None,
    *,
    instant: Instant = "at",
) -> Kind:
    return Kind(name, what, clear, OWN_TIME, slots or {}, party=True, instant=instant)


TIME_KINDS = (
    Kind(
        "segment",
        "the part of one session inside one cell with one memo and one label",
        _SEGMENT,
        OWN_TIME,
        slots={**_NOTE, "zone": ZONE, "build": BUILD},
        counted={
            "shot": Counted("shots", SHOT),
            "act": Counted("buckets", ACTIVITY),
            "app": Counted("apps", APP),
        },
        instant="start",
    ),
    _own("memo", "a new memo for an earlier record; the last one wins", {"tgt": ID}, _NOTE),
    _own(
        "redact",
        "what is shown no more: disclosures, their keys and images are destroyed",
        {
            "tgt": ID,
            "digests": Many(DIGEST, DISCLOSURES_CAP, 1),
            "scope": Choice(("shots", "memo", "apps", "several")),
            "why": Choice(("owner", "private", "third-party", "erasure")),
        },
    ),
    _own(
        "replace",
        "another image in place of one disclosed before",
        {"tgt": ID, "digest": DIGEST, "how": Choice(("blurred", "masked"))},
        {"shot.0": Nullable(SHOT)},
    ),
    _own(
        "discard",
        "time that counts no more; a tombstone stays",
        {"spans": _SPANS, "why": Choice(("owner", "idle"))},
    ),
    _own(
        "idle-claim",
        "an idle span claimed as work after all",
        {"tgt": ID, "spans": _SPANS, "choice": Choice(("keep", "separate"))},
        {"memo": MEMO},
    ),
    _own(
        "manual",
        "time entered by hand",
        {"start": INSTANT, "end": INSTANT, "tracked": DURATION, "replaces": Nullable(ID)},
        _NOTE,
        instant="start",
    ),
    _own(
        "annotate",
        "what was done without input, said in advance or later",
        {"type": Choice(("call", "reading", "meeting", "other")), "start": INSTANT, "end": INSTANT},
        {"text": Nullable(Text(TEXT_CAP))},
        instant="start",
    ),
    _own(
        "clock-place",
        "places clock-unsure segments of this `boot`: server time when `mono` was read",
        {"server_time": INSTANT},
    ),
)
