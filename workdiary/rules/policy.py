"""The PolicySet: every number of product.md that time is measured by, as one versioned value.

A segment names the digest of the set it was recorded under, so a released set never changes: a new number
is a new `version`, and the old value stays in `KNOWN`. A rule that needs a number no released set has gets a
field that is `introduced` with the next version: sets from before neither write nor hash it.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any

from workdiary.evidence.canonical import JsonValue, dumps, loads_object
from workdiary.evidence.digest import sha256_b64u
from workdiary.evidence.errors import EvidenceError

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

BUCKETS_PER_CELL = 10
DEMO_FACTOR = 20


def introduced(version: int, before: Any) -> Any:  # Any: a field of any type
    """A field that sets have from `version` on; before: what the rules take for those without it."""
    return field(default=before, metadata={"since": version})


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """Durations in ms (`*_ms`), shares in thousandths (`*_milli`) or per cent (`*_pct`), levels 0..10."""

    name: str
    version: int
    demo: bool

    # the grid
    cell_ms: int
    bucket_ms: int
    row_cells: int

    # shots
    preview_ms: int
    preview_max_ms: int
    shot_duty_ms: int
    shots_per_cell_max: int
    further_shot_milli: int
    masked_pct: int
    evidence_window_ms: int
    evidence_max_cells: int
    evidence_of_cells: int

    # tracking
    checkpoint_ms: int
    clock_step_ms: int
    idle_ms: int
    idle_claim_extra_ms: int
    annotation_min_ms: int
    annotation_max_ms: int
    annotation_week_pct: int
    terms_grace_ms: int

    # activity
    activity_threshold: int
    activity_span_ms: int
    activity_least_ms: int

    # limit
    limit_warn_pct: tuple[int, ...]
    limit_raise_ms: int

    # the billing week, counted from its end (Monday 00:00 UTC) or from the stage before
    lock_ms: int
    review_ms: int
    hold_ms: int
    after_lock_ms: int
    image_pending_ms: int

    # disputes
    answer_ms: int
    decide_ms: int
    info_ms: int
    appeal_ms: int
    late_evidence_ms: int
    integrity_case_ms: int
    refund_ms: int

    # evidence and retention
    time_tolerance_ms: int
    live_ms: int
    late_ms: int
    unbounded_time: str
    image_retention_ms: int

    def __post_init__(self) -> None:
        if self.bucket_ms * BUCKETS_PER_CELL != self.cell_ms:
            raise ValueError("a bucket is a tenth of a cell")

    @property
    def row_ms(self) -> int:
        """A row of the day grid: six cells, one clock hour under the standard set."""
        return self.cell_ms * self.row_cells


STANDARD = PolicySet(
    name="standard",
    version=1,
    demo=False,
    cell_ms=10 * MINUTE,
    bucket_ms=MINUTE,
    row_cells=6,
    preview_ms=MINUTE,
    preview_max_ms=10 * MINUTE,
    shot_duty_ms=MINUTE,
    shots_per_cell_max=6,
    further_shot_milli=200,
    masked_pct=80,
    evidence_window_ms=30 * MINUTE,
    evidence_max_cells=2,
    evidence_of_cells=6,
    checkpoint_ms=10 * SECOND,
    clock_step_ms=2 * SECOND,
    idle_ms=10 * MINUTE,
    idle_claim_extra_ms=20 * MINUTE,
    annotation_min_ms=15 * MINUTE,
    annotation_max_ms=90 * MINUTE,
    annotation_week_pct=25,
    terms_grace_ms=12 * HOUR,
    activity_threshold=3,
    activity_span_ms=HOUR,
    activity_least_ms=20 * MINUTE,
    limit_warn_pct=(80, 95, 100),
    limit_raise_ms=12 * HOUR,
    lock_ms=12 * HOUR,
    review_ms=108 * HOUR,
    hold_ms=120 * HOUR,
    after_lock_ms=72 * HOUR,
    image_pending_ms=72 * HOUR,
    answer_ms=72 * HOUR,
    decide_ms=DAY,
    info_ms=DAY,
    appeal_ms=5 * DAY,
    late_evidence_ms=30 * DAY,
    integrity_case_ms=180 * DAY,
    refund_ms=180 * DAY,
    time_tolerance_ms=120 * SECOND,
    live_ms=HOUR,
    late_ms=DAY,
    unbounded_time="pass",
    image_retention_ms=180 * DAY,
)

# Real clocks drift no slower in a demo: what tolerates them is not scaled.
_CLOCK_TOLERANCES = ("clock_step_ms", "time_tolerance_ms")


def scaled(policy: PolicySet, factor: int) -> PolicySet:
    """The same set with every duration divided by `factor`, but what tolerates real clocks kept."""
    durations = {
        item.name: getattr(policy, item.name) // factor
        for item in fields(policy)
        if item.name.endswith("_ms") and item.name not in _CLOCK_TOLERANCES
    }
    return replace(policy, **durations)


DEMO = replace(scaled(STANDARD, DEMO_FACTOR), name="demo", demo=True, preview_ms=2 * SECOND)


def to_json(policy: PolicySet) -> dict[str, JsonValue]:
    """Every field its version has by its name, as the `policy` record and the pages print it."""
    values: dict[str, JsonValue] = {}
    for item in _fields_of(type(policy), policy.version):
        value = getattr(policy, item.name)
        values[item.name] = list(value) if isinstance(value, tuple) else value
    return values


def parse(data: bytes, form: type[PolicySet] = PolicySet) -> tuple[str, PolicySet | None]:
    """(digest, set) of a set's canonical JSON as a bundle holds it; None for what is no set of this form."""
    named = sha256_b64u(data)
    try:
        value = loads_object(data)
    except EvidenceError:
        return named, None
    version = value.get("version")
    known = _fields_of(form, version if isinstance(version, int) else 0)
    types = {item.name: str(item.type) for item in known}
    if value.keys() != types.keys() or not all(_fits(value[name], types[name]) for name in types):
        return named, None
    given: dict[str, Any] = {
        name: tuple(item) if isinstance(item, list) else item for name, item in value.items()
    }
    try:
        return named, form(**given)
    except ValueError:
        return named, None


def _fields_of(form: type[PolicySet], version: int) -> list[Field[Any]]:
    return [item for item in fields(form) if item.metadata.get("since", 1) <= version]


def _fits(value: JsonValue, wanted: str) -> bool:
    if wanted in {"str", "bool"}:
        return type(value).__name__ == wanted
    if wanted == "int":
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    return isinstance(value, list) and all(isinstance(item, int) for item in value)


def digest(policy: PolicySet) -> str:
    """What a segment's `policy` field holds: base64url SHA-256 over the set's canonical JSON."""
    return sha256_b64u(dumps(to_json(policy)))


KNOWN = MappingProxyType({digest(policy): policy for policy in (STANDARD, DEMO)})


def by_name(name: str) -> PolicySet:
    """The newest set of that name. Raises KeyError."""
    return {"standard": STANDARD, "demo": DEMO}[name]


def by_digest(value: str) -> PolicySet | None:
    """The set a record names, or None if this release does not know it."""
    return KNOWN.get(value)
