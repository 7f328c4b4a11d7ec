"""The page of the window that people look at all day, its parts in the order of their use."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from workdiary.client.desktop import theme
from workdiary.client.desktop.presenters.page import Page, Ticking
from workdiary.client.desktop.presenters.status import STATES, StatusView
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.desktop.views.away import AwayBox
from workdiary.client.desktop.views.banner import Banner, ErrorBar, NoticeBar
from workdiary.client.desktop.views.cell import CellBox
from workdiary.client.desktop.views.controls import Controls
from workdiary.client.desktop.views.foot import Foot
from workdiary.client.desktop.views.memo import MemoBox
from workdiary.client.desktop.views.scroll import Area
from workdiary.client.desktop.views.shot import ShotBox
from workdiary.client.desktop.views.today import TodayBox
from workdiary.client.desktop.views.totals import Totals


class TrackPage(QWidget):
    """Memo, contract, Start and Stop, totals, this cell, last shot, today, and the foot."""

    def __init__(self, voice: Voice) -> None:
        super().__init__()
        self.errors = ErrorBar(voice)
        self.reason = Banner()
        self.reason.hide()
        self.away = AwayBox(voice)
        self.memo = MemoBox(voice)
        self.controls = Controls(voice)
        self.totals = Totals()
        self.cell = CellBox(voice)
        self.shot = ShotBox(voice)
        self.notices = NoticeBar(voice)
        self.today = TodayBox()
        self.foot = Foot()
        self.foot.wait(voice.say("Starting…"))
        self._voice = voice
        self._page: Page | None = None
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(theme.space(3), theme.space(2), theme.space(3), theme.space(2))
        rows.setSpacing(7)
        top = (self.errors, self.reason, self.away, self.memo, self.controls, self.totals, self.cell)
        for part in (*top, self.shot):
            rows.addWidget(part)
        rows.addStretch(1)
        rows.addWidget(self.notices)
        rows.addWidget(self.today)
        self.area = Area(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.area, 1)
        whole.addWidget(self.foot)

    def show_empty(self, page: Page, now: Ticking) -> None:
        """What an empty day looks like, while there is no tracker to press buttons of."""
        self.totals.show_totals(page.totals)
        self.totals.show_figures(now.figures)
        self.cell.show_cell(page.cell)
        self.shot.show_shot(page.shot)
        self.today.show_today(page.today)

    def show_page(self, page: Page, *, tracking: bool) -> None:
        """Everything that the last snapshot changed."""
        before, self._page = self._page, page
        self.memo.show_memo(page.session.memo, tracking=tracking)
        if before is None or before.session != page.session:
            self.controls.show_session(page.session)
        if before is None or before.totals != page.totals:
            self.totals.show_totals(page.totals)
        if before is None or before.cell != page.cell:
            self.cell.show_cell(page.cell)
        if before is None or before.shot != page.shot:
            self.shot.show_shot(page.shot)
        if before is None or before.today != page.today:
            self.today.show_today(page.today)
        if before is None or before.status != page.status:
            self.foot.show_status(page.status)
            self._explain(page.status)
        self.away.show_away(page.away)
        self.notices.show_notices(page.notices)

    def show_ticking(self, now: Ticking, *, clock: bool) -> None:
        """What each second changes; clock False leaves the big button without one."""
        self.totals.show_figures(now.figures)
        self.controls.show_clock(now.figures.session if clock else "")
        if now.hold_left_ms is not None:
            self.shot.show_left(now.hold_left_ms, now.hold_text)

    def _explain(self, status: StatusView) -> None:
        """Why it does not track, above everything, when somebody has to know."""
        self.reason.setVisible(bool(status.reason))
        if status.reason:
            word, tone = STATES[status.state.code]  # type: ignore[index] # the code is a State
            icon = {"blocked": "blocked", "idle": "idle", "paused": "pause"}.get(status.state.code, "info")
            self.reason.say(icon, tone, self._voice.say(word), status.reason)
