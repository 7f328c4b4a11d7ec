from __future__ import annotations

from workdiary.wire.known import ExitCode, KnownError


def test_an_error_says_what_it_concerns_and_what_to_do() -> None:
    error = KnownError("The port is taken", "Stop the other program or choose another port.", subject="8080")
    assert str(error) == "The port is taken (8080): Stop the other program or choose another port."
    assert str(KnownError("No display", "Start one.")) == "No display: Start one."
    assert (error.permanent, error.exit_code) == (True, ExitCode.COMPUTER)


def test_exit_codes_are_those_scripts_rely_on() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "BUG": 1,
        "USAGE": 2,
        "OFFLINE": 4,
        "PERMISSION": 5,
        "NOT_FOUND": 6,
        "REFUSED": 7,
        "COMPUTER": 8,
    }
