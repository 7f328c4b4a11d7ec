"""The pen: builds, seals and commits one record, and keeps the key store's head up with the spool's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from workdiary.client.account import Account, Enrolment
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.image_file import decode_key
from workdiary.client.segment.model import ShotImage
from workdiary.client.sign.book import Book, NewRecord, SealedImage, StreamState
from workdiary.client.sign.segment_record import Drafted
from workdiary.client.sign.streams import Hand, Opening, contract_of, whereto
from workdiary.evidence.canonical import JsonObject, b64u, unb64u
from workdiary.evidence.envelope import SignedRecord, build
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.kinds.base import Common, TreeHead
from workdiary.evidence.records import KINDS
from workdiary.evidence.streams import StreamHead as Head
from workdiary.evidence.streams import boot_mac
from workdiary.evidence.times import UUID7_ENTROPY_BYTES, uuid7
from workdiary.wire.sealing import seal_key

STREAM_BYTES = 16


class Instants(Protocol):
    """The clock readings a record carries (segment/clock.py has them)."""

    def wall_ms(self) -> int:
        """UTC wall clock."""
        ...

    def total_ms(self) -> int:
        """Monotonic, suspend included."""
        ...

    def boot_id(self) -> str:
        """The OS boot id."""
        ...


class UnsignableError(KnownError):
    """What was recorded does not fit the record format; it stays as it is, unsigned."""

    def __init__(self, kind: str, error: EvidenceError) -> None:
        super().__init__(
            "This cannot be signed",
            f"It does not fit the record format ({error.message}). It stays here, and later ones go on; "
            "a newer WorkDiary may be able to sign it.",
            subject=kind,
        )


@dataclass(frozen=True, slots=True)
class SigningContext:
    """What every record takes from outside.

    build: {version, commit, os, backend} texts of at most 200 bytes; entropy: os.urandom.
    """

    clock: Instants
    build: Mapping[str, str]
    entropy: Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where a segment's monotonic readings come from: the boot they began in, and the last one, ms."""

    boot_id: str
    mono1: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a record does besides being there (`NewRecord`); rid, recorded: given for segments."""

    targets: tuple[str, ...] = ()
    destroy: tuple[str, ...] = ()
    pending: int | None = None
    rid: str | None = None
    recorded: Recorded | None = None
    replaced: ShotImage | None = None
    chosen: frozenset[tuple[str, str]] = frozenset()


class Pen:
    """Signs with one key of one home; not thread-safe (the journal locks).

    role: what the key is, "" for what the device is enrolled as.
    """

    def __init__(
        self, book: Book, hand: Hand, account: Account, context: SigningContext, role: str = ""
    ) -> None:
        self._book = book
        self._hand = hand
        self._account = account
        self._context = context
        self._role = role

    @property
    def clock(self) -> Instants:
        """The readings a record carries."""
        return self._context.clock

    @property
    def entropy(self) -> Callable[[int], bytes]:
        """Where random bytes come from."""
        return self._context.entropy

    def state(self, scope: str) -> StreamState:
        """The stream to sign on, opened if need be. Raises KnownError."""
        place = whereto(self._book, self._hand, scope)
        if isinstance(place, Opening):
            self._open(scope, place)
            place = whereto(self._book, self._hand, scope)
        if isinstance(place, Opening):
            raise KnownError(
                "The key store does not keep the stream's head",
                "Signing waits; what is recorded stays here. Unlock or repair the keyring.",
                subject=self._hand.place,
                permanent=False,
            )
        return place

    def _open(self, scope: str, opening: Opening) -> None:
        enrolment = self.enrolment()
        clear: JsonObject = {
            "jwk": {**self._hand.signer.jwk},
            "cert": None if self._role else enrolment.cert or None,
            "class": self._hand.key_class,
            "role": self._role or enrolment.role,
            "resume": opening.resume,
        }
        first = StreamState(b64u(self._context.entropy(STREAM_BYTES)), opening.generation, -1, "")
        self._commit(scope, first, "open", Drafted(clear, {}, ()), Effect())

    def sign(self, scope: str, kind: str, drafted: Drafted, effect: Effect | None = None) -> SignedRecord:
        """Sign and commit one record on the scope's stream."""
        return self._commit(scope, self.state(scope), kind, drafted, effect or Effect())

    def _commit(
        self, scope: str, state: StreamState, kind: str, drafted: Drafted, effect: Effect
    ) -> SignedRecord:
        enrolment = self.enrolment()
        at_ms = self._context.clock.wall_ms()
        newest = self._account.of_own_log(self._account.newest())
        boot_id, mono = self._boot(effect.recorded)
        skips = tuple(self._book.skips(state.stream)) if state.seq >= 0 else ()
        contract = contract_of(scope)
        common = Common(
            log=enrolment.origin,
            ctr=contract,
            stream=state.stream,
            seq=state.seq + 1,
            prev=state.head or None,
            rid=effect.rid or uuid7(at_ms, self._context.entropy(UUID7_ENTROPY_BYTES)),
            at=at_ms,
            boot=boot_mac(self._hand.stream_key(state.stream), boot_id),
            mono=mono,
            cp=None if newest is None else TreeHead(newest.size, newest.root),
            terms=None if contract is None else self._account.contract(contract).terms_id or None,
            skips=skips,
        )
        clear = {**common.fields(), **drafted.clear}
        if KINDS[kind].party:
            clear.setdefault("on_behalf", None)  # a device speaks for itself
        try:
            record = build(kind, clear, drafted.slots, self._hand.signer, self._context.entropy)
        except EvidenceError as error:
            raise UnsignableError(kind, error) from error
        self._book.commit(
            NewRecord(
                scope,
                state.generation,
                record,
                newest,
                targets=effect.targets,
                images=_sealed(record, drafted, enrolment),
                skips=skips,
                destroy=effect.destroy,
                pending=effect.pending,
                replaced=effect.replaced,
                chosen=effect.chosen,
            )
        )
        with suppress(KnownError):
            # The record stands; `whereto` insists on the key store before the next one.
            self._hand.put_head(scope, Head(state.stream, state.seq + 1, record.id))
        return record

    def _boot(self, recorded: Recorded | None) -> tuple[str, int]:
        """`boot` and `mono`: a segment's are those of its own readings, also if signed after a reboot.

        Otherwise `clock-place`, which places the segments of its boot, would place it by another clock.
        """
        boot_id = self._context.clock.boot_id()
        if recorded is None or recorded.boot_id == boot_id:
            return boot_id, self._context.clock.total_ms()
        return recorded.boot_id, recorded.mono1

    def enrolment(self) -> Enrolment:
        """The enrolment. Raises KnownError (exit 4) before the first contact."""
        enrolment = self._account.enrolment
        if enrolment is None:
            raise KnownError(
                "This device is not enrolled yet",
                "It enrols at the first contact with its diary server; until then nothing can be signed.",
                permanent=False,
                exit_code=ExitCode.OFFLINE,
            )
        return enrolment


def _sealed(record: SignedRecord, drafted: Drafted, enrolment: Enrolment) -> tuple[SealedImage, ...]:
    """Each image's data key sealed to the server, under the digest that will be its address there."""
    images = []
    for k, image in enumerate(drafted.images):
        digest = unb64u(record.digest(f"shot.{k}")).hex()
        sealed = seal_key(decode_key(image.key), enrolment.upload_jwk, digest)
        images.append(SealedImage(image.image, f"shot.{k}", digest, sealed))
    return tuple(images)
