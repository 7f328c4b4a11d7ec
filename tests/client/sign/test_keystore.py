"""Where secrets live is chosen once, recorded, and never weakened silently."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from tests.fakes.keyring import FakeKeyring
from workdiary.client.errors import DamagedError, ExitCode, KnownError
from workdiary.client.settings import Home, open_home
from workdiary.client.sign import keystore
from workdiary.client.sign.keyring_store import KeyringStore
from workdiary.client.sign.keystore import (
    SOFTWARE,
    SOFTWARE_FILE,
    FileStore,
    KeyStore,
    NoKeyringError,
    open_keystore,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home", "0.1.0")


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> FakeKeyring:
    fake = FakeKeyring()
    monkeypatch.setattr(keystore, "open_keyring", lambda _ident, _env: fake)
    return fake


def no_keyring(monkeypatch: pytest.MonkeyPatch, reason: str = "no desktop session bus is running") -> None:
    def refuse(_ident: str, _env: object) -> KeyStore:
        raise NoKeyringError(reason)

    monkeypatch.setattr(keystore, "open_keyring", refuse)


def test_the_keyring_is_taken_where_there_is_one(home: Home, keyring: FakeKeyring) -> None:
    opened = open_keystore(home, "auto", {})
    assert opened.store is keyring
    assert opened.key_class == SOFTWARE
    assert opened.notice is None


def test_without_a_keyring_files_are_taken_and_it_is_told_once(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_keyring(monkeypatch)
    opened = open_keystore(home, "auto", {})
    assert opened.store.place == "file"
    assert opened.key_class == SOFTWARE_FILE
    assert opened.notice is not None
    assert "no desktop session bus is running" in opened.notice
    assert "weaker" in opened.notice
    assert open_keystore(home, "auto", {}).notice is None


def test_a_file_home_stays_one_when_a_keyring_appears(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    no_keyring(monkeypatch)
    open_keystore(home, "auto", {}).store.put("device-key", b"seed")
    monkeypatch.setattr(keystore, "open_keyring", lambda _ident, _env: FakeKeyring())
    opened = open_keystore(home, "auto", {})
    assert opened.store.get("device-key") == b"seed"
    assert opened.key_class == SOFTWARE_FILE


@pytest.mark.usefixtures("keyring")
def test_a_keyring_home_never_falls_back(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    open_keystore(home, "auto", {})
    no_keyring(monkeypatch, "the keyring is locked")
    for prefer in ("auto", "file"):
        with pytest.raises(KnownError) as caught:
            open_keystore(home, prefer, {})
        assert "the keyring is locked" in caught.value.message
        assert caught.value.exit_code is ExitCode.COMPUTER
        assert not caught.value.permanent
    assert not list(home.keys.iterdir())


def test_files_can_be_asked_for(home: Home, keyring: FakeKeyring) -> None:
    opened = open_keystore(home, "file", {})
    assert opened.store is not keyring
    assert opened.notice is not None
    assert "settings ask for it" in opened.notice


def test_an_unknown_store_is_not_guessed(home: Home) -> None:
    home.write_json("keystore.json", {"store": "cloud"})
    with pytest.raises(DamagedError):
        open_keystore(home, "auto", {})


def test_secrets_in_files_are_for_the_owner_only(home: Home) -> None:
    store = FileStore(home.keys)
    store.put("device-key", b"\x00secret")
    path = home.keys / "device-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert store.get("device-key") == b"\x00secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_store_forgets(home: Home) -> None:
    store = FileStore(home.keys)
    store.put("x", b"1")
    store.delete("x")
    store.delete("x")
    assert store.get("x") is None


def test_names_cannot_leave_the_folder(home: Home) -> None:
    with pytest.raises(ValueError, match="escape"):
        FileStore(home.keys).put("../escape", b"")


class DictBackend(KeyringBackend):
    """What the library's backends look like."""

    priority = 5

    def __init__(self) -> None:
        super().__init__()
        self.passwords: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise KeyringLocked
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.locked:
            raise KeyringLocked
        if (service, username) not in self.passwords:
            raise PasswordDeleteError
        del self.passwords[service, username]


DictBackend.__module__ = "keyring.backends.Dict"


def test_the_keyring_library_holds_any_bytes() -> None:
    backend = DictBackend()
    store = KeyringStore.open("ab" * 16, backend)
    store.put("device-key", bytes(range(32)))
    assert store.get("device-key") == bytes(range(32))
    assert store.get("other") is None
    assert list(backend.passwords) == [("workdiary", f"{'ab' * 16}/device-key")]
    store.delete("device-key")
    store.delete("device-key")
    assert store.get("device-key") is None


def test_a_locked_keyring_can_be_tried_again() -> None:
    backend = DictBackend()
    store = KeyringStore.open("ab" * 16, backend)
    backend.locked = True
    for call in (lambda: store.get("x"), lambda: store.put("x", b""), lambda: store.delete("x")):
        with pytest.raises(KnownError) as caught:
            call()
        assert not caught.value.permanent


def test_a_backend_that_encrypts_nothing_is_refused() -> None:
    class Plain(DictBackend):
        pass

    Plain.__module__ = "keyrings.alt.file"
    with pytest.raises(NoKeyringError):
        KeyringStore.open("ab" * 16, Plain())
    weak = DictBackend()
    weak.__class__.priority = 0
    try:
        with pytest.raises(NoKeyringError):
            KeyringStore.open("ab" * 16, weak)
    finally:
        weak.__class__.priority = 5
