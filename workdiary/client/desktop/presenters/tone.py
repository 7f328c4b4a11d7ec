"""How urgent something looks; the theme gives each tone its colours."""

from __future__ import annotations

from typing import Literal

Tone = Literal["neutral", "good", "info", "warn", "bad"]
