"""The home folder and its typed settings: what the person chose, and where it lies."""

from __future__ import annotations

import os
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from workdiary.client.errors import KnownError
from workdiary.client.settings.files import sync_folder, write_durably
from workdiary.client.settings.home import HOME_FORMAT, Home, default_home, open_home

__all__ = [
    "HOME_FORMAT",
    "Home",
    "LoadedSettings",
    "Settings",
    "default_home",
    "load_settings",
    "open_home",
    "sync_folder",
    "write_durably",
]

QUOTA_MIB_MAX = 1 << 20  # 1 TiB: more is a typing mistake, not a quota
PREVIEW_S_MAX = 600  # product.md, Shots 6
_ENV = "WORKDIARY_"
_PER_CONTRACT = "contract_private"
# Words that make a key a secret: those belong in the key store, not in a file pasted into bug reports.
_SECRET_WORDS = ("token", "secret", "password", "passwd", "private_key", "seed", "recovery")


@dataclass(frozen=True, slots=True)
class PrivateNames:
    """Entries of a private list: applications and titles (docs/commands.md says what an entry means)."""

    apps: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person can choose; every field has a default and an environment override WORKDIARY_<FIELD>.

    contract_private alone comes from the file only: a table per contract, by its id or name.
    """

    theme: Literal["system", "light", "dark"] = "system"
    zone: str = ""  # IANA name; "" = the computer's
    policy: Literal["standard", "demo"] = "standard"
    preview_s: int | None = None  # 0-600; None = the policy's
    quota_mib: int = 2048
    key_store: Literal["auto", "file"] = "auto"
    server_url: str = ""  # "" = the embedded server
    private_apps: tuple[str, ...] = ()
    private_titles: tuple[str, ...] = ()
    private_defaults: bool = True  # password managers, banking, private browsing
    not_private_apps: tuple[str, ...] = ()  # programs whose titles make nothing private
    contract_private: Mapping[str, PrivateNames] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings with what `doctor` tells about them."""

    values: Settings
    unknown: tuple[str, ...] = ()  # keys nobody reads
    overrides: tuple[str, ...] = ()  # WORKDIARY_* variables that won


def load_settings(home: Home, env: Mapping[str, str]) -> LoadedSettings:
    """settings.toml with overrides. Raises KnownError: not TOML, wrong type or value, a secret in it."""
    path = str(home.path / "settings.toml")
    try:
        table = tomllib.loads((home.read("settings.toml") or b"").decode())
    except ValueError as error:
        raise _bad(path, f"It is not TOML: {error}.") from error
    _refuse_secrets(table, path)
    kinds = typing.get_type_hints(Settings)
    known = {each.name for each in fields(Settings)} - {_PER_CONTRACT}
    values = {name: _typed(name, value, kinds[name], path) for name, value in table.items() if name in known}
    values[_PER_CONTRACT], strays = _per_contract(table.get(_PER_CONTRACT, {}), path)
    overrides = []
    for name in sorted(known):
        variable = _ENV + name.upper()
        if variable in env:
            values[name] = _typed(name, _from_text(env[variable], kinds[name]), kinds[name], variable)
            overrides.append(variable)
    _check_ranges(values, path)
    unknown = sorted(table.keys() - known - {_PER_CONTRACT}) + strays
    return LoadedSettings(Settings(**values), tuple(unknown), tuple(overrides))


def _per_contract(table: Any, path: str) -> tuple[dict[str, PrivateNames], list[str]]:
    """The private lists of single contracts, and the keys in them nobody reads."""
    if not isinstance(table, dict) or not all(isinstance(each, dict) for each in table.values()):
        raise _bad(path, f"“{_PER_CONTRACT}” holds a table for each contract.")
    kinds = typing.get_type_hints(PrivateNames)
    lists, strays = {}, []
    for contract, names in table.items():
        where = f"{_PER_CONTRACT}.{contract}"
        strays += [f"{where}.{name}" for name in sorted(names.keys() - kinds.keys())]
        read = {n: _typed(f"{where}.{n}", names[n], kind, path) for n, kind in kinds.items() if n in names}
        lists[contract] = PrivateNames(**read)
    return lists, strays


def _bad(subject: str, what: str) -> KnownError:
    return KnownError(
        "The settings cannot be used", f"{what} Correct it or remove the line.", subject=subject
    )


def _refuse_secrets(table: Mapping[str, Any], path: str) -> None:
    for name in table:
        if any(word in name.lower() for word in _SECRET_WORDS):
            raise _bad(path, f"“{name}” looks like a secret; secrets are kept in the keyring only.")
    if "@" in str(table.get("server_url", "")):
        raise _bad(path, "“server_url” carries a user name or password; addresses here carry none.")


def _from_text(text: str, kind: Any) -> Any:
    """An environment variable's text as TOML would have given it."""
    if kind == tuple[str, ...]:
        return [part for part in text.split(os.pathsep) if part]
    if kind is bool:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.casefold(), text)
    if isinstance(kind, type) and issubclass(kind, int):
        return int(text) if text.lstrip("-").isdecimal() else text
    if typing.get_origin(kind) is types.UnionType:
        return int(text) if text.lstrip("-").isdecimal() else text
    return text


def _typed(name: str, value: Any, kind: Any, subject: str) -> Any:
    """The value if it has the field's type. Raises KnownError that names the choices."""
    if typing.get_origin(kind) is Literal:
        choices = typing.get_args(kind)
        if value in choices:
            return value
        raise _bad(subject, f"“{name}” is one of {', '.join(choices)}, not {value!r}.")
    if kind == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise _bad(subject, f"“{name}” is a list of texts, not {value!r}.")
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise _bad(subject, f"“{name}” is true or false, not {value!r}.")
    if kind is str and isinstance(value, str):
        return value
    if kind is not str and isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _bad(subject, f"“{name}” is a {'text' if kind is str else 'whole number'}, not {value!r}.")


def _check_ranges(values: Mapping[str, Any], path: str) -> None:
    if not 1 <= values.get("quota_mib", 1) <= QUOTA_MIB_MAX:
        raise _bad(path, f"“quota_mib” lies between 1 and {QUOTA_MIB_MAX}.")
    preview = values.get("preview_s")
    if preview is not None and not 0 <= preview <= PREVIEW_S_MAX:
        raise _bad(path, f"“preview_s” lies between 0 and {PREVIEW_S_MAX}.")
