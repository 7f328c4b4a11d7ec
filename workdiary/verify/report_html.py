"""The report as one HTML page: no script, no address outside it, readable in light, dark and narrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from workdiary.verify.report import AxisRow, Group, Report, hours, instant
from workdiary.verify.shown import safe

_LEVELS = ("holds", "in part", "broken")
_CLASSES = ("good", "part", "bad")
# Two sets of colours, each with a contrast of at least 4.5 : 1 on its ground (WCAG 2.2, 1.4.3).
_STYLE = """
:root{color-scheme:light dark;--ground:#fbfaf8;--card:#fff;--text:#1d1b18;--soft:#5d574f;--line:#ddd7ce;
--good:#1b6b3a;--part:#8a5200;--bad:#a3192b}
@media (prefers-color-scheme:dark){:root{--ground:#181614;--card:#211f1c;--text:#ece7e0;--soft:#b0a89d;
--line:#3a3631;--good:#74cf98;--part:#f0b45c;--bad:#ff8b93}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.55 system-ui,sans-serif}
main{max-width:58rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem;line-height:1.3;margin:0 0 .5rem}
h2{font-size:1.1rem;margin:2rem 0 .6rem}
section.result{border:1px solid var(--line);border-left:.5rem solid var(--mark);background:var(--card);
border-radius:.5rem;padding:1rem 1.25rem}
.good{--mark:var(--good)}.part{--mark:var(--part)}.bad{--mark:var(--bad)}
.level{color:var(--mark);font-weight:650}
p{margin:.5rem 0}.soft{color:var(--soft)}
dl{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.15rem 1rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
ul{margin:.3rem 0;padding-left:1.3rem}li{margin:.3rem 0}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:.5rem;background:var(--card)}
table{border-collapse:collapse;width:100%;min-width:34rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .75rem;border-bottom:1px solid var(--line)}
tr:last-child td{border-bottom:0}th{color:var(--soft);font-weight:600;font-size:.9rem}
code{font:.92em ui-monospace,monospace;overflow-wrap:anywhere}
article{border:1px solid var(--line);border-left:.3rem solid var(--mark);background:var(--card);
border-radius:.5rem;padding:.75rem 1rem;margin:.6rem 0}
article h3{font-size:1rem;margin:0 0 .25rem;overflow-wrap:anywhere}
@media (max-width:40rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}}
@media print{body{background:#fff}.scroll,article{break-inside:avoid}}
"""
_HEAD = (
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    '<meta name="referrer" content="no-referrer">\n<title>Work diary, checked</title>\n'
)


def report_html(report: Report) -> str:
    """The page; every text that came from outside is escaped and made safe."""
    parts = [
        f"{_HEAD}<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n",
        *_result(report),
        *_list("What is proven", report.proven),
        *_pairs("What is not, and why", report.unproven),
        *_list("What you can do", report.todo),
        *_weaker(report),
        *_axes(report.axes),
        *_groups(report.groups),
        *_about("What you trusted", report.trusted),
        "</main>\n</body>\n</html>\n",
    ]
    return "".join(parts)


def _shown(text: str) -> str:
    return escape(safe(text))


def _result(report: Report) -> Iterator[str]:
    yield f'<section class="result {_CLASSES[report.exit]}">\n<h1>{_shown(report.headline)}</h1>\n'
    yield f'<p><span class="level">Result: {_LEVELS[report.exit]}</span></p>\n<p>{_shown(report.claim)}</p>\n'
    yield "</section>\n"
    yield from _about("What was checked", report.about)


def _about(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"<h2>{title}</h2>\n<dl>\n"
    yield from (f"<dt>{_shown(name)}</dt><dd>{_shown(value)}</dd>\n" for name, value in rows)
    yield "</dl>\n"


def _list(title: str, sentences: Iterable[str]) -> Iterator[str]:
    items = [f"<li>{_shown(sentence)}</li>\n" for sentence in sentences]
    if items:
        yield from (f"<h2>{title}</h2>\n<ul>\n", *items, "</ul>\n")


def _pairs(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    items = [f"<li><b>{_shown(word)}</b>: {_shown(sentence)}</li>\n" for word, sentence in rows]
    if items:
        yield from (f"<h2>{title}</h2>\n<ul>\n", *items, "</ul>\n")


def _weaker(report: Report) -> Iterator[str]:
    yield "<h2>Time that is weaker than the rest</h2>\n<dl>\n"
    for name, total in (("LATE, window over 24 h", report.late), ("UNBOUNDED", report.unbounded)):
        yield f"<dt>{name}</dt><dd>{total.count} records, {hours(total.ms)}</dd>\n"
    yield "</dl>\n"


def _axes(rows: Iterable[AxisRow]) -> Iterator[str]:
    yield '<h2>Axis by axis</h2>\n<div class="scroll"><table>\n<thead><tr><th>Question</th><th>Worst</th>'
    yield "<th>What that means</th><th>Records</th></tr></thead>\n<tbody>\n"
    for row in rows:
        counts = ", ".join(f"{word} {count}" for word, count in row.counts)
        yield f'<tr class="{_CLASSES[row.level]}"><td>{_shown(row.question)}<br><code>{row.axis}</code></td>'
        yield f'<td><span class="level">{_shown(row.word)}</span><br><span class="soft">{_LEVELS[row.level]}'
        yield f"</span></td><td>{_shown(row.meaning)}</td><td>{_shown(counts)}</td></tr>\n"
    yield "</tbody></table></div>\n"


def _groups(groups: Iterable[Group]) -> Iterator[str]:
    shown = [part for group in groups for part in _group(group)]
    if shown:
        yield "<h2>Records that are not the best</h2>\n"
        yield from shown


def _group(group: Group) -> Iterator[str]:
    yield f'<article class="{_CLASSES[group.level]}"><h3>#{_shown(group.places)} · {_shown(group.kinds)}'
    yield f' <span class="soft">({group.count})</span></h3>\n'
    if group.start is not None:
        until = "" if group.end in {None, group.start} else f" to {instant(group.end)}"
        yield f'<p class="soft">{instant(group.start)}{until}</p>\n'
    yield "<ul>\n"
    yield from (f"<li><b>{_shown(word)}</b>: {_shown(meaning)}</li>\n" for word, meaning in group.remarks)
    yield from (f"<li>{_shown(note)}</li>\n" for note in group.notes)
    yield "</ul></article>\n"
