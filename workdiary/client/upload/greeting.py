"""The first words with a server after a start or a break: it is ours, and still has what we sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from workdiary.client.account import Account, Enrolment, Offer, Trust
from workdiary.client.sign.journal import Journal
from workdiary.client.sign.signer import Head
from workdiary.client.spool.store import Spool
from workdiary.client.upload.answers import NonsenseError, RefusedError, StoppedError
from workdiary.client.upload.enrol import check_witnesses
from workdiary.client.upload.epochs import Epochs, epoch_number
from workdiary.client.upload.pins import offered, pinned
from workdiary.client.upload.server import DiaryServer
from workdiary.client.upload.standing import standings
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import ID
from workdiary.evidence.kinds.base import ORIGIN
from workdiary.evidence.notes import parse_vkey
from workdiary.verify.checks import same_installation
from workdiary.wire.messages import CHECK_MAX, Installation
from workdiary.wire.problems import TITLES, ProblemCode


@dataclass(frozen=True, slots=True)
class GreetingParts:
    """What greeting takes."""

    spool: Spool
    account: Account
    journal: Journal
    server: DiaryServer


class Greeting:
    """Raises as `answers` says; StoppedError if it is not the server that was pinned."""

    def __init__(self, parts: GreetingParts, wall_ms: Callable[[], int]) -> None:
        self._parts = parts
        self._wall_ms = wall_ms
        self._epochs = Epochs(parts.account, parts.server, wall_ms)

    def greet(self, enrolment: Enrolment) -> Enrolment:
        """The enrolment with what is pinned now: witnesses that came later, the log's present epoch."""
        shown = self._shown(enrolment)
        self._pin_witnesses(shown)
        enrolment = self._parts.account.enrolment or enrolment
        if shown.origin != enrolment.origin:
            enrolment = self._epochs.follow(enrolment, shown.origin)
        self._compare_heads()
        self._ask_for_sent()
        self._learn_certificate(enrolment)
        self._parts.account.note(lambda known: replace(known, refused=""))
        return enrolment

    def _shown(self, enrolment: Enrolment) -> Installation:
        """What answers, if it is ours; asked twice before anything stops for bytes spoiled on the way."""
        try:
            shown = self._parts.server.installation()
            _check_pins(shown, enrolment)
        except StoppedError:
            shown = self._parts.server.installation()
            _check_pins(shown, enrolment)
        return shown

    def _learn_certificate(self, enrolment: Enrolment) -> None:
        """Another computer of the account may have certified this one: its next streams carry that."""
        if enrolment.cert:
            return
        try:
            listed = self._parts.server.keys()
        except RefusedError:
            return  # a server of an earlier release
        own = next(
            (item for item in standings(listed, enrolment.root) if item.row.kid == enrolment.kid), None
        )
        if own is not None and own.standing in {"rooted", "certified"}:
            self._parts.account.put_key(cert=own.row.cert)

    def _pin_witnesses(self, shown: Installation) -> None:
        """Pin what only makes a note harder to get; what else is shown is told, and changes nothing."""
        try:
            check_witnesses(shown)
        except EvidenceError as error:
            raise NonsenseError from error
        account = self._parts.account
        account.amend(lambda known: pinned(known, shown))
        known = account.enrolment
        offer = None if known is None else offered(known, shown, self._wall_ms())
        account.note(lambda trust: _with_offer(trust, offer))

    def _compare_heads(self) -> None:
        """Where the server knows more of a stream than this spool, the spool was restored.

        Never sign on it.
        """
        for scope, stream, seq in self._parts.spool.queue.streams():
            head = self._parts.server.head(stream)
            if head is None:
                continue
            try:
                ID.check(head.id, "id")
            except EvidenceError as error:
                raise NonsenseError from error
            if head.seq > seq or self._parts.spool.book.id_at(stream, head.seq) != head.id:
                if self._parts.server.head(stream) != head:
                    raise NonsenseError  # spoiled on the way; no stream is left for that
                self._parts.journal.supersede(scope, Head(stream, head.seq, head.id))

    def _ask_for_sent(self) -> None:
        """After a start the newest of what was sent, after a new epoch all of it; what is lost goes again."""
        queue, account = self._parts.spool.queue, self._parts.account
        everything = any(not item.searched for item in account.new_logs())
        before: int | None = None
        while page := queue.arrived(CHECK_MAX, before):
            rids = {rid for _, rid in page}
            reply = self._parts.server.check(sorted(rids))
            for rid in rids.intersection(reply.missing):
                queue.again(rid)
            for rid in rids.intersection(reply.gone):
                queue.gone(rid, TITLES[ProblemCode.GONE], self._wall_ms())
            if not everything:
                return
            before = page[-1][0]
        if everything:
            # Everything sent to an earlier epoch was asked for. Of images nobody knows which the backup held.
            queue.images_again()
            account.note(_all_searched)


def _check_pins(shown: Installation, enrolment: Enrolment) -> None:
    """Raise StoppedError unless the server shows what this device pinned when it enrolled.

    The log may have begun a later epoch, under the same key. Nothing is kept of it: whoever answers at a
    loopback port now proves nothing against the operator.
    """
    if not same_installation(shown.origin, enrolment.origin):
        raise StoppedError("Another installation answers at this address. Everything stays here.")
    try:
        ORIGIN.check(shown.origin, "origin")
        key, own = parse_vkey(shown.log_vkey), parse_vkey(enrolment.log_vkey)
    except EvidenceError as error:
        raise NonsenseError from error
    if epoch_number(shown.origin) < epoch_number(enrolment.origin):
        raise StoppedError("The server shows a log it had given up. Everything stays here.")
    keys = (key.name, key.public, shown.upload_jwk, shown.operator_jwk)
    pinned = (shown.origin, own.public, enrolment.upload_jwk, enrolment.operator_jwk)
    if keys != pinned:
        raise StoppedError("The server shows other keys than it was pinned with. Everything stays here.")


def _with_offer(known: Trust, offer: Offer | None) -> Trust:
    """The instant of an offer that is known already stays."""
    same = offer is not None and known.offer == replace(offer, at_ms=known.offer.at_ms if known.offer else 0)
    return known if same else replace(known, offer=offer)


def _all_searched(known: Trust) -> Trust:
    return replace(known, new_logs=tuple(replace(item, searched=True) for item in known.new_logs))
