from __future__ import annotations

import pytest

from workdiary.verify.authority import Voice, may_sign, may_speak

F, A, X = "account-f", "account-a", "account-x"


@pytest.mark.parametrize(
    ("voice", "about", "agency", "may"),
    [
        (Voice("freelancer", F), F, None, True),
        (Voice("freelancer", X), F, None, False),
        (Voice("freelancer", None), F, None, True),
        (Voice("freelancer", F), None, None, True),
        (Voice("freelancer", F, on_behalf=X), F, None, False),
        (Voice("freelancer", F, on_behalf=F), F, None, True),
        (Voice("agency", A), F, A, True),
        (Voice("agency", A, on_behalf=F), F, A, True),
        (Voice("agency", A, on_behalf=X), F, A, False),
        (Voice("agency", A), F, None, False),
        (Voice("agency", X), F, A, False),
        (Voice("client", F), F, None, False),
        (Voice("operator", None, on_behalf=F), F, None, False),
    ],
)
def test_who_may_speak_of_whose_time(voice: Voice, about: str | None, agency: str | None, may: bool) -> None:
    assert may_speak(voice, about, agency) is may


@pytest.mark.parametrize(
    ("kind", "voice", "may"),
    [
        ("segment", Voice("freelancer", F), True),
        ("segment", Voice("operator", None, on_behalf=F), False),
        ("client-verdict", Voice("client"), True),
        ("client-verdict", Voice("operator"), False),
        ("client-verdict", Voice("operator", on_behalf=X), True),
        ("client-verdict", Voice("freelancer"), False),
        ("lock", Voice("operator"), True),
        ("lock", Voice("freelancer"), False),
        ("mood", Voice("freelancer"), True),
    ],
)
def test_who_may_sign_what(kind: str, voice: Voice, may: bool) -> None:
    assert may_sign(kind, voice) is may
