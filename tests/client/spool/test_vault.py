"""Sealed values open only with their key and in their own place."""

from __future__ import annotations

import pytest

from workdiary.client.errors import DamagedError
from workdiary.client.spool.vault import Vault

KEY = bytes(range(32))


def test_what_was_sealed_opens() -> None:
    vault = Vault(KEY)
    assert vault.open(vault.seal(b"memo", "row/1"), "row/1") == b"memo"
    assert vault.open(vault.seal(b"", "row/1"), "row/1") == b""
    assert vault.open_json(vault.seal_json({"a": ["ü", None]}, "row/1"), "row/1") == {"a": ["ü", None]}
    assert vault.unwrap(vault.wrap(b"k" * 32, "image/1"), "image/1") == b"k" * 32


def test_equal_values_look_different() -> None:
    vault = Vault(KEY)
    assert len({vault.seal(b"memo", "row/1") for _ in range(20)}) == 20


def test_a_value_does_not_open_in_another_place_or_with_another_key() -> None:
    vault = Vault(KEY)
    box = vault.seal(b"memo", "row/1")
    for other, place in ((vault, "row/2"), (Vault(bytes(32)), "row/1")):
        with pytest.raises(DamagedError):
            other.open(box, place)


@pytest.mark.parametrize("at", [0, 20, 59, 60, 71, 72, 80, -1])
def test_every_changed_byte_is_seen(at: int) -> None:
    vault = Vault(KEY)
    box = bytearray(vault.seal(b"a longer memo that is sealed", "row/1"))
    box[at] ^= 1
    with pytest.raises(DamagedError):
        vault.open(bytes(box), "row/1")


@pytest.mark.parametrize("length", [0, 5, 60, 72, 80])
def test_a_cut_value_is_seen(length: int) -> None:
    vault = Vault(KEY)
    with pytest.raises(DamagedError):
        vault.open(vault.seal(b"a longer memo", "row/1")[:length], "row/1")


def test_derived_keys_differ_by_purpose() -> None:
    assert Vault(KEY).derived("slots") != Vault(KEY).derived("memos")
    assert Vault(KEY).derived("slots") == Vault(KEY).derived("slots")
