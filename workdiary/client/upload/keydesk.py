"""What a person does with the keys of their account: make a root, certify, revoke, rotate, endorse, rejoin.

Everything is a signed record in the outbox; the server is asked what there is, and believed only in what this
computer verifies. The recovery secret comes in as bytes, is used once and never kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from workdiary.client.account import Account, Enrolment
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.sign.journal import Journal
from workdiary.client.sign.root import root_signer
from workdiary.client.sign.segment_record import Drafted
from workdiary.client.sign.signer import DeviceKeys, Head
from workdiary.client.sign.streams import root_scope
from workdiary.client.upload.answers import RefusedError
from workdiary.client.upload.server import DiaryServer
from workdiary.client.upload.standing import Shown, standings
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u
from workdiary.evidence.envelope import SignedRecord
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.recovery import SHORT_WORDS, WORDS, words
from workdiary.evidence.rotation import rotate_input
from workdiary.wire.keys import Head as LoggedHead
from workdiary.wire.keys import KeyList, KeyRequest, KeyRow, key_proof_input
from workdiary.wire.problems import ProblemCode

_ROOT_NAME = "Recovery code"
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class KeyParts:
    """What key work takes."""

    account: Account
    keys: DeviceKeys
    journal: Journal
    server: DiaryServer
    wall_ms: Callable[[], int]


class KeyDesk:
    """Key work of one enrolled home. Every method raises KnownError; what was signed waits in the outbox."""

    def __init__(self, parts: KeyParts) -> None:
        self._parts = parts

    def enrolment(self) -> Enrolment:
        """Raises KnownError (exit 4) before the first contact."""
        enrolment = self._parts.account.enrolment
        if enrolment is None:
            raise KnownError(
                "This computer is not connected to a diary server yet",
                "Open WorkDiary once; keys belong to an account.",
                permanent=False,
                exit_code=ExitCode.OFFLINE,
            )
        return enrolment

    def shown(self) -> tuple[Shown, ...]:
        """Every key of the account with its standing."""
        return standings(self._list(), self.enrolment().root)

    def pin_root(self, text: str) -> str:
        """Know the account's root whose words were compared; its kid. Raises KnownError (exit 6)."""
        row = _by_words([row for row in self._list().keys if row.kind == "root" and _counts(row)], text)
        self._parts.account.put_key(root=row.kid)
        return row.kid

    def check_root(self, *, replace: bool) -> None:
        """Whether a new recovery code can be made, or take another's place: asked before one is shown."""
        standing = _roots(self._list())
        if standing and not replace:
            raise _has_root(standing[0])
        if replace and not standing:
            raise _no_root()

    def make_root(self, secret: bytes) -> str:
        """The key of a new recovery code becomes the account's root and certifies this device; its kid."""
        root, listed = root_signer(secret), self._list()
        others = [row for row in _roots(listed) if row.kid != root.kid]
        if others:
            raise _has_root(others[0])
        self._add(root, "")
        return self._adopt(root)

    def claim_root(self, secret: bytes) -> str:
        """Ask that a new root takes the lost one's place: waits for the operator, in all devices' sight."""
        root, enrolment = root_signer(secret), self.enrolment()
        standing = _roots(self._list())
        if not standing:
            raise _no_root()
        old = standing[0].kid
        proof = root.sign(rotate_input(enrolment.origin, enrolment.account, old, root.kid))
        self._add(root, old, b64u(proof))
        return root.kid

    def recover(self, secret: bytes) -> str:
        """The recovery code certifies this device, new or not; the root's kid."""
        root = root_signer(secret)
        known = [row.kid for row in self._list().keys if row.kind == "root" and _counts(row)]
        if root.kid not in known:
            raise KnownError(
                "This is not the recovery code of this account",
                "It may be another account's, or a later code replaced it. A diary kept on one computer only "
                "has its account in that home folder: put a backup of it back. Nothing was changed.",
                subject=" ".join(words(root.kid, SHORT_WORDS)),
                exit_code=ExitCode.REFUSED,
            )
        return self._adopt(root)

    def certify(self, code: str) -> KeyRow:
        """Vouch for the waiting key whose words were compared; `code`: its first words, at least four."""
        waiting = [shown.row for shown in self.shown() if shown.standing in {"waiting", "certified"}]
        row = _by_words(waiting, code)
        if row.kid == self._parts.keys.kid:
            raise _refused("A key does not certify itself", "Do it on another computer of yours.")
        self._parts.journal.sign_account("cert", *_certificate(self.enrolment(), row))
        return row

    def revoke(self, name: str, why: str, secret: bytes | None = None) -> KeyRow:
        """End a key; `name`: its kid or words. With the recovery secret the root says so."""
        row = self._named(name)
        if row.kid == self._parts.keys.kid and secret is None:
            raise _refused(
                "A computer does not revoke itself", "Do it on another one of yours, or with --root here."
            )
        clear: JsonObject = {"account": self.enrolment().account, "kid": row.kid, "why": why}
        self._sign("revoke", clear, {}, secret)
        return row

    def endorse(self, name: str, before_ms: int, secret: bytes) -> tuple[LoggedHead, ...]:
        """By the root: what a revoked key had logged before `before_ms` is its owner's own. Its heads."""
        row = self._named(name)
        heads = self._parts.server.key_heads(row.kid, before_ms).heads
        if not heads:
            raise _none("Nothing was logged by then", "That key has no records from before that time.")
        named: list[JsonValue] = [{"stream": head.stream, "seq": head.seq, "id": head.id} for head in heads]
        clear: JsonObject = {"account": self.enrolment().account, "kid": row.kid, "heads": named}
        self._sign("endorse", clear, {}, secret)
        return heads

    def rejoin(self, stream: str, secret: bytes) -> int:
        """By the root: both branches wherever the stream parts are the owner's; how many were named."""
        try:
            forks = self._parts.server.forks(stream).forks
        except RefusedError as refused:
            if refused.problem.code != ProblemCode.NOT_FOUND:
                raise
            raise _none("No such stream", "The server holds no stream of yours under this name.") from refused
        if not forks:
            raise _none("Nothing to rejoin", "This stream does not part anywhere.")
        named = 0
        for fork in forks:
            for other in fork.ids[1:]:
                clear: JsonObject = {"of": stream, "from": fork.seq, "branches": [fork.ids[0], other]}
                self._sign("rejoin", clear, {}, secret)
                named += 1
        return named

    def rotate(self) -> str:
        """A new key takes this device's place; its kid."""
        self._list()  # whoever was revoked is told so before anything is signed
        return self._parts.journal.rotate()

    def _list(self) -> KeyList:
        self.enrolment()
        return self._parts.server.keys()

    def _add(self, root: Ed25519Signer, replaces: str, rotate_proof: str = "") -> None:
        enrolment = self.enrolment()
        proof = root.sign(key_proof_input(enrolment.origin, enrolment.account, "root"))
        asked = KeyRequest("root", root.jwk, b64u(proof), _ROOT_NAME, replaces, rotate_proof)
        try:
            self._parts.server.add_key(asked)
        except RefusedError as refused:
            problem = refused.problem
            raise _refused(
                "The server does not take this root", f"{problem.detail or problem.code}."
            ) from refused

    def _adopt(self, root: Ed25519Signer) -> str:
        """Certify this device by the root, and know the root from now on."""
        enrolment, listed = self.enrolment(), self._list()
        own = next(row for row in listed.keys if row.kid == self._parts.keys.kid)
        self._catch_up(root, listed)
        clear, slots = _certificate(enrolment, own)
        record = self._as_root(root, "cert", clear, slots)
        self._parts.account.put_key(root=root.kid, cert=record.jws)
        return root.kid

    def _sign(
        self, kind: str, clear: JsonObject, slots: Mapping[str, JsonValue], secret: bytes | None
    ) -> SignedRecord:
        """By this device, or by the root if its secret is given."""
        if secret is None:
            return self._parts.journal.sign_account(kind, clear, slots)
        root, listed = root_signer(secret), self._list()
        if root.kid not in {row.kid for row in listed.keys if row.kind == "root" and _counts(row)}:
            raise _refused("This is not the recovery code of this account", "Nothing was signed.")
        self._catch_up(root, listed)
        return self._as_root(root, kind, clear, slots)

    def _as_root(
        self, root: Ed25519Signer, kind: str, clear: JsonObject, slots: Mapping[str, JsonValue]
    ) -> SignedRecord:
        return self._parts.journal.sign_as_root(root, kind, Drafted(clear, dict(slots), ()))

    def _catch_up(self, root: Ed25519Signer, listed: KeyList) -> None:
        """Where the root signed on another computer since, its stream is not this spool's any more."""
        stream = next((row.stream for row in listed.keys if row.kid == root.kid), "")
        head = self._parts.server.head(stream) if stream else None
        scope = root_scope(root.kid)
        if head is not None and not self._parts.journal.knows(scope, Head(head.stream, head.seq, head.id)):
            self._parts.journal.supersede(scope, Head(head.stream, head.seq, head.id))

    def _named(self, name: str) -> KeyRow:
        rows = [row for row in self._list().keys if _counts(row) or row.revoked_ms is not None]
        exact = [row for row in rows if row.kid == name]
        return exact[0] if exact else _by_words(rows, name)


