"""The operator's own records: signed by the installation's operator key, in a stream of their own, logged."""

from __future__ import annotations

import hashlib
import hmac
import threading

from workdiary.evidence.canonical import JsonObject, b64u
from workdiary.evidence.envelope import build, parse
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.kinds.base import Common, TreeHead
from workdiary.evidence.log import record_leaf_hash
from workdiary.evidence.streams import boot_mac
from workdiary.evidence.times import UUID7_ENTROPY_BYTES, is_uuid7, uuid7
from workdiary.server.log.models import Leaf
from workdiary.server.log.sequencer import SEQUENCER
from workdiary.server.log.tree import newest_signed, origin
from workdiary.server.receive.models import Record, Refused
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.runtime import runtime
from workdiary.wire.problems import Problem, ProblemCode

ROLE = "operator"
KEY_CLASS = "SOFTWARE-FILE"  # the seed is in the installation's 0600 file
_STREAM_BYTES = 16
# Judged for good: these carry the operator's signed word. A conflict or trouble of ours is no judgement.
FOR_GOOD = frozenset({400, 413, 422})
# One signer: a second one would sign the same seq twice, which is a fork.
_SIGNING = threading.Lock()


def operator_signer() -> Ed25519Signer:
    """The operator's key; its public half is in GET /api/v1/installation."""
    return Ed25519Signer(runtime().secrets.operator_seed)


def refusal(code: ProblemCode, detail: str, rid: str, subject: str) -> ProblemError:
    """The answer to what is refused for good: the problem with the operator's signed word about `subject`.

    subject: id of the JWS, or base64url SHA-256 of bytes that hold none; the same bytes under the same id get
    the same word.
    """
    about = rid if is_uuid7(rid) else None
    jws = _known(code, about, subject) or _refuse(code, about, subject)
    error = ProblemError(code, detail, rid)
    error.problem = Problem(code, detail, rid, jws)
    return error


def _known(code: ProblemCode, about: str | None, subject: str) -> str | None:
    """The word last given; another one is due if it was about another id, which the sender would not take."""
    known = Refused.objects.filter(subject=subject, code=code).first()
    return known.jws if known is not None and parse(known.jws).payload["about"] == about else None


def _refuse(code: ProblemCode, about: str | None, subject: str) -> str:
    clear: JsonObject = {"about": about, "tgt": subject, "code": str(code)}
    with _SIGNING:
        known = _known(code, about, subject)
        if known is not None:
            return known
        record = _signed("refusal", clear, _head() or _log(_signed("open", _opening(), None)))
        _log(record, Refused(subject=subject, code=code, jws=record.jws, at_ms=record.received_ms))
    return record.jws


def _opening() -> JsonObject:
    jwk: JsonObject = dict(operator_signer().jwk)
    return {"jwk": jwk, "cert": None, "class": KEY_CLASS, "role": ROLE, "resume": None}


def _head() -> Record | None:
    mine = Record.objects.filter(kid=operator_signer().kid, contract=None)
    return mine.order_by("-seq").first()


def _signed(kind: str, own: JsonObject, head: Record | None) -> Record:
    """Sign the operator's next record behind `head`; not yet logged."""
    now, entropy = runtime().now_ms(), runtime().entropy
    stream = head.stream if head else b64u(entropy(_STREAM_BYTES))
    note = newest_signed()
    common = Common(
        log=origin(note.epoch),
        ctr=None,
        stream=stream,
        seq=head.seq + 1 if head else 0,
        prev=head.jws_id if head else None,
        rid=uuid7(now, entropy(UUID7_ENTROPY_BYTES)),
        at=now,
        boot=boot_mac(_stream_key(stream), runtime().boot_id),
        mono=runtime().mono_ms(),
        cp=TreeHead(note.size, b64u(bytes(note.root))),
    )
    signed = build(kind, {**common.fields(), **own}, {}, operator_signer(), entropy)
    return Record(
        rid=common.rid,
        jws_id=signed.id,
        kind=kind,
        role=ROLE,
        kid=operator_signer().kid,
        stream=stream,
        seq=common.seq,
        start_ms=now,
        end_ms=now,
        jws=signed.jws,
        received_ms=now,
    )


def _stream_key(stream: str) -> bytes:
    return hmac.new(runtime().secrets.operator_seed, b"stream " + stream.encode(), hashlib.sha256).digest()


def _log(record: Record, with_it: Refused | None = None) -> Record:
    def keep(leaf: Leaf) -> None:
        record.leaf, record.index = leaf, leaf.index
        record.save(force_insert=True)
        if with_it is not None:
            Refused.objects.filter(subject=with_it.subject, code=with_it.code).delete()
            with_it.save(force_insert=True)

    SEQUENCER.append(record_leaf_hash(record.jws), keep)
    return record
