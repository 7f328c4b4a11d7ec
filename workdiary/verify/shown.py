"""Texts of others on somebody's screen: nothing in them may move a cursor, turn a line round or hide."""

from __future__ import annotations

import re

# Controls (but no newline is let through either), what changes the direction of text (UAX 9), what is
# invisible, line separators, lone surrogates, private use and non-characters at the end of the first plane.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)


def safe(text: str) -> str:
    """`text` with every such character written out, as ⟨U+202E⟩: it shows that something was there."""
    return _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)
