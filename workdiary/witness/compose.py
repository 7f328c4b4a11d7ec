"""A witness, wired: its folder, its key, the logs it follows, its address; its clock is an argument."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workdiary.evidence.cosign import CosignerKey
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import VerifierKey, parse_vkey
from workdiary.wire.known import ExitCode, KnownError
from workdiary.witness.http import BURST, RATE_S, Application, Listener
from workdiary.witness.key import open_key
from workdiary.witness.logs import Logs, Origin
from workdiary.witness.rate import Buckets
from workdiary.witness.service import Witness
from workdiary.witness.state import State

LOGS = "logs.txt"


@dataclass(frozen=True, slots=True)
class Senses:
    """now_s: POSIX seconds; mono_ms: a clock that never goes back; entropy: n random bytes."""

    now_s: Callable[[], int]
    mono_ms: Callable[[], int]
    entropy: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Plan:
    """What one witness is started with.

    folder: its own (HOME/witness); host, port (0: any free one); name: of its key, None for the one it has;
    logs: vkeys to follow from now on, beside those in logs.txt; senses: clocks and dice.
    """

    folder: Path
    host: str
    port: int
    name: str | None
    logs: tuple[str, ...]
    senses: Senses


@dataclass(frozen=True, slots=True)
class Service:
    """A witness that is ready: bound, its state locked."""

    vkey: CosignerKey
    listener: Listener
    followed: int

    def run(self) -> None:
        """Answer requests until `listener.stop` is called."""
        self.listener.serve()


@contextmanager
def service(plan: Plan) -> Iterator[Service]:
    """Open the witness in `plan.folder` and listen; raises KnownError with nothing half-started."""
    _make_folder(plan.folder)
    state = State.open(plan.folder)
    try:
        pinned = _pinned(plan.folder / LOGS, plan.logs)
        cosigner = open_key(plan.folder, plan.name, plan.senses.entropy, state)
        witness = Witness(state, cosigner, Logs(pinned), plan.senses.now_s)
        application = Application(witness, Buckets(RATE_S, BURST, plan.senses.mono_ms))
        listener = Listener.bind(plan.host, plan.port, application)
        try:
            yield Service(cosigner.vkey, listener, len(pinned))
        finally:
            listener.stop()
    finally:
        state.close()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise KnownError(
            "The witness's folder cannot be used",
            f"{error.strerror}. Check its permissions and the space on its disk, or use another --home.",
            subject=str(folder),
        ) from error


def _pinned(path: Path, more: Sequence[str]) -> list[VerifierKey]:
    """The logs in the file and the new ones, which are added to it."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    except (OSError, ValueError) as error:
        raise _bad_logs(path, str(error)) from error
    texts = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    pinned = [_vkey(path, text) for text in texts]
    added = [text for text in dict.fromkeys(more) if text not in texts]
    for text in added:
        vkey = _vkey(path, text)
        log = Origin.read(vkey.name).log
        known = {item.public for item in pinned if Origin.read(item.name).log == log}
        if known - {vkey.public}:
            raise _bad_logs(path, "That log is followed under another key; two keys are two histories")
        pinned.append(vkey)
    if added:
        _keep(path, [*lines, *added])
    return pinned


def _keep(path: Path, lines: Sequence[str]) -> None:
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise _bad_logs(path, str(error)) from error


def _vkey(path: Path, text: str) -> VerifierKey:
    try:
        return parse_vkey(text)
    except EvidenceError as error:
        raise _bad_logs(path, f"A line is no log's key ({error})") from error


def _bad_logs(path: Path, why: str) -> KnownError:
    return KnownError(
        "The logs to follow cannot be used",
        f"{why}. One verifier key a line, as the log's operator shows it (log_vkey). Nothing was signed.",
        subject=str(path),
        exit_code=ExitCode.USAGE,
    )
