"""Whose key is it: root → cert → key, rotations, revocations by log index, endorsements.

The records are read in the log's order, for what a key may say is what it may say at that index. What a key
was certified for holds for everything it signed; a revocation only for what the log received after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from workdiary.evidence.envelope import ParsedRecord, check_signature, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import as_jwk
from workdiary.evidence.keys import thumbprint
from workdiary.evidence.rotation import verify_rotation
from workdiary.verify.axes import Certificate
from workdiary.verify.reading import Place, Readings, listed, named
from workdiary.verify.trust import TrustedRoot

_OPERATING = frozenset({"operator", "staff"})
# Whose interest a role speaks for; `root` speaks for nobody in a contract.
_SIDES: Mapping[str, str] = MappingProxyType(
    {
        "freelancer": "freelancer",
        "agency": "freelancer",
        "client": "client",
        "operator": "operator",
        "staff": "operator",
    }
)


@dataclass(slots=True)
class Key:
    """What is known of one key.

    root: kid of the root its certificates lead to ("" for none); false: why its certificate is not true;
    revoked: from which place on, by whom; saved: stream → last seq that an `endorse` saves; sides: whom it
    speaks for in the contract.
    """

    kid: str
    role: str = ""
    key_class: str = "SOFTWARE"
    account: str | None = None
    root: str = ""
    false: str = ""
    revoked: Place | None = None
    revoked_by: str = ""
    saved: dict[str, tuple[int, str]] = field(default_factory=dict)
    sides: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Standing:
    """A key at one record: as `axes.Signatory` wants it, and why in plain words."""

    role: str
    key_class: str
    certificate: Certificate
    revoked: bool
    account: str | None
    why: str = ""


class Keyring:
    """All keys of a bundle, and what its records and the pinned roots say of them."""

    def __init__(self, readings: Readings, roots: Mapping[str, TrustedRoot], operator: str | None) -> None:
        """`operator`: the pinned operator's kid."""
        self._roots = dict(roots)
        self._operators = {operator} if operator else set[str]()
        self._jwks = readings.keys
        self._openers: dict[str, ParsedRecord] = {}
        self._keys = {
            kid: Key(kid, "root", account=root.account, root=kid) for kid, root in self._roots.items()
        }
        known = [(item.place, item.parsed) for item in readings.records if item.signed]
        supported = [(place, record) for place, record in known if record is not None and record.supported]
        for _, record in supported:
            if record.kind == "open":
                self._open(record)
        for place, record in supported:
            self._say(place, record)

    @property
    def accounts(self) -> dict[str, str]:
        """Kid → account, where it is known: for streams that keys of one account share."""
        return {key.kid: key.account for key in self._keys.values() if key.account is not None}

    def root_of(self, stream: str) -> str:
        """The kid of the root that the stream's key leads to, "" for none."""
        opener = self._openers.get(stream)
        return self._keys[opener.kid].root if opener else ""

    def speaks_for_operator(self, parsed: ParsedRecord) -> bool:
        """Whether the pinned operator signed; with none pinned, whoever the log admitted as operator."""
        if self._operators:
            return parsed.kid in self._operators
        return self._role(parsed) in _OPERATING

    def standing(self, parsed: ParsedRecord, place: Place) -> Standing:
        """Whose key signed a record, as far as the bundle and the pinned roots say."""
        key = self._keys.get(parsed.kid)
        if key is None:
            return Standing("freelancer", "SOFTWARE", "none", revoked=False, account=None)
        role = self._role(parsed)
        revoked = key.revoked is not None and key.revoked < place and not _is_saved(key, parsed)
        certificate, why = self._certificate(key, role)
        if revoked:
            why = f"the key was revoked{' by the operator' if key.revoked_by in _OPERATING else ''} before"
        return Standing(role, key.key_class, certificate, revoked, key.account, why)

    def _role(self, parsed: ParsedRecord) -> str:
        opener = self._openers.get(parsed.stream)
        if opener is not None and opener.kid == parsed.kid:
            return named(opener, "role")
        key = self._keys.get(parsed.kid)
        return key.role if key and key.role else "freelancer"

    def _certificate(self, key: Key, role: str) -> tuple[Certificate, str]:
        sides = {*key.sides, *({"operator"} if key.kid in self._operators else ())}
        if key.false or len(sides) > 1:
            return "invalid", key.false or "it speaks for two sides of the contract"
        if key.kid in self._operators:
            return "pinned", ""
        if self._operators and role == "operator":
            return "unpinned", "it is not the operator you have pinned"
        if not key.root:
            return "none", ""
        return ("pinned", "") if key.root in self._roots else ("unpinned", "its root was not compared")

    def _open(self, record: ParsedRecord) -> None:
        self._openers.setdefault(record.stream, record)
        key = self._key(record.kid)
        if not key.role:
            key.role, key.key_class = named(record, "role"), named(record, "class")
            key.root = key.kid if key.role == "root" else ""
        if record.ctr is not None and named(record, "role") in _SIDES:
            key.sides.add(_SIDES[named(record, "role")])

    def _say(self, place: Place, record: ParsedRecord) -> None:
        match record.kind:
            case "open" if named(record, "cert"):
                self._carried(place, record)
            case "cert":
                self._certify(place, record)
            case "rotate":
                self._rotate(place, record)
            case "revoke":
                self._revoke(place, record)
            case "endorse":
                self._endorse(place, record)

    def _carried(self, place: Place, record: ParsedRecord) -> None:
        """The certificate inside an `open` must be one, be true, and speak of this key."""
        key = self._key(record.kid)
        try:
            said = parse(named(record, "cert"))
            check_signature(said, self._jwks.get(said.kid, {}))
            subject = thumbprint(as_jwk(said.payload["jwk"], "jwk")) if said.kind in _CERTIFYING else ""
        except EvidenceError:
            subject = ""
        if subject != record.kid:
            key.false = "the certificate it carries is not its own"
        elif said.kind == "cert":
            self._certify(place, said)

    def _certify(self, place: Place, record: ParsedRecord) -> None:
        subject = self._key(thumbprint(as_jwk(record.payload["jwk"], "cert.jwk")))
        account, role = named(record, "account"), named(record, "role")
        issuer = self._issuer(record, place, account)
        if issuer is None or issuer is subject:
            return
        # Only the word of a root that was compared can spoil a key: anybody else could say it of anybody's.
        pinned = self._roots.get(issuer.root)
        if pinned is not None and subject.role not in {"", role}:
            subject.false = "it is certified for another role than it signs in"
        if pinned is not None and pinned.role not in {"root", role}:
            subject.false = "its root belongs to another side of the contract"
        if pinned is not None and role in _SIDES:
            subject.sides.add(_SIDES[role])
        # A better certificate is never replaced by a weaker one.
        if subject.root in self._roots and issuer.root not in self._roots:
            return
        subject.account, subject.root, subject.key_class = account, issuer.root, named(record, "class")
        subject.role = subject.role or role

    def _rotate(self, place: Place, record: ParsedRecord) -> None:
        try:
            new = self._key(thumbprint(verify_rotation(record.payload)))
        except EvidenceError:
            return
        old = self._key(named(record, "old"))
        by_operator = self._role(record) in _OPERATING
        if record.kid != old.kid and not (by_operator and old.role == "root"):
            return
        if old.revoked is not None and old.revoked < place:
            return
        if record.kid == old.kid:
            self._inherit(old, new)
        old.revoked, old.revoked_by = place, self._role(record)

    def _inherit(self, old: Key, new: Key) -> None:
        new.account = old.account
        new.role = new.role or old.role
        new.sides |= old.sides
        if old.key_class == "BROWSER":
            # What a page may not do, certify, it cannot hand on either.
            new.key_class = "BROWSER"
        new.root = new.kid if _is_root(old) else old.root
        if old.kid in self._roots:
            self._roots[new.kid] = self._roots[old.kid]
        if old.kid in self._operators:
            self._operators.add(new.kid)

    def _revoke(self, place: Place, record: ParsedRecord) -> None:
        target = self._key(named(record, "kid"))
        role = self._role(record)
        if role not in _OPERATING:
            signer = self._issuer(record, place, named(record, "account"))
            if signer is None or signer is target or signer.root != target.root or _is_root(target):
                return
        if target.account not in {None, named(record, "account")} or target.revoked is not None:
            return
        target.revoked, target.revoked_by = place, role

    def _endorse(self, place: Place, record: ParsedRecord) -> None:
        target = self._key(named(record, "kid"))
        signer = self._issuer(record, place, named(record, "account"))
        # Only who is himself certified can say what was signed before a theft.
        if signer is None or signer is target or not signer.root or signer.root != target.root:
            return
        for head in listed(record, "heads"):
            if isinstance(head, dict):
                target.saved[str(head["stream"])] = (int(str(head["seq"])), str(head["id"]))

    def _issuer(self, record: ParsedRecord, place: Place, account: str) -> Key | None:
        """The key that speaks for `account`, None if it may not, at this place in the log."""
        key = self._keys.get(record.kid)
        if key is None or key.role in _OPERATING or key.key_class == "BROWSER":
            return None
        if key.revoked is not None and key.revoked < place:
            return None
        if key.account is None and _is_root(key):
            # Pinned without an account, or not at all: its own first word says whose it is.
            key.account = account
        return key if key.account in {None, account} else None

    def _key(self, kid: str) -> Key:
        return self._keys.setdefault(kid, Key(kid))


_CERTIFYING = frozenset({"cert", "rotate"})


def _is_root(key: Key) -> bool:
    return key.root == key.kid


def _is_saved(key: Key, parsed: ParsedRecord) -> bool:
    head = key.saved.get(parsed.stream)
    if head is None:
        return False
    seq, ident = head
    return parsed.seq < seq or (parsed.seq == seq and parsed.id == ident)
