"""What is said of records later: removed, claimed, annotated, named anew, replaced.

A wish is durable before anything is signed, and it is signed right after the records it names: nothing of it
can be lost or done by half, whenever the power goes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from workdiary.client.account import Account
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.model import ShotImage
from workdiary.client.sign import drafts
from workdiary.client.sign.book import Book, Target
from workdiary.client.sign.drafts import REDACTED_SLOTS
from workdiary.client.sign.held import Annotation, DiscardWhy, IdleClaim, RedactScope, Span
from workdiary.client.sign.holes import holes_of
from workdiary.client.sign.pen import Effect, Pen, UnsignableError
from workdiary.client.sign.waiting import Pending, Wish
from workdiary.evidence.times import UUID7_ENTROPY_BYTES, uuid7

_LOG = logging.getLogger(__name__)
# Later records in which a part of a segment lies.
_ABOUT: Final[dict[RedactScope, tuple[str, ...]]] = {
    "shots": ("replace",),
    "memo": ("memo", "idle-claim"),
    "apps": (),
    "several": ("replace", "memo", "idle-claim"),
}


class Amending:
    """The amendments of `Journal`, which is their only user: one pen, one lock. Methods raise KnownError."""

    def __init__(self, book: Book, account: Account, pen: Pen) -> None:
        self._book = book
        self._account = account
        self._pen = pen
        self._lock = threading.RLock()

    def redact(
        self, contract: str, rids: Sequence[str], why: str = "owner", scope: RedactScope = "shots"
    ) -> list[str]:
        """Remove images, memo and label, or application names of segments for good.

        why: owner, private, third-party or erasure. What is still held is removed where it lies; for signed
        ones a `redact` is signed, and in the same transaction the keys, texts and images here end. Returns
        the segments that had something to remove: the others were so already.
        """
        with self._lock:
            changed = []
            for target in [self._segment(contract, rid) for rid in rids]:
                done = [self._book.strip(target.rid, scope)]
                if target.id is not None or (scope == "apps" and target.is_open and not done[0]):
                    spoken = self._speaking(target, scope)
                    done += [self._redact(one, target.rid, why, scope) for one in spoken]
                changed += [target.rid] if any(done) else []
            with suppress(KnownError):  # durable: `sign_due` signs it, and says what keeps it from that
                self.carry_out()
            return changed

    def discard(self, contract: str, spans: Sequence[Span], why: DiscardWhy = "owner") -> str:
        """Remove time; durable at once. Returns the record's rid, its handle while that waits, or "".

        The whole of a held segment is removed where it lies (its rid is returned); a segment named that is
        not signed yet has its removal signed right after it. "": all of it was removed before.
        """
        with self._lock:
            left, done = [], ""
            for span in spans:
                target = self._segment(contract, span.rid)
                if why == "owner" and self._whole(target, span) and self._book.strip(span.rid, "time"):
                    done = span.rid
                elif not self._removed(target, span, why):
                    left.append(span)
            if not left:
                return done
            return self._ask(Wish(self._account.contract(contract).id, "discard", tuple(left), why))

    def remove(self, contract: str, span: Span) -> bool:
        """Remove the whole of a segment that has ended; False: it was removed before.

        span: all of it. One that is not signed yet is emptied where it lies, also while its close still waits
        for a shot: nothing of it is signed.
        """
        with self._lock:
            if self._segment(contract, span.rid).id is None:
                return self._book.strip(span.rid, "time")
            return bool(self.discard(contract, [span]))

    def claim_idle(self, contract: str, discard: str, spans: Sequence[Span], claim: IdleClaim) -> str:
        """Take idle time back; discard: rid or handle of what removed it. Returns the rid or a handle."""
        drafts.check_slot("idle-claim", "memo", claim.memo)
        more = {"choice": claim.choice, "memo": claim.memo}
        with self._lock:
            known, now = self._account.contract(contract).id, self._pen.clock.wall_ms()
            return self._ask(Wish(known, "idle-claim", tuple(spans), "", discard, None, more, now))

    def undo_claim(self, contract: str, claim: str) -> str:
        """Nothing claims that idle time any more: what waits is taken back, what is signed is discarded.

        Every claim on the same discard: of many spans they are several. Returns the rid or a handle of what
        was signed, "" if nothing had to be.
        """
        with self._lock:
            waiting = [item for item in self._book.pending() if item.wish.kind == "idle-claim"]
            named = next((item.wish.tgt for item in waiting if item.handle == claim), None)
            origin = self._target(contract, named or self._target(contract, claim).takes_back or claim)
            for item in waiting:
                if self._book.target(item.wish.tgt or "") == origin:
                    self._book.drop_pending(item.ord)
            spans = []
            for one in self._book.about(origin.rid, "idle-claim"):
                listed = drafts.spans_of(self._book.text(one.rid))
                whole = Span(one.rid, min(s[1] for s in listed), max(s[2] for s in listed))
                spans += [] if self._removed(one, whole, "owner") else [whole]
            return self._ask(Wish(origin.contract, "discard", tuple(spans), "owner")) if spans else ""

    def annotate(self, contract: str, annotation: Annotation) -> str:
        """Say what needs no input in a span; returns the rid or a handle."""
        drafts.check_slot("annotate", "text", annotation.text)
        more = {
            "type": annotation.type,
            "start": annotation.start_ms,
            "end": annotation.end_ms,
            "text": annotation.text,
        }
        with self._lock:
            return self._ask(Wish(self._account.contract(contract).id, "annotate", more=more))

    def set_memo(self, contract: str, rids: Sequence[str], memo: str, label: str | None) -> list[str]:
        """Name earlier segments anew; returns those whose memo or label was another."""
        drafts.check_slot("memo", "memo", memo)
        drafts.check_slot("memo", "label", label)
        more = {"memo": memo, "label": label}
        with self._lock:
            changed = []
            for target in [self._segment(contract, rid) for rid in rids]:
                if target.id is None and not target.is_open:
                    changed += [target.rid] if self._book.rename(target.rid, memo, label) else []
                elif self._named(target) not in {(memo, label), None}:
                    self._book.pend(Wish(target.contract, "memo", tgt=target.rid, more=more))
                    changed.append(target.rid)
            with suppress(KnownError):  # durable: `sign_due` signs it, and says what keeps it from that
                self.carry_out()
            return changed

    def replace(self, contract: str, rid: str, slot: str, image: ShotImage) -> str:
        """Put a blurred image in the place of a signed one, whose key and files end; returns the rid.

        rid: of the segment, or of the `replace` whose image is replaced in turn; image: files are durable.
        """
        with self._lock:
            target = self._target(contract, rid)
            digest = target.digests.get(slot)
            if target.id is None or digest is None:
                raise KnownError(
                    "There is no such image", "It was removed.", subject=rid, exit_code=ExitCode.NOT_FOUND
                )
            effect = Effect(targets=(target.rid, *target.of), destroy=(digest,), replaced=image)
            record = self._pen.sign(
                target.contract, "replace", drafts.replace(target.id, digest, image), effect
            )
            return str(record.payload["rid"])

    def undisturbed(self, work: Callable[[], None]) -> None:
        """Do something to the spool while nothing is being signed."""
        with self._lock:
            work()

    def carry_out(self) -> list[str]:
        """Sign every wish whose records are all signed, in the order of asking; returns the rids."""
        with self._lock:
            signed: list[str] = []
            for item in self._book.pending():
                found = {name: self._book.target(name) for name in item.wish.names}
                if all(target is None or target.id is not None for target in found.values()):
                    known = {name: target for name, target in found.items() if target is not None}
                    signed.extend(self._sign(item, known))
            return signed

    def _ask(self, wish: Wish) -> str:
        """Make a wish durable, and sign it if it need not wait."""
        handle = self._book.pend(wish)
        with suppress(KnownError):  # durable: `sign_due` signs it, and says what keeps it from that
            self.carry_out()
        target = self._book.target(handle)
        return handle if target is None or target.id is None else target.rid

    def _sign(self, item: Pending, known: dict[str, Target]) -> list[str]:
        signed: list[str] = []
        parts = drafts.of(item.wish, known)
        if not parts:
            self._book.drop_pending(item.ord)
        for number, part in enumerate(parts, 1):
            rid = None
            if part.instant_ms is not None:
                rid = uuid7(part.instant_ms, self._pen.entropy(UUID7_ENTROPY_BYTES))
            effect = Effect(
                targets=part.targets,
                destroy=part.destroy,
                pending=item.ord if number == len(parts) else None,
                rid=rid,
            )
            try:
                record = self._pen.sign(item.wish.contract, item.wish.kind, part.drafted, effect)
            except UnsignableError as error:
                # It stays, and blocks nothing: checked when it was asked for, so that a bug is the only way.
                _LOG.error("%s cannot be signed: %s", item.wish.kind, error.message)
                return signed
            signed.append(str(record.payload["rid"]))
        return signed

    def _redact(self, target: Target, segment: str, why: str, scope: RedactScope) -> bool:
        """Whether a wish was needed."""
        slots = [slot for slot in target.digests if slot.startswith(REDACTED_SLOTS[scope])]
        values = self._book.values(target.rid)
        if target.id is not None and all(values.get(slot, "") is None for slot in slots):
            return False
        more = {"scope": scope}
        waiting = [item.wish for item in self._book.pending() if item.wish.kind == "redact"]
        if any(wish.tgt == target.rid and wish.more == more for wish in waiting):
            return False
        self._book.pend(Wish(target.contract, "redact", why=why, tgt=target.rid, of=segment, more=more))
        return True

    def _speaking(self, target: Target, scope: RedactScope) -> list[Target]:
        """The segment, and the later records that stand for a part of it."""
        return [target, *(one for kind in _ABOUT[scope] for one in self._book.about(target.rid, kind))]

    def _removed(self, target: Target, span: Span, why: DiscardWhy) -> bool:
        """Whether all of a span was discarded before, signed or waiting."""
        if target.removed:
            return True
        found = holes_of(self._book, target)
        holes = [(hole.start_ms, hole.end_ms) for hole in found if why == "idle" or hole.why == "owner"]
        return not drafts.left(span, target, holes)

    def _whole(self, target: Target, span: Span) -> bool:
        unsigned = target.id is None and not target.is_open
        return unsigned and (span.start_ms, span.end_ms) == (target.start_ms, target.end_ms)

    def _named(self, target: Target) -> tuple[object, object] | None:
        """Memo and label of a segment as they stand, None if they were removed with its time."""
        said = [target, *self._book.about(target.rid, "memo")][-1]
        values = self._book.values(said.rid)
        waiting = [w.wish for w in self._book.pending() if w.wish.kind == "memo" and w.wish.tgt == target.rid]
        if waiting:
            values = {**waiting[-1].more}
        if target.id is not None and values.get("memo") is None:
            return None
        return values.get("memo"), values.get("label")

    def _segment(self, contract: str, rid: str) -> Target:
        target = self._target(contract, rid)
        if target.kind != "segment":
            raise _no_such(rid)
        return target

    def _target(self, contract: str, rid: str) -> Target:
        target = self._book.target(rid)
        if target is None or target.contract != self._account.contract(contract).id:
            raise _no_such(rid)
        return target


def _no_such(rid: str) -> KnownError:
    return KnownError(
        "No such segment",
        "This home has recorded nothing under this id for this contract.",
        subject=rid,
        exit_code=ExitCode.NOT_FOUND,
    )
