"""The report for a terminal: plain words first, then the table of axes, then all that is not best."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from workdiary.verify.report import Group, Report, hours, instant
from workdiary.verify.shown import safe

_MARKS = ("ok", "PART", "BROKEN")
_INDENT = "  "
_NARROW, _WIDE = 40, 100
# A hostile bundle can have thousands of different remarks; the page and the JSON have all of them.
_GROUPS_SHOWN = 60


def report_text(report: Report, width: int = 80) -> str:
    """The whole report, `width` columns wide (40 to 100), its texts made safe; ends in a newline."""
    width = max(_NARROW, min(width, _WIDE))
    lines: list[str] = []
    for line in _lines(report):
        lines += _wrapped(safe(line), width)
    return "\n".join(lines) + "\n"


def _wrapped(line: str, width: int) -> list[str]:
    lead = line[: len(line) - len(line.lstrip())]
    hang = lead + (_INDENT if line.lstrip().startswith(("+ ", "- ", "> ", "#")) else "")
    return textwrap.wrap(line, width, subsequent_indent=hang, break_on_hyphens=False) or [""]


def _lines(report: Report) -> Iterator[str]:
    yield from (f"{name}: {value}" for name, value in report.about)
    yield ""
    yield f"RESULT: {report.headline}"
    yield report.claim
    if report.proven:
        yield from ("", "What is proven")
        yield from (f"  + {sentence}" for sentence in report.proven)
    if report.unproven:
        yield from ("", "What is not, and why")
        yield from (f"  - {word}: {sentence}" for word, sentence in report.unproven)
    if report.todo:
        yield from ("", "What you can do")
        yield from (f"  > {sentence}" for sentence in report.todo)
    yield from ("", "Time that is weaker than the rest")
    yield f"  LATE, window over 24 h: {report.late.count} records, {hours(report.late.ms)}"
    yield f"  UNBOUNDED: {report.unbounded.count} records, {hours(report.unbounded.ms)}"
    yield from ("", "Axes (worst word; how many records have which)")
    for row in report.axes:
        counts = ", ".join(f"{word} {count}" for word, count in row.counts)
        yield f"  {_MARKS[row.level]:<6} {row.axis:<9} {row.word}  [{counts}]"
    yield from _groups(report)
    yield from ("", "What you trusted")
    yield from (f"  {name}: {value}" for name, value in report.trusted)


def _groups(report: Report) -> Iterator[str]:
    if not report.groups:
        return
    yield from ("", "Records that are not the best (log index; kind; when)")
    for group in report.groups[:_GROUPS_SHOWN]:
        yield f"  #{group.places}  {_MARKS[group.level]}, {group.kinds}{_when(group)}"
        yield from (f"    - {word}: {meaning}" for word, meaning in group.remarks)
        yield from (f"    > {note}" for note in group.notes)
    more = len(report.groups) - _GROUPS_SHOWN
    if more > 0:
        yield f"  … and {more} more kinds of remark: --html and --json have them all."


def _when(group: Group) -> str:
    if group.start is None:
        return ""
    same = group.end is None or group.end == group.start
    return f", {instant(group.start)}" + ("" if same else f" to {instant(group.end)}")
