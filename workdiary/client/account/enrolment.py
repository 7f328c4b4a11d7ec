"""What enrolling left in account.json: whom this device talks to, as whom, and the contracts it knows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from workdiary.client.errors import DamagedError


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """Terms agreed from an instant (UTC ms) on; id, terms: as `Contract` has them."""

    from_ms: int
    id: str
    terms: dict[str, Any]  # any JSON: evidence.records types it


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of this account, and the `terms` record in force as this device knows it.

    terms: its clear fields and disclosed values in one object (`Terms.from_record(terms, terms)` reads it),
    {} before the first; terms_id: the record's id, "" before the first; versions: everything agreed as far as
    it was learned from the server, by `from_ms`; a solo contract has none.
    """

    id: str
    name: str
    terms: dict[str, Any] = field(default_factory=dict)  # any JSON: evidence.records types it
    terms_id: str = ""
    versions: tuple[TermsVersion, ...] = ()

    def at(self, ms: int) -> Contract:
        """The same with the version in force at an instant; before anything holds, the first."""
        begun = [version for version in self.versions if version.from_ms <= ms]
        if not self.versions:
            return self
        found = begun[-1] if begun else self.versions[0]
        return replace(self, terms=found.terms, terms_id=found.id)

    def turns_ms(self, ms: int) -> int | None:
        """The next instant after `ms` at which another version comes into force."""
        return min((version.from_ms for version in self.versions if version.from_ms > ms), default=None)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What enrolling returned; the keys are pinned from then on."""

    server: Literal["solo", "remote"]
    url: str  # "" for solo: the child's port is told at run time
    origin: str
    log_vkey: str
    upload_jwk: dict[str, str]
    operator_jwk: dict[str, str]
    demo_allowed: bool
    account: str
    device: str
    device_name: str
    key_class: str
    kid: str
    contracts: tuple[Contract, ...]
    enrolled_ms: int
    role: str = "freelancer"  # what the account is, in the words of `open.role`
    root: str = ""  # kid of the account's root as this home knows it, "" while it is postponed
    cert: str = ""  # the `cert` or `rotate` record (compact JWS) that certifies this device, "" without
    witnesses: tuple[str, ...] = ()  # verifier keys; k of them make a note witnessed
    k: int = 0
    tsas: tuple[str, ...] = ()  # time stamping authorities, PEM
    next_kid: str = ""  # enrolled already, and about to take the device key's place; "" most of the time
    token_expires_ms: int = 0  # of the device token, by the server's clock; 0: it does not end


def read_enrolment(value: dict[str, Any] | None, path: str) -> Enrolment | None:
    """What account.json holds, None where there is none. Raises DamagedError."""
    if value is None:
        return None
    try:
        contracts = tuple(_contract(contract) for contract in value["contracts"])
        lists = {name: tuple(value.get(name, ())) for name in ("witnesses", "tsas")}
        enrolment = Enrolment(**{**value, "contracts": contracts, **lists})
    except (KeyError, TypeError) as error:
        raise DamagedError(path, "It does not hold what this version writes.") from error
    plain = (enrolment.server, enrolment.url, enrolment.origin, enrolment.log_vkey, enrolment.account)
    texts = [*plain, *enrolment.witnesses, *enrolment.tsas]
    keys = (enrolment.upload_jwk, enrolment.operator_jwk)
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(key, dict) for key in keys):
        raise DamagedError(path, "It does not hold what this version writes.")
    return enrolment


def _contract(value: dict[str, Any]) -> Contract:
    return Contract(**{**value, "versions": tuple(TermsVersion(**v) for v in value.get("versions", ()))})
