"""The memo rule: three words, six characters in scripts without spaces, or a label; no empty phrases."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from workdiary.rules.words import STOP_LIST

MEMO_MAX_BYTES: Final = 2_000  # cap of evidence.md
LEAST_WORDS: Final = 3
LEAST_CHARACTERS: Final = 6

ReasonCode = Literal["ok", "label", "empty", "too-short", "stop-list", "too-long"]

# Scripts that write without spaces between words: Thai, Lao, Tibetan, Myanmar, Khmer, kana, Han, Tai scripts.
_SPACELESS: Final = (
    (0x0E00, 0x0EFF),
    (0x0F00, 0x0FFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x1950, 0x19DF),
    (0x1A20, 0x1AAF),
    (0x3040, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),
    (0x20000, 0x323AF),
)


@dataclass(frozen=True, slots=True)
class MemoVerdict:
    """Whether memo and label satisfy the rule, and the code of why or why not; words belong to the views."""

    ok: bool
    reason_code: ReasonCode


def memo_verdict(text: str | None, label: str | None) -> MemoVerdict:
    """Judge a memo while it is typed, and again for the criterion `memo`."""
    memo = normalised(text or "")
    if len((text or "").encode("utf-8", "surrogatepass")) > MEMO_MAX_BYTES:
        return MemoVerdict(ok=False, reason_code="too-long")
    if (label or "").strip():
        return MemoVerdict(ok=True, reason_code="label")
    if not memo:
        return MemoVerdict(ok=False, reason_code="empty")
    words = memo.split()
    enough = len(words) >= LEAST_WORDS or sum(map(_spaceless, memo)) >= LEAST_CHARACTERS
    same = len(set(words)) == 1 if len(words) > 1 else enough and len(set(memo)) == 1
    if memo in STOP_LIST or same:
        return MemoVerdict(ok=False, reason_code="stop-list")
    return MemoVerdict(ok=enough, reason_code="ok" if enough else "too-short")


def normalised(text: str) -> str:
    """Case-folded words of letters, digits and marks, one space between them: what the rule looks at."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if _in_word(c) else " " for c in folded).split())


def _in_word(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM"


def _spaceless(char: str) -> bool:
    # combining marks are part of the character before them
    code = ord(char)
    return any(low <= code <= high for low, high in _SPACELESS) and unicodedata.category(char)[0] != "M"
