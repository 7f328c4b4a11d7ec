"""A new key takes another's place only with its own signature over exactly that."""

from __future__ import annotations

import pytest

from tests.fakes.records import ACCOUNT, ORIGIN, browser, device
from workdiary.evidence.canonical import JsonObject, b64u
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.rotation import rotate_input, verify_rotation

OLD, NEW = device("old"), device("new")


def payload(**changes: str) -> JsonObject:
    proof = b64u(NEW.sign(rotate_input(ORIGIN, ACCOUNT, OLD.kid, NEW.kid)))
    return {"log": ORIGIN, "account": ACCOUNT, "old": OLD.kid, "jwk": {**NEW.jwk}, "proof": proof, **changes}


def test_the_input_is_five_lines() -> None:
    assert rotate_input("log", "account", "old", "new") == b"wd-rotate\nlog\naccount\nold\nnew"


def test_the_new_key_has_signed_it() -> None:
    assert verify_rotation(payload()) == NEW.jwk


@pytest.mark.parametrize(
    "changes",
    [
        {"log": f"{ORIGIN[:-1]}1"},
        {"account": "01936e7a-0000-7000-8000-00000000000b"},
        {"old": NEW.kid},
        {"jwk": {**OLD.jwk}},
        {"jwk": {**browser().jwk}},
        {"jwk": {"kty": "OKP"}},
        {"jwk": 7},
        {"proof": b64u(bytes(64))},
        {"proof": "?"},
    ],
)
def test_anything_else_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(EvidenceError):
        verify_rotation(payload(**changes))