def fingerprint(kid: str) -> str:
    """A key as words to compare."""
    return " ".join(words(kid))


def _counts(row: KeyRow) -> bool:
    return row.revoked_ms is None and not row.rotated_to


def _roots(listed: KeyList) -> list[KeyRow]:
    return [row for row in listed.keys if row.kind == "root" and _counts(row)]


def _certificate(enrolment: Enrolment, row: KeyRow) -> tuple[JsonObject, JsonObject]:
    jwk: JsonObject = {**row.jwk}
    clear: JsonObject = {
        "account": enrolment.account,
        "jwk": jwk,
        "class": row.key_class,
        "role": row.role,
    }
    return clear, {"name": row.name or None}


def _by_words(rows: Iterable[KeyRow], text: str) -> KeyRow:
    """The one key whose words begin so. Raises KnownError (exit 6)."""
    said = tuple(_WORD.findall(text.lower()))
    if SHORT_WORDS <= len(said) <= WORDS:
        found = [row for row in rows if words(row.kid, len(said)) == said]
        if len(found) == 1:
            return found[0]
    raise _none(
        "No such key",
        f"Give its name, or at least {SHORT_WORDS} of its words, as `workdiary keys devices` shows them.",
    )


def _has_root(row: KeyRow) -> KnownError:
    return KnownError(
        "This account has a recovery code already",
        "Use it with `workdiary keys recover`. If it is lost, `workdiary keys root --replace` asks "
        "for a new one.",
        subject=" ".join(words(row.kid)),
        exit_code=ExitCode.REFUSED,
    )


def _no_root() -> KnownError:
    return _none("This account has no recovery code yet", "`workdiary keys root` makes one.")


def _none(title: str, message: str) -> KnownError:
    return KnownError(title, message, exit_code=ExitCode.NOT_FOUND)


def _refused(title: str, message: str) -> KnownError:
    return KnownError(title, message, exit_code=ExitCode.REFUSED)
