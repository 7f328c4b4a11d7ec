"""A device's keys are made once, found again, and never replaced behind an enrolment's back."""

from __future__ import annotations

import secrets

import pytest

from tests.fakes.keyring import FakeKeyring
from workdiary.client.errors import DamagedError, KnownError
from workdiary.client.sign.signer import DeviceKeys, Head

CONTRACT = "01936e7a-0000-7000-8000-000000000001"


def opened(keyring: FakeKeyring, enrolled_kid: str | None = None) -> DeviceKeys:
    return DeviceKeys.open(keyring.opened(), secrets.token_bytes, enrolled_kid=enrolled_kid)


def test_keys_are_made_once() -> None:
    keyring = FakeKeyring()
    first = opened(keyring)
    again = opened(keyring, first.kid)
    assert (again.kid, again.spool_key) == (first.kid, first.spool_key)
    assert len(first.spool_key) == 32
    assert first.key_class == "SOFTWARE"


def test_an_enrolled_home_without_its_keys_stops() -> None:
    keyring = FakeKeyring()
    kid = opened(keyring).kid
    for lost in ("device-key", "spool-key"):
        kept = dict(keyring.secrets)
        del keyring.secrets[lost]
        with pytest.raises(KnownError) as caught:
            opened(keyring, kid)
        assert "stays as it is" in caught.value.message
        assert lost not in keyring.secrets
        keyring.secrets = kept
    with pytest.raises(KnownError):
        opened(FakeKeyring({"device-key": bytes(32), "spool-key": bytes(32)}), kid)


def test_a_store_that_forgets_is_found_out_before_anything_is_recorded() -> None:
    keyring = FakeKeyring()
    keyring.forgetful = True
    with pytest.raises(KnownError) as caught:
        opened(keyring)
    assert "does not keep" in caught.value.title


def test_a_damaged_key_is_told() -> None:
    with pytest.raises(DamagedError):
        opened(FakeKeyring({"device-key": b"short"}))


def test_token_and_heads_are_kept() -> None:
    keyring = FakeKeyring()
    keys = opened(keyring)
    assert keys.token() is None
    assert keys.head(CONTRACT) is None
    keys.put_token("secret")
    keys.put_head(CONTRACT, Head("stream", 7, "id"))
    again = opened(keyring, keys.kid)
    assert again.token() == "secret"
    assert again.head(CONTRACT) == Head("stream", 7, "id")
    assert again.head("other") is None


def test_a_head_that_was_not_kept_is_not_remembered() -> None:
    keyring = FakeKeyring()
    keys = opened(keyring)
    keys.put_head(CONTRACT, Head("stream", 1, "id"))
    keyring.locked = True
    with pytest.raises(KnownError):
        keys.put_head(CONTRACT, Head("stream", 2, "next"))
    keyring.locked = False
    assert keys.head(CONTRACT) == Head("stream", 1, "id")


def test_a_damaged_head_is_told() -> None:
    keyring = FakeKeyring()
    keys = opened(keyring)
    keyring.secrets[f"head-{CONTRACT}"] = b"nonsense"
    with pytest.raises(DamagedError):
        keys.head(CONTRACT)


def test_stream_keys_differ_by_stream_and_by_device() -> None:
    one, other = opened(FakeKeyring()), opened(FakeKeyring())
    keys = {one.stream_key("a"), one.stream_key("b"), other.stream_key("a")}
    assert len(keys) == 3
    assert one.stream_key("a") in keys
