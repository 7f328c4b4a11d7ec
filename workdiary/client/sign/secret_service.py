"""The freedesktop Secret Service (GNOME Keyring, KWallet, KeePassXC) spoken over D-Bus by jeepney.

A connection is opened for each call and closed after it: one call per signed record, nothing resident
between. The service asks the person itself when its collection is locked; that is waited for only while
opening the store, later calls fail at once and are tried again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, Self

from jeepney import DBusAddress, DBusErrorResponse, MatchRule, Properties, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.low_level import Message
from jeepney.wrappers import unwrap_msg

from workdiary.client.errors import KnownError
from workdiary.client.sign.keystore import NoKeyringError
from workdiary.evidence.canonical import b64u, unb64u

SERVICE = "workdiary"
_BUS = "org.freedesktop.secrets"
_IFACE = "org.freedesktop.Secret"
_ROOT = DBusAddress("/org/freedesktop/secrets", _BUS, f"{_IFACE}.Service")
_NONE = "/"  # the object path that means: no prompt, no collection
CALL_S = 10.0
PROMPT_S = 60.0


class SecretServiceStore:
    """Secrets as base64url texts in the default collection.

    Attributes as the `keyring` library writes them.
    """

    place: Literal["keyring", "file"] = "keyring"

    def __init__(self, ident: str, address: str) -> None:
        self._ident = ident
        self._address = address

    @classmethod
    def open(cls, ident: str, env: Mapping[str, str]) -> Self:
        """Connect, unlock the default collection (the person may be asked). Raises `NoKeyringError`."""
        address = env.get("DBUS_SESSION_BUS_ADDRESS") or _runtime_bus(env)
        if not address:
            raise NoKeyringError("no desktop session bus is running")
        store = cls(ident, address)
        try:
            with store._session() as session:
                session.unlock(prompt_s=PROMPT_S)
        except _Refused as error:
            raise NoKeyringError(str(error)) from error
        return store

    def get(self, name: str) -> bytes | None:
        """The secret or None."""
        with self._known() as session:
            item = session.find(self._attributes(name))
            return None if item is None else unb64u(session.secret(item).decode("ascii"))

    def put(self, name: str, secret: bytes) -> None:
        """Replace it."""
        with self._known() as session:
            session.create(f"WorkDiary {name}", self._attributes(name), b64u(secret).encode("ascii"))

    def delete(self, name: str) -> None:
        """Forget it."""
        with self._known() as session:
            item = session.find(self._attributes(name))
            if item is not None:
                session.delete(item)

    def _attributes(self, name: str) -> dict[str, str]:
        return {"service": SERVICE, "username": f"{self._ident}/{name}"}

    @contextmanager
    def _known(self) -> Iterator[_Session]:
        try:
            with self._session() as session:
                session.unlock(prompt_s=0)
                yield session
        except _Refused as error:
            raise KnownError(
                "The keyring refuses",
                f"{error}. Unlock it, then it goes on by itself; nothing is lost.",
                subject="keyring",
                permanent=False,
            ) from error

    @contextmanager
    def _session(self) -> Iterator[_Session]:
        try:
            connection = open_dbus_connection(bus=self._address, auth_timeout=CALL_S)
        except (OSError, ValueError, EOFError) as error:
            raise _Refused(f"the session bus does not answer ({type(error).__name__})") from error
        with connection:
            try:
                yield _Session(connection)
            except DBusErrorResponse as error:
                raise _Refused(f"the keyring service answers {error.name}") from error
            except (OSError, EOFError) as error:
                raise _Refused(f"the keyring service does not answer ({type(error).__name__})") from error


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """The service cannot do it now; str() says why."""


class _Session:
    """One connection's session; secrets travel in plain over the user's own bus socket."""

    def __init__(self, connection: DBusConnection) -> None:
        self._bus = connection
        _, self._path = self._call(_ROOT, "OpenSession", "sv", ("plain", ("s", "")))
        (self._collection,) = self._call(_ROOT, "ReadAlias", "s", ("default",))
        if self._collection == _NONE:
            raise _Refused("the keyring service has no default collection")

    def unlock(self, prompt_s: float) -> None:
        """Unlock the collection, waiting up to `prompt_s` for the person; 0: do not ask."""
        address = self._at(self._collection, "Collection")
        if not self._body(Properties(address).get("Locked"))[0][1]:
            return
        unlocked, prompt = self._call(_ROOT, "Unlock", "ao", ([self._collection],))
        if self._collection not in unlocked and (not prompt_s or not self._ask(prompt, prompt_s)):
            raise _Refused("the keyring is locked")

    def find(self, attributes: dict[str, str]) -> str | None:
        """Path of the item with these attributes."""
        address = self._at(self._collection, "Collection")
        (items,) = self._call(address, "SearchItems", "a{ss}", (attributes,))
        return items[0] if items else None

    def secret(self, item: str) -> bytes:
        """An item's secret."""
        (secret,) = self._call(self._at(item, "Item"), "GetSecret", "o", (self._path,))
        return bytes(secret[2])

    def create(self, label: str, attributes: dict[str, str], secret: bytes) -> None:
        """Make or replace an item."""
        properties = {
            f"{_IFACE}.Item.Label": ("s", label),
            f"{_IFACE}.Item.Attributes": ("a{ss}", attributes),
        }
        packed = (self._path, b"", secret, "text/plain; charset=utf8")
        address = self._at(self._collection, "Collection")
        item, _ = self._call(address, "CreateItem", "a{sv}(oayays)b", (properties, packed, True))
        if item == _NONE:
            raise _Refused("the keyring wants to ask first")

    def delete(self, item: str) -> None:
        """Remove an item."""
        self._call(self._at(item, "Item"), "Delete")

    def _ask(self, prompt: str, seconds: float) -> bool:
        """Let the service ask the person. Whether the answer was yes."""
        address = self._at(prompt, "Prompt")
        rule = MatchRule(type="signal", interface=f"{_IFACE}.Prompt", member="Completed", path=prompt)
        self._body(message_bus.AddMatch(rule))
        with self._bus.filter(rule) as completed:
            self._call(address, "Prompt", "s", ("",))
            with suppress(TimeoutError):
                dismissed = self._bus.recv_until_filtered(completed, timeout=seconds).body[0]
                return not dismissed
        return False

    def _at(self, path: str, interface: str) -> DBusAddress:
        return DBusAddress(path, _BUS, f"{_IFACE}.{interface}")

    def _call(
        self, address: DBusAddress, method: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> Any:
        """A call's reply; Any: D-Bus types its bodies at run time, by the signature above."""
        return self._body(new_method_call(address, method, signature or None, body))

    def _body(self, message: Message) -> Any:
        return unwrap_msg(self._bus.send_and_get_reply(message, timeout=CALL_S))


def _runtime_bus(env: Mapping[str, str]) -> str | None:
    socket = Path(env.get("XDG_RUNTIME_DIR", "/nonexistent")) / "bus"
    return f"unix:path={socket}" if socket.exists() else None
