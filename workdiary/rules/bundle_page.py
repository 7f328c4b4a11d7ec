"""REPORT.html of a bundle: what its records say, for a reader without any tool, and no verdict on them.

A pure function of the bundle: who makes one and who checks one come to the same bytes, so that another page
in its place shows (FOREIGN-REPORT). Times are UTC, as no other zone is the same on every computer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from workdiary.evidence.bundle import Bundle
from workdiary.evidence.recovery import words
from workdiary.rules import bundle_day, bundle_words
from workdiary.rules.amendments import targeted_spans
from workdiary.rules.bundle_entries import bundle_entries
from workdiary.rules.bundle_html import STYLE, duration, instant, money, said, table, text
from workdiary.rules.diary import Diary
from workdiary.rules.entries import Entry, in_order
from workdiary.rules.projection import project
from workdiary.rules.terms import Terms
from workdiary.verify.judged import ReadRecord

_POLICY = "default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'; base-uri 'none'"
_NOTICE = (
    "This page shows what the records in this bundle say. It says nothing about whether they are true: "
    "anyone can write a page like this. To check them, run <code>workdiary verify</code> on the bundle, with "
    "a trust file that did not come with it (VERIFY.txt says how). What a check can prove is what was "
    "recorded, by which key, in which window of time, and that nothing has been changed or left out since; "
    "never that work was done."
)


@dataclass(frozen=True, slots=True)
class _Page:
    bundle: Bundle
    entries: Sequence[Entry]
    diary: Diary


def bundle_page(bundle: Bundle, read: Iterable[ReadRecord] = ()) -> str:
    """The page, one text for one bundle; `read`: as `bundle_entries` takes it."""
    entries = in_order(bundle_entries(bundle, read))
    images = frozenset(bundle.blob_names)
    page = _Page(bundle, entries, project(entries, stored=images))
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            f"<title>{text(_title(page))}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            *_head(page),
            *_who(page),
            *_terms(page),
            *_locks(page),
            *bundle_day.days(page.diary, _span(page), images),
            *_changes(page),
            *_files(page),
            "</body>\n</html>\n",
        ]
    )


def _span(page: _Page) -> tuple[int, int]:
    return page.bundle.manifest.span.start, page.bundle.manifest.span.end


def _title(page: _Page) -> str:
    start, end = _span(page)
    return f"Work diary, {instant(start)} to {instant(end)}"


def _head(page: _Page) -> Iterator[str]:
    manifest = page.bundle.manifest
    start, end = _span(page)
    yield f"<h1>Work diary</h1>\n<p>{text(instant(start))} to {text(instant(end))}</p>\n"
    if manifest.demo:
        yield "<p><strong>A demonstration: recorded under rules that no contract is paid by.</strong></p>\n"
    yield f'<p class="notice">{_NOTICE}</p>\n'
    sealed = "sealed by the operator" if manifest.seal else "open: no seal says where it ends"
    audience = bundle_words.ROLES.get(manifest.audience, manifest.audience)
    made = f"Made {instant(manifest.made)} for {audience}; {sealed}. "
    yield f'<p class="soft">{text(made)}All times are UTC; weeks begin on Monday 00:00 UTC.</p>\n'
    tracked, manual, claimed, pictures = bundle_day.sums(page.diary, _span(page))
    rows = [
        ["Recorded", duration(tracked)],
        ["Entered by hand", duration(manual)],
        ["Time without input, claimed as work", duration(claimed)],
        ["Images that stand for it", str(pictures)],
    ]
    yield "<h2>In short</h2>\n" + table(["What", "#How much"], rows)


def _who(page: _Page) -> Iterator[str]:
    yield "<h2>Who</h2>\n"
    parties: dict[tuple[str, str], None] = {}
    for entry in page.entries:
        named = entry.values.get("parties") if entry.kind == "terms" else None
        for party in named if isinstance(named, list) else []:
            if isinstance(party, dict):
                parties[str(party.get("role")), str(party.get("name"))] = None
    for role, name in parties:
        title = bundle_words.ROLES.get(role, role).capitalize()
        yield f"<p>{text(title)}: {said(name or 'no name given')}</p>\n"
    signers: dict[str, tuple[str, int]] = {}
    for entry in page.entries:
        role, count = signers.get(entry.kid, (entry.role, 0))
        signers[entry.kid] = (role, count + 1)
    rows = [
        [text(bundle_words.ROLES.get(role, role)), f"<code>{text(_fingerprint(kid))}</code>", str(count)]
        for kid, (role, count) in signers.items()
    ]
    yield "<p>Keys that signed these records, each with its fingerprint in words:</p>\n"
    yield table(["Signs as", "Fingerprint", "#Records"], rows)


def _fingerprint(kid: str) -> str:
    return " ".join(words(kid))


def _terms(page: _Page) -> Iterator[str]:
    terms = page.diary.terms
    yield "<h2>Terms agreed on</h2>\n"
    if not terms:
        yield "<p>The records here agree on none.</p>\n"
        return
    head = ["From", "Kind", "Rate an hour", "Weekly limit", "Images", "Rounding", "By hand"]
    yield table(head, (_terms_row(version) for version in terms))


def _terms_row(terms: Terms) -> list[str]:
    rate = "not disclosed" if terms.rate is None else money(terms.rate, terms.currency, terms.exponent)
    cells = (
        instant(terms.from_ms),
        f"{terms.kind}, {terms.status}",
        rate,
        "none" if terms.limit_s is None else duration(terms.limit_s * 1_000),
        f"{terms.mode}, {terms.shots} in ten minutes",
        "to the millisecond" if terms.rounding == "exact" else "by whole ten minutes",
        "allowed" if terms.manual else "not allowed",
    )
    return [text(cell) for cell in cells]


def _locks(page: _Page) -> Iterator[str]:
    locks = page.diary.locks.all
    if not locks:
        return
    yield "<h2>What the operator stated for each week</h2>\n"
    for lock in locks:
        terms = page.diary.terms_at(lock.span[0]) or Terms()
        yield f"<h3>Week {text(lock.entry.text('week'))}, locked {text(instant(lock.at))}</h3>\n"
        rows = [_line(item, terms) for item in lock.entry.objects("lines")]
        yield table(["Line", "#Time", "#Seconds", "#Amount"], rows) if rows else "<p>No time.</p>\n"
        if lock.excluded:
            elsewhere = sum(end - start for start, end in lock.excluded)
            yield f"<p>Left out, because it counts elsewhere: {text(duration(elsewhere))}.</p>\n"


def _line(item: Mapping[str, object], terms: Terms) -> list[str]:
    kind, ms, seconds, amount = (item.get(name) for name in ("kind", "ms", "seconds", "amount"))
    return [
        text(bundle_words.LINES.get(str(kind), kind)),
        text(duration(_number(ms))),
        text(_number(seconds)),
        text(money(_number(amount), terms.currency, terms.exponent)),
    ]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _changes(page: _Page) -> Iterator[str]:
    """Everything that is no recorded time: what was changed, agreed, looked at, sealed."""
    others = [entry for entry in page.entries if entry.kind not in {"segment", "open"}]
    yield "<h2>Everything else that was signed</h2>\n"
    if not others:
        yield "<p>Nothing.</p>\n"
        return
    noted = _noted(page.diary)
    times = {entry.id: entry for entry in page.entries if entry.kind in {"segment", "manual"}}
    rows = [
        [
            text(entry.index),
            text(instant(entry.number("at"))),
            text(bundle_words.ROLES.get(entry.role, entry.role)),
            bundle_words.what(entry)
            + text(_about(entry, times) + noted.get(entry.rid, noted.get(entry.id or "", ""))),
        ]
        for entry in others
    ]
    yield table(["#Log index", "Signed", "By", "What"], rows)


def _about(entry: Entry, times: Mapping[str | None, Entry]) -> str:
    """Which time a record speaks of, where that is here."""
    spoken = [entry.text("tgt"), *(target for target, _ in targeted_spans(entry))]
    starts = sorted(times[target].number("start") for target in spoken if target in times)
    more = f" and {len(starts) - 1} more" if len(starts) > 1 else ""
    return f" (About the time from {instant(starts[0])}{more}.)" if starts else ""


def _noted(diary: Diary) -> dict[str, str]:
    """What keeps a record from counting, by rid or id."""
    notes = dict.fromkeys(diary.late, " It came after the lock and changes no time.")
    notes |= dict.fromkeys(diary.unauthorised, " Whoever signed it may not say this; it does not count.")
    return notes | dict.fromkeys(diary.dangling, " It speaks of a record that is not in this bundle.")


def _files(page: _Page) -> Iterator[str]:
    manifest = page.bundle.manifest
    yield "<h2>For whoever checks</h2>\n"
    rows = [
        ["Contract", f"<code>{text(manifest.contract)}</code>"],
        ["Log", f"<code>{text(manifest.origin)}</code>"],
        ["Log indexes", text(f"from {manifest.from_size} up to, not including, {manifest.to_size}")],
        ["Records of this contract", str(len(page.entries))],
        ["All records", str(len(page.bundle.records))],
        ["Images", str(len(list(page.bundle.blob_names)))],
    ]
    yield table(["What", "Value"], rows)
