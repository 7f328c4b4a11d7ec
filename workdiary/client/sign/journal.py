"""Signs, each record exactly once.

seq, prev, salts, JWS, disclosures and head are committed in one SQLite transaction before a byte leaves; then
the head goes into the key store. A spool that is new, restored or behind that head never signs on that stream
again but opens a new one that names the old (evidence.md, Streams). One signer per home; thread-safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workdiary.client.account import Account, Contract
from workdiary.client.errors import KnownError
from workdiary.client.sign import terms
from workdiary.client.sign.amending import Amending
from workdiary.client.sign.book import Book, ChangedError
from workdiary.client.sign.held import HeldSegment
from workdiary.client.sign.pen import Effect, Instants, Pen, Recorded, SigningContext, UnsignableError
from workdiary.client.sign.root import ROOT, RootHand
from workdiary.client.sign.rotation import finish_rotation, rotation
from workdiary.client.sign.segment_record import Drafted, draft
from workdiary.client.sign.signer import DeviceKeys, Head
from workdiary.client.sign.streams import ACCOUNT, root_scope
from workdiary.evidence.canonical import JsonObject, JsonValue, clip
from workdiary.evidence.envelope import SignedRecord, parse
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.kinds.base import NAME_CAP
from workdiary.evidence.streams import boot_mac
from workdiary.rules.policy import PolicySet
from workdiary.wire.sealing import upload_kid

__all__ = ["Instants", "Journal", "SigningContext"]


class Journal(Amending):
    """The one signer. Every method returns once the record is durable; KnownError: nothing half-signed."""

    def __init__(self, book: Book, keys: DeviceKeys, account: Account, context: SigningContext) -> None:
        super().__init__(book, account, Pen(book, keys, account, context))
        self._keys = keys
        self._context = context

    def ensure_stream(self, contract: str, policy: PolicySet, since_ms: int | None = None) -> None:
        """Open the contract's stream if need be: open (seq 0), in solo also terms and consent.

        since_ms: from when solo terms have to hold, where that is earlier than now or than those there are:
        time that is moved here is older.

        Raises KnownError before enrolment, for an unknown contract and when the key store refuses.
        """
        with self._lock:
            known = self._account.contract(contract)
            self._pen.state(known.id)
            if self._pen.enrolment().server == "solo":
                self._ensure_terms(known, policy, since_ms)
                if self._book.last(known.id, "consent") is None:
                    self._pen.sign(known.id, "consent", terms.consent())

    def sign_segment(self, held: HeldSegment) -> str:
        """Sign one closed segment (`Spool.held` gives them in order); returns the record's id."""
        with self._lock:
            contract = self._account.contract(held.start.contract)
            detail = str(contract.terms.get("detail", "bucket"))
            held = replace(held, cp0=self._account.of_own_log(held.cp0))
            drafted = draft(held, detail, self._build())
            recorded = Recorded(held.start.boot_id, held.close.progress.mono1)
            chosen = frozenset((s.shot_id, s.choice) for s in held.shots if s.choice not in {None, "keep"})
            effect = Effect(rid=held.start.rid, recorded=recorded, chosen=chosen)
            record = self._pen.sign(contract.id, "segment", drafted, effect)
            return record.id

    def sign_due(self, now_ms: int, *, force: bool = False) -> list[str]:
        """Sign whatever hold has ended, and what waits for it, strictly in order; returns rids.

        What cannot be signed stays held, with the reason in the outbox, and blocks nothing behind it.
        force: end the holds now as *keep* (Quit, Ctrl-C of `track`, crash recovery).
        """
        signed: list[str] = []
        changed: set[str] = set()
        with self._lock:
            for held in self._book.held(now_ms, force=force):
                if held.start.contract in changed:
                    continue
                try:
                    self.sign_segment(held)
                except ChangedError:
                    # Its owner has just chosen: whoever carries that out signs it as it is then.
                    changed.add(held.start.contract)
                    continue
                except UnsignableError as error:
                    self._book.stuck(held.start.rid, f"{error.title}. {error.message}")
                    continue
                signed.append(held.start.rid)
                signed.extend(self.carry_out())
            signed.extend(self.carry_out())
        return signed

    def sign_amendment(
        self, kind: str, contract: str, clear: Mapping[str, JsonValue], slots: Mapping[str, JsonValue]
    ) -> str:
        """Sign any other record on the contract's own stream; returns its rid."""
        with self._lock:
            record = self._pen.sign(contract, kind, Drafted(dict(clear), dict(slots), ()))
            return str(record.payload["rid"])

    def sign_account(
        self, kind: str, clear: Mapping[str, JsonValue], slots: Mapping[str, JsonValue]
    ) -> SignedRecord:
        """Sign a record about the account's keys on this device's own account stream."""
        with self._lock:
            return self._pen.sign(ACCOUNT, kind, Drafted(dict(clear), dict(slots), ()))

    def sign_as_root(self, root: Ed25519Signer, kind: str, drafted: Drafted) -> SignedRecord:
        """Sign a record on the root's account stream, while the recovery code's key is in memory."""
        with self._lock:
            hand = RootHand(self._keys, root)
            pen = Pen(self._book, hand, self._account, self._context, ROOT)
            return pen.sign(root_scope(root.kid), kind, drafted)

    def rotate(self) -> str:
        """Sign that a new key takes this device's place, and go on under it; the new kid.

        The streams of the new key name those of the old one. Raises KnownError.
        """
        with self._lock:
            enrolment = self._pen.enrolment()
            new = self._keys.next_signer(self._context.entropy)
            if new is None:
                raise KnownError(
                    "The key store does not keep the new key",
                    "The old one goes on.",
                    subject=self._keys.place,
                )
            clear = rotation(enrolment.origin, enrolment.account, self._keys.kid, new)
            self._pen.sign(ACCOUNT, "rotate", Drafted(clear, {}, ()))
            finish_rotation(self._keys, self._account, self._book)
            return new.kid

    def boot_of(self, rid: str) -> str:
        """The boot a signed record was made in: the OS's id if it is this one.

        Of another boot only what the record shows is left, which stands for it as well: the same for all
        records of that boot.
        """
        with self._lock:
            record = parse(self._book.text(rid))
            now = self._context.clock.boot_id()
            known = str(record.payload["boot"])
            return now if boot_mac(self._keys.stream_key(record.stream), now) == known else known

    def supersede(self, scope: str, head: Head) -> None:
        """The server holds records of our stream that this spool does not.

        Never sign on that stream again.
        """
        with self._lock:
            self._keys.put_head(scope, head)

    def knows(self, scope: str, head: Head) -> bool:
        """Whether this spool, or at least the key store, is not behind a head that the server shows."""
        with self._lock:
            kept = self._keys.head(scope)
            ahead = kept is not None and kept.stream == head.stream and kept.seq >= head.seq
            return ahead or self._book.id_at(head.stream, head.seq) == head.id

    def _build(self) -> JsonObject:
        return {name: clip(text, NAME_CAP) for name, text in self._context.build.items()}

    def _ensure_terms(self, contract: Contract, policy: PolicySet, since_ms: int | None) -> None:
        enrolment = self._pen.enrolment()
        last = self._book.last(contract.id, "terms")
        if last is not None and last[0] != contract.terms_id:
            # A crash between signing terms and noting them in the account.
            self._account.put_terms(contract.id, last[0], dict(last[1]))
            contract = self._account.contract(contract.id)
        party = terms.SoloParty(enrolment.account, upload_kid(enrolment.upload_jwk), enrolment.root or None)
        now = self._context.clock.wall_ms()
        early = since_ms is not None and since_ms < terms.begins_ms(contract.terms, now)
        if contract.terms_id and not early and not terms.differ(policy, party, contract.terms):
            return
        at_ms = since_ms if early and since_ms is not None else now
        before = {**contract.terms, "span": None} if early else contract.terms
        drafted = terms.solo_terms(policy, party, at_ms, before)
        record = self._pen.sign(contract.id, "terms", drafted)
        self._account.put_terms(contract.id, record.id, {**drafted.clear, **drafted.slots})
