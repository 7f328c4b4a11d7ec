"""What power, clocks and disks do to the computer of the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tests.model.plug import Killed
from tests.model.told import Told
from tests.oracle.spans import minus, union
from workdiary.client.errors import KnownError
from workdiary.client.segment.shots import ShotFailedError

BACKUPS = 2
BEFORE_ALL_MS = 1_546_300_800_000  # what a clock without a battery shows
Outcome = Literal["done", "refused", "killed"]


class Powered(Told):
    """Time passes, processes are killed and started again, homes are backed up and put back."""

    def act(self, do: Callable[[], object]) -> Outcome:
        """A command; killed in the middle of it, the client is started again."""
        refused = False
        try:
            try:
                do()
            except KnownError:
                refused = True
            self.computer.settle()
        except Killed:
            self.die()
            return "refused" if refused else "killed"
        return "refused" if refused else "done"

    def seconds(self, number: int, *, typed: bool) -> None:
        """Time passes."""
        for _ in range(number):
            try:
                self._second(typed=typed)
            except Killed:
                self.die()

    def _second(self, *, typed: bool) -> None:
        before = self.now
        try:
            self.computer.tick(typed)
        finally:
            if typed:
                assert self.now == before + 1_000
                self.note("input")

    def step_clock(self, ms: int) -> None:
        """Somebody sets the wall clock; looked at in the same second, as the loop does."""
        if self.calling:
            return  # until when it was announced is a wall time: nobody could say what is true of it now
        self.stepped = True
        self.computer.true.step(ms)
        self.act(self.computer.look)

    def die(self) -> None:
        """The process was killed; somebody starts it again at once."""
        self.kills += 1
        self.note("kill")
        self._forget_return()
        self.plug.reset()
        self.computer.halt()
        while True:
            try:
                self.computer.boot()
            except Killed:
                self.plug.reset()
                self.computer.halt()
            else:
                return

    def reboot(self, off_ms: int, *, empty_battery: bool) -> None:
        """The plug of the computer itself; with an empty battery its clock begins in 2019 again."""
        self.note("kill")
        self._forget_return()
        self.plug.reset()
        self.computer.halt()
        self.computer.true.switch_off(off_ms)
        if empty_battery and not self.calling:
            self.stepped = True
            self.computer.true.step(BEFORE_ALL_MS - self.computer.true.wall_ms())
        self.computer.boot()

    def _forget_return(self) -> None:
        """After a restart only the records are known: a claim reaches to the close (ADR 018)."""
        absences = [one for one in self.device.done if one.idle is not None]
        self._back_ms = absences[-1].end if absences else None

    @property
    def backed_up(self) -> bool:
        return self._backup is not None

    @property
    def may_back_up(self) -> bool:
        """Often enough to restore different states; copies are the slowest step there is."""
        return self._backups < BACKUPS and bool(self.server.records)

    def back_up(self) -> None:
        self._backups += 1
        self._backup = self.folder / "backup"
        self.computer.copy_home(self._backup)

    def restore(self) -> None:
        """The home of some time ago; what only this computer had since then is lost with the disk."""
        if self._backup is None or self.calling or not self._all_said():
            return
        had = {contract: self.recorded(contract, here=True, there=True) for contract in self.contracts}
        self.note("kill")
        self.plug.reset()
        self.computer.halt()
        self.computer.put_back(self._backup)
        self.computer.boot()
        self.restored = True
        for contract, spans in had.items():
            known = self.recorded(contract, here=True, there=True)
            self.lost[contract] = union([*self.lost.get(contract, []), *minus(spans, known)])

    def _all_said(self) -> bool:
        """Whether nothing waits that a restore would undo: removals that the server has not heard of."""
        db = self.computer.enrolled.spool._database
        waiting = db.row("SELECT COUNT(*) FROM records WHERE state = 'signed' AND kind <> 'segment'")
        return waiting is not None and waiting[0] == 0 and not self.computer.enrolled.spool.book.pending()

    def fail_shots(self, reason: str | None) -> None:
        self.computer.taker.failure = None if reason is None else ShotFailedError(reason, "as told")  # type: ignore[arg-type]
