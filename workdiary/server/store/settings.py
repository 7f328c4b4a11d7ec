"""The operator's settings, server.toml in the server's folder: who witnesses the log, who stamps time.

Nothing here moves a clock, and no secret stands here. What cannot be understood stops the start with words;
a key nobody reads is reported, so that a slip of the pen does not pass as a setting.
"""

from __future__ import annotations

import logging
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from workdiary.evidence.cosign import CosignerKey, parse_cosigner
from workdiary.evidence.errors import EvidenceError
from workdiary.wire.known import KnownError

LOG = logging.getLogger("workdiary.server")
FILE = "server.toml"
# Each new note goes to every one of them, and each note carries a line of each (evidence: 32 signatures).
WITNESSES_MAX = 16
# A certificate with an RSA key of 4,096 bits has about 2.5 kB; a chain of three fits (a trust file's cap).
PEM_MAX = 16 * 1024
_KNOWN = {"witnesses": {"k", "pinned"}, "tsa": {"url", "certificate"}, "log": {"public"}}
_PINNED = {"vkey", "url"}
_Table = dict[str, object]


@dataclass(frozen=True, slots=True)
class PinnedWitness:
    """A witness: its key, and the prefix of its address (`/add-checkpoint` is added)."""

    key: CosignerKey
    url: str


@dataclass(frozen=True, slots=True)
class TimeStamper:
    """An RFC 3161 authority: where it answers, the PEM certificates (issuers included) it must chain to."""

    url: str
    pem: str


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """k of `witnesses` make a note witnessed (0 without any); log_public: /log needs no token.

    unknown: keys in the file that mean nothing, for people.
    """

    witnesses: tuple[PinnedWitness, ...] = ()
    k: int = 0
    tsa: TimeStamper | None = None
    log_public: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[CosignerKey, ...]:
        """The witnesses' keys, in the order of the file."""
        return tuple(item.key for item in self.witnesses)

    @property
    def vkeys(self) -> tuple[str, ...]:
        """The same as texts."""
        return tuple(key.encode() for key in self.keys)


def open_settings(folder: Path) -> ServerSettings:
    """Read the settings; all defaults without a file. Raises KnownError if they cannot be understood."""
    path = folder / FILE
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return ServerSettings()
    except (OSError, ValueError) as error:
        _wrong(path, f"{error}")
    found = _settings(path, table)
    for name in found.unknown:
        LOG.warning("%s: %s means nothing here", FILE, name)
    return found


def _settings(path: Path, table: _Table) -> ServerSettings:
    sections = {name: _section(path, table, name) for name in _KNOWN}
    witnesses = _witnesses(path, sections["witnesses"])
    k = sections["witnesses"].get("k", len(witnesses))
    if not isinstance(k, int) or isinstance(k, bool) or not min(1, len(witnesses)) <= k <= len(witnesses):
        _wrong(path, "witnesses.k is a number from 1 to the number of pinned witnesses")
    public = sections["log"].get("public", False)
    if not isinstance(public, bool):
        _wrong(path, "log.public is true or false")
    return ServerSettings(witnesses, k, _tsa(path, sections["tsa"]), public, _unknown(table, sections))


def _section(path: Path, table: _Table, name: str) -> _Table:
    found = table.get(name, {})
    if not isinstance(found, dict):
        _wrong(path, f"[{name}] is a table")
    return found


def _witnesses(path: Path, section: _Table) -> tuple[PinnedWitness, ...]:
    pinned = section.get("pinned", [])
    if not isinstance(pinned, list) or len(pinned) > WITNESSES_MAX:
        _wrong(path, f"witnesses.pinned is a list of at most {WITNESSES_MAX}")
    witnesses = tuple(_witness(path, item) for item in pinned)
    # Key and name both: one key under two names would count twice, one name with two keys reads as one.
    for what in ("public", "name"):
        if len({getattr(item.key, what) for item in witnesses}) != len(witnesses):
            _wrong(path, "a witness is pinned twice")
    return witnesses


def _witness(path: Path, item: object) -> PinnedWitness:
    if not isinstance(item, dict) or not item.keys() <= _PINNED:
        _wrong(path, "each of witnesses.pinned is {vkey = …, url = …}")
    vkey, url = item.get("vkey"), item.get("url")
    try:
        key = parse_cosigner(vkey if isinstance(vkey, str) else "")
    except EvidenceError as error:
        _wrong(path, f"a witness's vkey is not one ({error})")
    return PinnedWitness(key, _url(path, url))


def _tsa(path: Path, section: _Table) -> TimeStamper | None:
    if not section:
        return None
    from cryptography import x509  # noqa: PLC0415 - only who stamps time pays for it

    name = section.get("certificate")
    if not isinstance(name, str) or not name:
        _wrong(path, "tsa.certificate names a PEM file")
    try:
        pem = (path.parent / name).read_text("ascii")
        certificates = x509.load_pem_x509_certificates(pem.encode())
    except (OSError, ValueError) as error:
        _wrong(path, f"tsa.certificate: {error}")
    if not certificates or len(pem) > PEM_MAX:
        _wrong(path, f"tsa.certificate: certificates of at most {PEM_MAX} bytes")
    return TimeStamper(_url(path, section.get("url")), pem)


def _url(path: Path, value: object) -> str:
    text = value if isinstance(value, str) else ""
    try:
        parts = urlsplit(text)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fine = False
    if not fine or "@" in parts.netloc or parts.query or parts.fragment:
        _wrong(path, "a url is http:// or https:// with a host, without a password, query or fragment")
    return text.rstrip("/")


def _unknown(table: _Table, sections: dict[str, _Table]) -> tuple[str, ...]:
    found = [name for name in table if name not in _KNOWN]
    found += [
        f"{name}.{key}" for name, section in sections.items() for key in section if key not in _KNOWN[name]
    ]
    return tuple(sorted(found))


def _wrong(path: Path, why: str) -> NoReturn:
    raise KnownError(
        "The server's settings cannot be used",
        f"{why}. Correct the file; nothing was started and nothing was changed.",
        subject=str(path),
    )
