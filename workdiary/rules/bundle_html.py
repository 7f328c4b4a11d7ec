"""How the report of a bundle is written: escaped text, times, sizes, and its one style sheet.

The page has no script and asks no other host for anything; whatever a person wrote stands in `<bdi>`, so that
no text can turn the words around it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Final

from workdiary.evidence.times import TIME_MAX_MS, iso_utc
from workdiary.rules.money import decimal

_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_SECOND: Final = 1_000

STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d5dae0; --paper: #ffffff;
  --card: #f6f8fa; --bar: #2f6fb2; --gap: #8a6d1b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #a5adb8; --line: #3b434d;
  --paper: #14181d; --card: #1d232a; --bar: #6ea8e0; --gap: #d8b55a; } }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --line: #bbb; --paper: #fff;
  --card: #fff; --bar: #2f6fb2; --gap: #6b5410; } .segment { break-inside: avoid; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 64rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
p, ul { margin: .5rem 0; }
.soft { color: var(--soft); }
.notice { background: var(--card); border-left: 4px solid var(--bar); padding: .75rem 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .375rem .75rem .375rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: normal; min-width: 5.5rem; }
th { font-weight: 600; }
td:last-child:not(.n) { min-width: 13rem; }
td.n, th.n { text-align: right; }
.segment { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem;
  margin: .5rem 0; }
.segment header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-variant-numeric: tabular-nums; }
.segment header b { min-width: 11rem; }
.gone { opacity: .75; border-style: dashed; }
.gap { color: var(--gap); margin: .5rem 0 .5rem 1rem; }
.level { display: inline-block; width: 6rem; height: .6rem; border: 1px solid var(--soft);
  border-radius: 3px; vertical-align: middle; overflow: hidden; }
.level i { display: block; height: 100%; background: var(--bar); }
.shots { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .5rem; }
.shots figure { margin: 0; width: 14rem; max-width: 100%; }
.shots img { width: 100%; height: auto; display: block; border: 1px solid var(--line); }
.shots figcaption { font-size: .8125rem; color: var(--soft); }
bdi, code { overflow-wrap: anywhere; }
code { font: .875em/1.5 ui-monospace, monospace; }
details { margin-top: .25rem; } summary { cursor: pointer; }
"""


def text(value: object) -> str:
    """Our own words, escaped."""
    return html.escape(_CONTROLS.sub("\ufffd", str(value)))


def said(value: object) -> str:
    """What somebody wrote: escaped, and isolated from the direction of the text around it."""
    return f'<bdi dir="auto">{text(value)}</bdi>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; a heading that starts with `#` is of numbers."""
    numeric = [name.startswith("#") for name in head]
    names = "".join(_cell("th", name.lstrip("#"), right) for name, right in zip(head, numeric, strict=True))
    lines = "".join(
        f"<tr>{''.join(_cell('td', cell, right) for cell, right in zip(row, numeric, strict=True))}</tr>\n"
        for row in rows
    )
    return f'<div class="scroll"><table>\n<tr>{names}</tr>\n{lines}</table></div>\n'


def instant(ms: int) -> str:
    """`2026-11-16 09:30:00 UTC`."""
    return f"{day(ms)} {clock(ms)} UTC"


def day(ms: int) -> str:
    """`2026-11-16`."""
    return iso_utc(_bounded(ms))[:10]


def clock(ms: int) -> str:
    """`09:30:00`, UTC."""
    return iso_utc(_bounded(ms))[11:19]


def duration(ms: int) -> str:
    """`7 h 12 min 3 s`, whole seconds, what is zero left out."""
    seconds = max(ms, 0) // _SECOND
    parts = ((seconds // 3_600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def money(amount: int, currency: str | None, exponent: int) -> str:
    """`1234.50 EUR`; without a currency the bare number of minor units."""
    if currency is None:
        return f"{amount} minor units"
    return f"{decimal(amount, min(max(exponent, 0), 3))} {currency}"


def _cell(tag: str, content: str, right: bool) -> str:
    return f'<{tag} class="n">{content}</{tag}>' if right else f"<{tag}>{content}</{tag}>"


def _bounded(ms: int) -> int:
    return min(max(ms, 0), TIME_MAX_MS)
