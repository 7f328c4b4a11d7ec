"""What `workdiary verify` does: a file read, judged by trust files, paid, compared with its own page."""

from __future__ import annotations

import gc
import mmap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workdiary.cli import Globals, aside
from workdiary.cli.pins import pins, read_trust
from workdiary.cli.verify import UnreadableError
from workdiary.evidence.bundle import Bundle, open_bundle
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.trust import Trust, trust_for

if TYPE_CHECKING:
    from workdiary.verify.judged import Judged
    from workdiary.verify.report import Report
    from workdiary.verify.require import Requirement

Begin = Callable[[Callable[[], bytes]], aside.Answer]
# Records in a bundle from which on a second process is worth its start.
_MANY = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks: `trusts` empty means what is pinned, `against` another bundle."""

    file: Path
    trusts: Sequence[Path]
    against: Path | None
    required: tuple[Requirement, ...]


def report_on(asked: Asked, options: Globals) -> Report:
    """The judgement that was asked for. Raises `UnreadableError` and `KnownError`."""
    # All that is made here is needed to its end: to look for rubbish in between only takes time.
    gc.disable()
    try:
        trusts = _trusts(options, asked.trusts)
        bundle = opened(asked.file)
        _agreeing(bundle, trusts, asked.trusts or (asked.file,))
        judged = judged_bundle(bundle, trusts)
        if asked.against is not None:
            judged = _against(judged, bundle, asked.against, trusts)
        from workdiary.verify.report import report_of  # noqa: PLC0415 - needed last

        return report_of(judged, asked.required)
    finally:
        gc.enable()


def judged_bundle(bundle: Bundle, trusts: Sequence[Trust], begin: Begin = aside.begin) -> Judged:
    """Everything that is to be said of a bundle: its records, the pay that follows, its own page.

    begin: who checks the signatures of many notes meanwhile.
    """
    answer: aside.Answer = aside.nothing
    if len(bundle.records) >= _MANY:
        answer = begin(lambda: _checked_notes(bundle, trusts))
    from workdiary.cli.verdict import verdict_on  # noqa: PLC0415 - while the other process is at work

    return verdict_on(bundle, trusts, answer)


def _checked_notes(bundle: Bundle, trusts: Sequence[Trust]) -> bytes:
    from workdiary.verify.ahead import check_notes  # noqa: PLC0415 - by the other process

    return check_notes(bundle, trusts)


def opened(path: Path) -> Bundle:
    """The bundle of a file, which stays mapped as long as it is used. Raises `UnreadableError`."""
    try:
        with path.open("rb") as file:
            # Never closed here: views into it live as long as what was read, and the map with them.
            buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        bundle = open_bundle(memoryview(buffer))
    except EvidenceError as error:
        raise UnreadableError(path, error.message) from error
    except (OSError, ValueError) as error:
        raise UnreadableError(path, getattr(error, "strerror", None) or "it is empty") from error
    return bundle


def _trusts(options: Globals, paths: Sequence[Path]) -> list[Trust]:
    """What was given; otherwise what was pinned by hand in the home, if there is one."""
    if not paths:
        return [pin.trust for pin in pins(options.resolved_home())]
    return [_trust(path) for path in paths]


def _agreeing(bundle: Bundle, trusts: Sequence[Trust], paths: Sequence[Path]) -> None:
    """Raise `UnreadableError` if two trust files name different keys for this bundle's log."""
    try:
        trust_for(bundle.manifest.origin.split("/")[1], trusts)
    except EvidenceError as error:
        raise UnreadableError(paths[-1], error.message) from error


def _trust(path: Path) -> Trust:
    try:
        return read_trust(path)
    except OSError as error:
        raise UnreadableError(path, error.strerror or "unknown") from error
    except EvidenceError as error:
        raise UnreadableError(path, f"no trust file: {error.message}") from error


def _against(judged: Judged, bundle: Bundle, path: Path, trusts: Sequence[Trust]) -> Judged:
    from workdiary.verify.against import compare  # noqa: PLC0415 - only a comparison pays for it
    from workdiary.verify.judge import judge  # noqa: PLC0415

    other = opened(path)
    return compare((judged, bundle), (judge(other, trusts), other))
