"""Theme, icons, language: what the window looks and speaks like."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from PySide6.QtCore import QByteArray, QCoreApplication, QLocale, QTranslator
from PySide6.QtGui import QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication

from workdiary.client.desktop import i18n, icons, theme
from workdiary.client.desktop.presenters.status import STATES, SYNCS
from workdiary.client.desktop.presenters.tone import Tone
from workdiary.client.desktop.views import patterns

COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b|QColor\(\s*\d|Qt\.GlobalColor\.(?!transparent)")


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    before, light = QPalette(qapp.palette()), theme.current().name
    yield qapp
    theme.apply(qapp, light)
    qapp.setPalette(before)


def test_no_colour_is_named_outside_the_tokens(root: Path) -> None:
    files = (root / "workdiary/client/desktop").rglob("*.py")
    assert not [path.name for path in files if COLOUR.search(path.read_text("utf-8"))]


@pytest.mark.parametrize("name", get_args(theme.ThemeName))
def test_every_theme_has_every_colour_that_is_asked_for(app: QApplication, name: theme.ThemeName) -> None:
    theme.apply(app, name)
    now = theme.current()
    assert all(now.tint(tone).ink.isValid() for tone in get_args(Tone))
    assert all(now.kind(kind).mark.isValid() for kind in (*theme.tokens()["kinds"], "unheard of"))
    assert app.palette().color(QPalette.ColorRole.Window) == now["surface"]


def test_a_platform_that_says_nothing_is_judged_by_its_own_palette(
    app: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theme._Current, "platform", theme.palette(theme.load("dark")))
    assert theme.wanted(app) == "dark"
    monkeypatch.setattr(theme._Current, "platform", theme.palette(theme.load("light")))
    assert theme.wanted(app) == "light"


def test_the_first_frame_has_the_grounds_of_the_theme(app: QApplication) -> None:
    app.setPalette(theme.palette(theme.load("dark")))
    assert theme.first(app) == "dark"
    theme.plain(app, "dark")
    assert app.palette().window().color() == theme.load("dark")["surface"]
    assert app.palette().windowText().color().lightness() > 128


def test_sizes_follow_the_system_font(app: QApplication) -> None:
    plain = app.font()
    larger = app.font()
    larger.setPointSizeF(plain.pointSizeF() * 2)
    small = theme.font("xs").pointSizeF()
    app.setFont(larger)
    try:
        assert theme.font("xs").pointSizeF() == pytest.approx(small * 2)
    finally:
        app.setFont(plain)
    pixels = app.font()
    pixels.setPixelSize(20)
    app.setFont(pixels)
    try:
        assert theme.font("xl").pixelSize() == round(20 * 20 / 13)
    finally:
        app.setFont(plain)


def test_every_state_and_sync_has_an_icon_of_its_own() -> None:
    for group, codes in (("states", STATES), ("sync", SYNCS)):
        names = [icons.of_code(group, code) for code in codes]
        assert "info" not in names
        assert len(set(names)) == len(codes)
    assert icons.of_code("states", "unheard of") == "info"


def test_icons_are_tinted_and_sharp(app: QApplication) -> None:
    colour = theme.current()["k-tracked"]
    drawn = icons.pixmap("stop", colour, 16, 2.0)
    assert (drawn.width(), drawn.devicePixelRatio()) == (32, 2.0)
    assert drawn.toImage().pixelColor(16, 16) == colour
    assert not icons.badge("record", "good").isNull()
    assert not icons.mark().isNull()


@pytest.mark.parametrize("wide", [8, 3])
def test_each_kind_of_time_looks_different_in_grey(app: QApplication, wide: int) -> None:
    theme.apply(app, "light")
    kinds = [kind for kind in theme.tokens()["kinds"] if kind != "moved"]
    pictures = {kind: _grey(kind, 40 if wide > patterns.NARROW else wide) for kind in kinds}
    distinct = len({bytes(p.constBits()) for p in pictures.values()})
    assert distinct == len(kinds) if wide > patterns.NARROW else distinct > 2


def _grey(kind: str, wide: int) -> QImage:
    from PySide6.QtCore import QRectF

    image = QImage(wide, 24, QImage.Format.Format_RGB32)
    image.fill(theme.current()["surface"])
    painter = QPainter(image)
    patterns.fill(painter, QRectF(0, 0, wide, 24), kind)
    painter.end()
    return image.convertToFormat(QImage.Format.Format_Grayscale8)


def test_the_voice_is_the_computers(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    try:
        voice = i18n.voice()
        assert voice.money(137_120, "EUR", 2) == "€1.371,20"
    finally:
        QLocale.setDefault(before)
    monkeypatch.setattr(i18n.QTimeZone, "systemTimeZoneId", lambda: QByteArray(b"Africa/Nairobi"))
    assert i18n.voice().zone_name == "Nairobi"
    monkeypatch.setattr(i18n.QTimeZone, "systemTimeZoneId", lambda: QByteArray(b"Not/AZone"))
    assert i18n.voice().zone_name == "UTC"


def test_texts_and_plurals_go_through_the_translator(qapp: QApplication) -> None:
    class Bracketing(QTranslator):
        def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str:
            return f"<{text}>" if context == i18n.CONTEXT else ""

        def isEmpty(self) -> bool:  # noqa: N802 - Qt's name
            return False

    assert i18n.plural("%n records", 3) == "3 records"
    brackets = Bracketing(qapp)
    QCoreApplication.installTranslator(brackets)
    try:
        assert i18n.voice().say("Stop") == "<Stop>"
        assert i18n.plural("%n records", 3) == "<3 records>"
    finally:
        QCoreApplication.removeTranslator(brackets)


def test_presenters_run_without_qt() -> None:
    code = (
        "import sys, workdiary.client.desktop.presenters.page, workdiary.client.desktop.presenters.consent\n"
        "sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
