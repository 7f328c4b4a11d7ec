"""The design tokens as CSS.

resources/themes/tokens.json is the one source; the desktop reads the same file.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib.resources import files
from typing import Any

# JSON of our own package: its shape is pinned by tests/server/web/test_theme.py.
Tokens = dict[str, Any]


@cache
def tokens() -> Tokens:
    """The token document; do not change what it returns."""
    text = files("workdiary.resources").joinpath("themes/tokens.json").read_text("utf-8")
    loaded: Tokens = json.loads(text)
    return loaded


def css(document: Tokens) -> str:
    """The style sheet: light, dark and high contrast by preference, light on paper."""
    themes = document["themes"]
    parts = [
        "/* Made from tokens.json by workdiary/server/web/theme.py; a test compares the two. */",
        _rule(":root", _shared(document) | _theme(themes["light"])),
        _media("(prefers-color-scheme: dark)", themes["dark"]),
        _media("(prefers-contrast: more)", themes["hc"]),
        _media("print", themes["light"]),
    ]
    return "\n".join(parts) + "\n"


def _shared(document: Tokens) -> dict[str, str]:
    """What does not change with the theme: type, space, radius, targets, focus."""
    names = {"sans": "font", "mono": "mono"}
    found = {names[k]: ", ".join(_family(f) for f in v) for k, v in document["font"].items()}
    found |= {f"t-{k}": f"{v}px" for k, v in document["type"].items()}
    found |= {f"w-{k}": str(v) for k, v in document["weight"].items()}
    found |= {f"s{k}": f"{v}px" for k, v in document["space"].items()}
    found |= {f"r{k}": f"{v}px" for k, v in document["radius"].items()}
    found["target"] = f"{document['target']['normal']}px"
    found["target-primary"] = f"{document['target']['primary']}px"
    focus = document["focus"]
    found["focus-ring"] = f"{focus['width']}px solid var(--focus)"
    found["focus-offset"] = f"{focus['offset']}px"
    return found


def _theme(theme: Tokens) -> dict[str, str]:
    shadows = {f"e{k}": v for k, v in theme["elevation"].items()}
    scheme: dict[str, str] = {"": theme["scheme"]}
    colours: dict[str, str] = theme["colours"]
    return scheme | colours | shadows


def _family(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _rule(selector: str, values: dict[str, str], indent: str = "") -> str:
    lines = [
        f"{indent}  --{name}: {value};" if name else f"{indent}  color-scheme: {value};"
        for name, value in values.items()
    ]
    return "\n".join([f"{indent}{selector} {{", *lines, f"{indent}}}"])


def _media(query: str, theme: Tokens) -> str:
    return "\n".join([f"@media {query} {{", _rule(":root", _theme(theme), "  "), "}"])


if __name__ == "__main__":
    sys.stdout.write(css(tokens()))
