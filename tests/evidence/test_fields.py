from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.evidence.canonical import b64u, unb64u
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import Bytes

SIZES = (1, 2, 3, 16, 32, 64)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=\n é"


def holds(size: int, text: str) -> bool:
    try:
        return len(unb64u(text)) == size
    except EvidenceError:
        return False


@pytest.mark.parametrize("size", SIZES)
@given(st.data())
def test_bytes_are_what_strict_base64url_decodes_to(size: int, data: st.DataObject) -> None:
    text = b64u(data.draw(st.binary(min_size=size, max_size=size)))
    Bytes(size, "x").check(text, "field")
    place = data.draw(st.integers(0, len(text)))
    letter = data.draw(st.sampled_from([*LETTERS, ""]))
    changed = text[:place] + letter + text[place + data.draw(st.integers(0, 1)) :]
    if holds(size, changed):
        Bytes(size, "x").check(changed, "field")
        return
    with pytest.raises(EvidenceError):
        Bytes(size, "x").check(changed, "field")


@pytest.mark.parametrize("size", SIZES)
def test_every_last_letter_is_judged_as_decoding_does(size: int) -> None:
    text = b64u(bytes(size))
    for letter in LETTERS:
        changed = text[:-1] + letter
        try:
            Bytes(size, "x").check(changed, "field")
            taken = True
        except EvidenceError:
            taken = False
        assert taken == holds(size, changed), letter
