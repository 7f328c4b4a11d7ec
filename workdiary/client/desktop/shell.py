"""Joins desk, window, tray and shot notice; keeps the one timer, which runs only while seconds matter."""

from __future__ import annotations

import time
from typing import cast

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QImage

from workdiary.client.desktop.announce import Announcer
from workdiary.client.desktop.desk import Desk
from workdiary.client.desktop.presenters.consent import ConsentView
from workdiary.client.desktop.presenters.notices import ErrorView
from workdiary.client.desktop.presenters.page import Page, page, ticking
from workdiary.client.desktop.presenters.shot import Answer
from workdiary.client.desktop.presenters.status import RUNNING, title
from workdiary.client.desktop.tray import Tray
from workdiary.client.desktop.views.leaving import LeavingDialog
from workdiary.client.desktop.views.pages import Pages
from workdiary.client.desktop.views.window import MainWindow
from workdiary.client.tracker.events import IdleAnswer, Snapshot

AFTER = 8  # ms past the second's edge, so that the clock never shows the old one again


class Shell(QObject):
    """The desktop as a whole. `ended`: all is stopped and durable, the process may go with this code."""

    ended = Signal(int)

    def __init__(self, desk: Desk, window: MainWindow, *, tray: bool) -> None:
        super().__init__()
        self.desk = desk
        self.voice = desk.voice
        self.window = window
        self.pages = Pages(desk.voice, window)
        empty = Snapshot(at_ms=int(time.time() * 1000), state="stopped", sync="ok")
        self.pages.track.show_empty(page(empty, self.voice), ticking(empty, self.voice, "", elapsed_ms=0))
        window.furnish(self.pages)
        self.pages.begin()
        self.tray = Tray(desk.voice) if tray else None
        self.announcer = Announcer(desk.voice)
        self.leaving: LeavingDialog | None = None
        self._last: tuple[Snapshot, Page] | None = None
        self._exit_code = 0
        self._quiet = ""
        self._pictured = ""
        self._asked_back: str | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._join()

    def ticks(self) -> bool:
        """Whether the timer runs."""
        return self._timer.isActive()

    def press(self, command: str) -> None:
        """A shortcut or a line of the tray's menu."""
        session = self._last[1].session if self._last else None
        if command == "show":
            self.window.bring()
        elif command == "quit":
            self.quit()
        elif command == "diary":
            self.desk.open_diary()
        elif command in ("keep", "remove-shot"):
            self._answer(command)
        elif session is not None and command == "primary":
            self._command(session.primary.action)
        elif session is not None and session.second_enabled:
            self._command(session.second.action)

    def quit(self) -> None:
        """Stop cleanly, then end the process."""
        self._timer.stop()
        self.pages.wait(self.voice.say("Stopping…"), self.voice.say("What was recorded is being made safe."))
        self.desk.close()

    def release(self) -> None:
        """Let go of what would outlive the window."""
        self._timer.stop()
        self.announcer.close()
        if self.tray is not None:
            self.tray.close()
        self.window.may_close = True
        self.window.close()

    def _join(self) -> None:
        desk, window, pages, track = self.desk, self.window, self.pages, self.pages.track
        desk.changed.connect(self._show)
        desk.failed.connect(track.errors.show_error)
        desk.opened.connect(pages.show_track)
        desk.cannot_open.connect(self._refused)
        desk.memo_wanted.connect(window.bring)
        desk.memo_wanted.connect(track.memo.want)
        desk.consent_wanted.connect(self._ask)
        desk.completions.connect(track.memo.show_completions)
        desk.pictured.connect(self._picture)
        desk.closed.connect(lambda: self.ended.emit(self._exit_code))
        window.seen.connect(lambda _seen: self._seen())
        self.announcer.changed.connect(self._seen)
        self.announcer.answered.connect(self._answer)
        window.leaving.connect(self._leave)
        pages.pressed.connect(self.press)
        pages.waiting.retry.connect(self._again)
        pages.waiting.leave.connect(self.quit)
        track.controls.pressed.connect(self._command)
        track.controls.diary.connect(desk.open_diary)
        track.memo.submitted.connect(self._memo)
        track.memo.typed.connect(lambda text: desk.complete(track.controls.chosen(), text))
        track.shot.answered.connect(self._answer)
        track.away.answered.connect(
            lambda answer, memo: desk.command(
                "away", lambda tracker: tracker.idle.answer(cast("IdleAnswer", answer), memo or None)
            )
        )
        track.away.undone.connect(lambda: desk.command("away", lambda tracker: tracker.idle.undo()))
        if self.tray is not None:
            self.tray.pressed.connect(self.press)

    def _command(self, action: str) -> None:
        track = self.pages.track
        if action in ("start", "resume", "over-limit"):
            over = action == "over-limit"
            self.desk.start(track.controls.chosen(), track.memo.text(), over_limit=over)
        elif action == "stop":
            self.desk.stop()
        else:
            self.desk.pause()

    def _memo(self, text: str) -> None:
        """Enter in the memo field: starts what is stopped, otherwise changes the memo."""
        if self._last is None:
            return
        if self._last[0].state == "tracking":
            self.desk.use_memo(text)
        else:
            self._command(self._last[1].session.primary.action)

    def _answer(self, answer: str) -> None:
        if self._last is not None and self._last[1].shot.open:
            self.desk.decide(cast("Answer", answer))

    def _ask(self, view: ConsentView) -> None:
        """The notice before the first Start of a contract."""
        first = self.pages.consent is None
        shown = self.pages.show_consent(view)
        if first:
            shown.agreed.connect(lambda: self._asked(agreed=True))
            shown.declined.connect(lambda: self._asked(agreed=False))
        self.window.bring()

    def _asked(self, *, agreed: bool) -> None:
        self.pages.show_track()
        if agreed:
            self.desk.agree()
        else:
            self.desk.decline()

    def _show(self) -> None:
        """A new snapshot, or the same one after a hold ran out."""
        snapshot = self.desk.snapshot
        if snapshot is None:
            return
        desk = self.desk
        now = page(snapshot, self.voice, elapsed_ms=desk.elapsed_ms(), told=desk.told, before=self._last)
        self._last = (snapshot, now)
        self._ask_back(now)
        self.pages.track.show_page(now, tracking=snapshot.state == "tracking")
        if now.shot.shot_id and now.shot.has_picture and now.shot.shot_id != self._pictured:
            self._pictured = now.shot.shot_id
            self.desk.picture(now.shot.shot_id)
        self._quiet = title(snapshot, self.voice)
        if self.tray is not None:
            self.tray.show_status(now.status, now.session, self._quiet)
        self.announcer.announce(now.shot, in_front=self.window.is_seen() and self.window.isActiveWindow())
        self._tick()

    def _ask_back(self, now: Page) -> None:
        """Somebody came back after time without input: the question comes to them, once."""
        if now.away.open and now.away.returned and now.away.id != self._asked_back:
            self._asked_back = now.away.id
            self.window.bring()

    def _tick(self) -> None:
        """The second hand: now, and again at the next edge if that changes anything somebody sees."""
        if self._last is None:
            return
        snapshot, shown = self._last
        now = ticking(snapshot, self.voice, self._quiet, elapsed_ms=self.desk.elapsed_ms())
        if shown.shot.open and now.hold_left_ms is None:
            self._show()
            return
        seen = self.window.is_seen()
        said = now.title if seen else self._quiet
        if said != self.window.windowTitle():
            self.window.setWindowTitle(said)
        if seen:
            self.pages.track.show_ticking(now, clock=snapshot.state in RUNNING)
        if now.hold_left_ms is not None:
            self.announcer.show_left(now.hold_left_ms, now.hold_text)
        self._timer.stop()
        if now.next_ms is not None and (seen or self.announcer.notice is not None):
            self._timer.start(now.next_ms + AFTER)

    def _picture(self, shot_id: str, image: QImage | None) -> None:
        if shot_id == self._pictured:
            self.pages.track.shot.picture.show_image(image)
            self.announcer.show_image(image)

    def _seen(self) -> None:
        """The window or the notice came or went."""
        self.desk.bridge.attend(attentive=self.window.is_seen() or self.announcer.notice is not None)
        self._tick()

    def _leave(self) -> None:
        """The window was closed: what runs goes on only if the person wants that."""
        if self._last is None or self._last[0].state != "tracking":
            self.quit()
            return
        if self.leaving is not None:
            return
        self.leaving = LeavingDialog(self.voice, tray=self.tray is not None, parent=self.window)
        self.leaving.finished.connect(self._left)
        self.leaving.open()

    def _left(self) -> None:
        dialog, self.leaving = self.leaving, None
        answer = dialog.answer if dialog is not None else "stay"
        if dialog is not None:
            dialog.deleteLater()
        if answer == "quit":
            self.quit()
        elif answer == "keep" and self.tray is not None:
            self.window.hide()
        elif answer == "keep":
            self.window.showMinimized()

    def _refused(self, view: ErrorView) -> None:
        self._exit_code = view.exit_code
        self.pages.refuse(view)

    def _again(self) -> None:
        self._exit_code = 0
        self.pages.wait(self.voice.say("Starting…"), "")
        self.desk.open()
