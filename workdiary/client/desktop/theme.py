"""The design tokens as Qt sees them: a palette, colours by name, sizes relative to the system's own font.

Fusion with our own palette and our own painting: a style sheet would make native parts fall back to flat ones
and costs memory. Nothing else in the desktop names a colour. The tokens (resources/themes/tokens.json) are
shared with the web.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pkgutil import get_data
from typing import Any, Literal, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from workdiary.client.desktop.presenters.tone import Tone

ThemeName = Literal["light", "dark", "hc"]
Size = Literal["xs", "sm", "md", "lg", "xl", "2xl"]
DARK_BELOW = 128  # lightness of a platform's window colour under which it is a dark one
MARKS: dict[Tone, tuple[str, str, str]] = {
    "neutral": ("text-3", "text-2", "surface-sunken"),
    "good": ("v-verified", "v-verified-ink", "v-verified-bg"),
    "info": ("k-after-lock", "k-after-lock-ink", "k-after-lock-bg"),
    "warn": ("v-partial", "v-partial-ink", "v-partial-bg"),
    "bad": ("v-broken", "v-broken-ink", "v-broken-bg"),
}


class Tint(NamedTuple):
    """The three colours of a tone: icon and edge, text, ground."""

    mark: QColor
    ink: QColor
    ground: QColor


@cache
def tokens() -> dict[str, Any]:  # JSON of our own package, its shape is pinned by a test beside it
    """The token document; do not change what it returns."""
    # get_data, not importlib.resources: that would cost a tenth of the time until the window is there
    data = get_data("workdiary.resources", "themes/tokens.json")
    loaded: dict[str, Any] = json.loads(data or b"{}")
    return loaded


@dataclass(frozen=True, slots=True)
class Theme:
    """One of the three colour sets."""

    name: ThemeName
    colours: dict[str, QColor]

    def __getitem__(self, token: str) -> QColor:
        return self.colours[token]

    def tint(self, tone: Tone) -> Tint:
        """The colours of a tone."""
        mark, ink, ground = MARKS[tone]
        return Tint(self[mark], self[ink], self[ground])

    def kind(self, kind: str) -> Tint:
        """The colours of a kind of time; an unknown one looks like a gap."""
        look = tokens()["kinds"].get(kind, {})
        name = "k-" + (look.get("colour") or (kind if look else "gap"))
        return Tint(self[name], self[f"{name}-ink"], self[f"{name}-bg"])


def load(name: ThemeName) -> Theme:
    """A theme by its name."""
    colours = tokens()["themes"][name]["colours"]
    return Theme(name, {key: QColor(value) for key, value in colours.items()})


class _Current:
    """The theme in use; one per process, as QApplication is."""

    theme: Theme | None = None
    platform: QPalette | None = None  # as the platform gave it, before ours


def current() -> Theme:
    """The theme in use."""
    if _Current.theme is None:
        _Current.theme = load("light")
    return _Current.theme


def wanted(app: QApplication) -> ThemeName:
    """Light or dark as the system says; a bare X server says nothing, then its own palette decides."""
    hints = app.styleHints()  # kept in a name: chained, Qt deletes it under our hands
    ask = getattr(hints, "accessibility", None)  # since Qt 6.10
    more = ask() if ask is not None else None
    if more is not None and more.contrastPreference() == Qt.ContrastPreference.HighContrast:
        return "hc"
    scheme = hints.colorScheme()
    if scheme == Qt.ColorScheme.Unknown:
        if _Current.platform is None:
            _Current.platform = QPalette(app.palette())
        window = _Current.platform.color(QPalette.ColorRole.Window)
        return "dark" if window.lightness() < DARK_BELOW else "light"
    return "dark" if scheme == Qt.ColorScheme.Dark else "light"


def first(app: QApplication) -> ThemeName:
    """A quick guess for the first frame, so that a dark desktop gets no white flash; `wanted` decides."""
    _Current.platform = QPalette(app.palette())
    return "dark" if _Current.platform.window().color().lightness() < DARK_BELOW else "light"


def plain(app: QApplication, name: ThemeName) -> None:
    """The theme's two grounds and nothing more: all that an empty window shows."""
    colours = tokens()["themes"][name]["colours"]
    app.setPalette(QPalette(QColor(colours["surface-page"]), QColor(colours["surface"])))


def apply(app: QApplication, name: ThemeName) -> None:
    """Use a theme from now on; every widget hears of it by PaletteChange."""
    if _Current.platform is None:
        _Current.platform = QPalette(app.palette())
    _Current.theme = load(name)
    app.setPalette(palette(_Current.theme))


def palette(theme: Theme) -> QPalette:
    """The theme as Fusion's roles."""
    role, found = QPalette.ColorRole, QPalette()
    colours = {
        role.Window: "surface",
        role.WindowText: "text",
        role.Base: "surface",
        role.AlternateBase: "surface-page",
        role.Text: "text",
        role.PlaceholderText: "text-3",
        role.Button: "surface-page",
        role.ButtonText: "text",
        role.BrightText: "accent-text",
        role.Highlight: "accent",
        role.HighlightedText: "accent-text",
        role.Accent: "accent",
        role.Link: "accent",
        role.LinkVisited: "accent",
        role.ToolTipBase: "surface-sunken",
        role.ToolTipText: "text",
        role.Light: "surface",
        role.Midlight: "surface-sunken",
        role.Mid: "line",
        role.Dark: "line-strong",
        role.Shadow: "line-strong",
    }
    for key, token in colours.items():
        found.setColor(key, theme[token])
    for key in (role.WindowText, role.Text, role.ButtonText):
        found.setColor(QPalette.ColorGroup.Disabled, key, theme["text-3"])
    return found


def font(size: Size = "md", *, strong: bool = False) -> QFont:
    """The system's font at a step of the type scale: who enlarged it gets everything larger."""
    found = QFont(QApplication.font())
    scale = tokens()["type"]
    factor = scale[size] / scale["md"]
    if found.pointSizeF() > 0:
        found.setPointSizeF(found.pointSizeF() * factor)
    else:
        found.setPixelSize(max(1, round(found.pixelSize() * factor)))
    if strong:
        found.setWeight(QFont.Weight.DemiBold)
    return found


def space(step: int) -> int:
    """Pixels of a step of the space scale."""
    return int(tokens()["space"][str(step)])


def radius(step: int) -> int:
    """Pixels of a step of the radius scale."""
    return int(tokens()["radius"][str(step)])


def target(name: Literal["normal", "primary"] = "normal") -> int:
    """The least height of what can be pressed, in pixels."""
    return int(tokens()["target"][name])
