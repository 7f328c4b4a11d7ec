"""Signs, each record exactly once.

seq, prev, salts, JWS, disclosures and head are committed in one SQLite transaction before a byte leaves; then
the head goes into the key store. A spool that is new, restored or behind that head never signs on that stream
again but opens a new one that names the old (evidence.md, Streams). One signer per home; thread-safe.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from workdiary.client.account import Account, Contract
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.sign import terms
from workdiary.client.sign.book import Book, PendingDiscard, Target
from workdiary.client.sign.held import DiscardWhy, HeldSegment, RedactScope, Span
from workdiary.client.sign.pen import Effect, Instants, Pen, Recorded, SigningContext, UnsignableError
from workdiary.client.sign.root import ROOT, RootHand
from workdiary.client.sign.rotation import finish_rotation, rotation
from workdiary.client.sign.segment_record import Drafted, draft
from workdiary.client.sign.signer import DeviceKeys, Head
from workdiary.client.sign.streams import ACCOUNT, root_scope
from workdiary.evidence.canonical import JsonObject, JsonValue, clip
from workdiary.evidence.envelope import SignedRecord
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.kinds.base import NAME_CAP
from workdiary.evidence.kinds.time import SPANS_CAP
from workdiary.rules.policy import PolicySet
from workdiary.wire.sealing import upload_kid

__all__ = ["Instants", "Journal", "SigningContext"]

_SCOPE_SLOTS: Mapping[RedactScope, tuple[str, ...]] = {
    "shots": ("shot.",),
    "memo": ("memo", "label"),
    "apps": ("app.",),
    "several": ("shot.", "memo", "label", "app."),
}


class Journal:
    """The one signer. Every method returns once the record is durable; KnownError: nothing half-signed."""

    def __init__(self, book: Book, keys: DeviceKeys, account: Account, context: SigningContext) -> None:
        self._book = book
        self._keys = keys
        self._account = account
        self._context = context
        self._pen = Pen(book, keys, account, context)
        self._lock = threading.RLock()

    def ensure_stream(self, contract: str, policy: PolicySet) -> None:
        """Open the contract's stream if need be: open (seq 0), in solo also terms and consent.

        Raises KnownError before enrolment, for an unknown contract and when the key store refuses.
        """
        with self._lock:
            known = self._account.contract(contract)
            self._pen.state(known.id)
            if self._pen.enrolment().server == "solo":
                self._ensure_terms(known, policy)
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
            effect = Effect(rid=held.start.rid, recorded=recorded)
            record = self._pen.sign(contract.id, "segment", drafted, effect)
            return record.id

    def sign_due(self, now_ms: int, *, force: bool = False) -> list[str]:
        """Sign everything whose hold ended, segments and waiting discards, strictly in order; returns rids.

        What cannot be signed stays held, with the reason in the outbox, and blocks nothing behind it.
        force: end the holds now as *keep* (Quit, Ctrl-C of `track`, crash recovery).
        """
        signed: list[str] = []
        with self._lock:
            for held in self._book.held(now_ms, force=force):
                try:
                    self.sign_segment(held)
                except UnsignableError as error:
                    self._book.stuck(held.start.rid, f"{error.title}. {error.message}")
                    continue
                signed.append(held.start.rid)
                signed.extend(self._sign_pending())
            signed.extend(self._sign_pending())
        return signed

    def sign_amendment(
        self, kind: str, contract: str, clear: Mapping[str, JsonValue], slots: Mapping[str, JsonValue]
    ) -> str:
        """Sign any other record on the contract's own stream; returns its rid."""
        with self._lock:
            record = self._pen.sign(contract, kind, Drafted(dict(clear), dict(slots), ()))
            return str(record.payload["rid"])

    def redact(
        self, contract: str, rids: Sequence[str], why: str = "owner", scope: RedactScope = "shots"
    ) -> list[str]:
        """Remove the images (or the memo) of segments for good; returns the rids of what was signed.

        why: owner, private, third-party or erasure. For signed ones a `redact` is signed, and in the same
        transaction the keys, texts and images here end; ones still held lose their images at once.
        Raises KnownError (exit 6) if there is nothing to remove.
        """
        with self._lock:
            signed, found = [], False
            for target in [self._target(contract, rid) for rid in rids]:
                digests = [
                    digest for slot, digest in target.digests.items() if slot.startswith(_SCOPE_SLOTS[scope])
                ]
                if target.id is None and scope == "shots":
                    self._book.remove_shots(target.rid)
                    found = True
                elif target.id is not None and digests:
                    signed.append(self._redact(target, tuple(digests), why, scope))
            if not signed and not found:
                raise KnownError(
                    "There is nothing to remove",
                    "These segments have no images here that could be removed.",
                    subject=", ".join(rids),
                    exit_code=ExitCode.NOT_FOUND,
                )
            return signed

    def discard(self, contract: str, spans: Sequence[Span], why: DiscardWhy = "owner") -> str:
        """Remove time; returns the rid of what was signed now, "" if that waits.

        Durable at once in any case: if a segment named is not signed yet, it is signed right after it.
        """
        with self._lock:
            targets = [self._target(contract, span.rid) for span in spans]
            self._book.pend(targets[0].contract, spans, why)
            return next(reversed(self._sign_pending()), "")

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

    def _ensure_terms(self, contract: Contract, policy: PolicySet) -> None:
        enrolment = self._pen.enrolment()
        last = self._book.last(contract.id, "terms")
        if last is not None and last[0] != contract.terms_id:
            # A crash between signing terms and noting them in the account.
            self._account.put_terms(contract.id, last[0], dict(last[1]))
            contract = self._account.contract(contract.id)
        party = terms.SoloParty(enrolment.account, upload_kid(enrolment.upload_jwk), enrolment.root or None)
        if contract.terms_id and not terms.differ(policy, party, contract.terms):
            return
        at_ms = self._context.clock.wall_ms()
        drafted = terms.solo_terms(policy, party, at_ms, contract.terms)
        record = self._pen.sign(contract.id, "terms", drafted)
        self._account.put_terms(contract.id, record.id, {**drafted.clear, **drafted.slots})

    def _redact(self, target: Target, digests: tuple[str, ...], why: str, scope: RedactScope) -> str:
        clear: JsonObject = {
            "tgt": target.id,
            "digests": [*digests],
            "scope": scope,
            "why": why,
        }
        effect = Effect(targets=(target.rid,), destroy=digests)
        record = self._pen.sign(target.contract, "redact", Drafted(clear, {}, ()), effect)
        return str(record.payload["rid"])

    def _sign_pending(self) -> list[str]:
        signed: list[str] = []
        for pending in self._book.pending():
            targets = {span.rid: self._book.target(span.rid) for span in pending.spans}
            if all(target is None or target.id is not None for target in targets.values()):
                signed.extend(self._sign_discard(pending, targets))
        return signed

    def _sign_discard(self, pending: PendingDiscard, targets: Mapping[str, Target | None]) -> list[str]:
        spans: list[JsonObject] = [
            {"tgt": target.id, "start": span.start_ms, "end": span.end_ms}
            for span in pending.spans
            if (target := targets[span.rid]) is not None
        ]
        signed: list[str] = []
        if not spans:
            self._book.drop_pending(pending.ord)
        for first in range(0, len(spans), SPANS_CAP):
            part = spans[first : first + SPANS_CAP]
            clear: JsonObject = {"spans": [*part], "why": pending.why}
            last = first + SPANS_CAP >= len(spans)
            effect = Effect(targets=tuple(targets), pending=pending.ord if last else None)
            record = self._pen.sign(pending.contract, "discard", Drafted(clear, {}, ()), effect)
            signed.append(str(record.payload["rid"]))
        return signed

    def _target(self, contract: str, rid: str) -> Target:
        target = self._book.target(rid)
        if target is None or target.contract != self._account.contract(contract).id:
            raise KnownError(
                "No such segment",
                "This home has recorded nothing under this id for this contract.",
                subject=rid,
                exit_code=ExitCode.NOT_FOUND,
            )
        return target
