"""A diary server filled by a device that signs real records: the ground of the pages' tests.

Nothing here is a shortcut around the format: records are built by workdiary.evidence, admitted by the
server's own door and logged by its own sequencer. Only images skip the child that decodes them.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workdiary.evidence.canonical import JsonObject, JsonValue, b64u, dumps
from workdiary.evidence.digest import record_id
from workdiary.evidence.disclosure import digest as disclosure_digest
from workdiary.evidence.envelope import SignedRecord, build
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.kinds.base import Common
from workdiary.evidence.streams import boot_mac
from workdiary.evidence.times import uuid7
from workdiary.rules.policy import STANDARD, PolicySet, digest
from workdiary.server import compose
from workdiary.wire.upload import pack_record

PORT = 8765
NOON = 1_795_176_000_000  # 2026-11-20T12:00:00Z, a Friday


@dataclass(slots=True)
class Picture:
    """An encoded image and its thumbnail with what a record says of it."""

    data: bytes
    thumb: bytes
    width: int
    height: int
    media_type: str = "image/webp"


@dataclass(slots=True)
class Worked:
    """One segment to sign; times ms; counts: (keys, clicks, scrolls, moves, active_s, injected) a bucket."""

    start: int
    end: int
    memo: str | None = "Retry booking calls on carrier timeout"
    counts: Sequence[tuple[int, int, int, int, int, int]] | None = None
    pictures: Sequence[Picture] = ()
    at: int | None = None
    open: str = "cell"
    close: str = "cell"
    no_shot: str | None = None
    label: str | None = None
    role: str = "screen"
    edit: str = "none"
    session: str = "session-00000001"
    backend_counts: str = "full"
    clear: Mapping[str, JsonValue] = field(default_factory=dict)


class DiaryServer:
    """An installation with one enrolled device and one contract; its clock stands where it is put."""

    def __init__(self, folder: Path, now_ms: int = NOON, policy: PolicySet = STANDARD) -> None:
        self.now_ms = now_ms
        self._booted = now_ms - 90 * 24 * 3_600_000
        self.dice = random.Random(7)
        self.policy = policy
        senses = compose.Senses(lambda: self.now_ms, lambda: self.now_ms, "boot", self.dice.randbytes)
        self.plan = compose.Plan(folder / "server", "127.0.0.1", PORT, ("testserver",), senses)
        self.plan.folder.mkdir(parents=True, exist_ok=True)
        self.runtime = compose.configure(self.plan, PORT)
        compose.open_installation(self.runtime)
        self.signer = Ed25519Signer(self.dice.randbytes(32))
        self.device = self._enrol()
        self.contract = self._contract()
        self._stream = b64u(self.dice.randbytes(16))
        self._seq, self._prev, self._terms, self._account = 0, None, None, False
        self.signed: list[SignedRecord] = []

    def use(self) -> None:
        """Point this process's settings here again, after another test's server had them."""
        self.runtime = compose.configure(self.plan, PORT)

    def begin(self, at: int, terms: Mapping[str, JsonValue] | None = None, rate: int = 4_800) -> None:
        """`open`, `terms` and `consent`, as a solo contract begins."""
        self.sign(
            "open",
            at,
            {
                "jwk": dict(self.signer.jwk),
                "cert": None,
                "class": "SOFTWARE",
                "role": "freelancer",
                "resume": None,
            },
        )
        self._terms = self.sign(
            "terms", at, self._terms_fields(at) | dict(terms or {}), self._terms_slots(rate)
        ).id
        self.sign("consent", at, {"on_behalf": None, "text": b64u(bytes(32)), "lang": "en", "given": True})

    def segment(self, worked: Worked) -> SignedRecord:
        """Sign and send one segment; its images follow by `store`."""
        clear, slots = self._segment_fields(worked)
        return self.sign("segment", worked.end, clear, slots)

    def _segment_fields(self, worked: Worked) -> tuple[JsonObject, JsonObject]:
        buckets = self._buckets(worked)
        active = sum(b["len"] for b in buckets if b["keys"] + b["clicks"] + b["scrolls"] > b["injected"])
        length = worked.end - worked.start
        clear: JsonObject = {
            "session": b64u(worked.session.encode()),
            "start": worked.start,
            "end": worked.end,
            "tracked": length,
            "cp0": None,
            "mono0": worked.start - self._booted,
            "mono1": worked.end - self._booted,
            "policy": digest(self.policy),
            "demo": self.policy.demo,
            "mode": "full",
            "backend_counts": worked.backend_counts,
            "open": worked.open,
            "close": worked.close,
            "clock_step": False,
            "clock_unsure": False,
            "recovered": worked.close == "crash",
            "shots": len(worked.pictures),
            "apps": 0,
            "buckets": len(buckets),
            "no_shot": worked.no_shot,
            "masked_pct": 0,
            "hit": bool(worked.pictures),
            "active_ms": active,
            "injected": sum(b["injected"] for b in buckets),
            **worked.clear,
        }
        slots: JsonObject = {
            "memo": worked.memo,
            "label": worked.label,
            "zone": "Africa/Nairobi",
            "build": None,
        }
        slots |= {f"shot.{k}": self._shot(worked, k) for k in range(len(worked.pictures))}
        slots |= {f"act.{k}": bucket for k, bucket in enumerate(buckets)}
        return clear, slots

    def redact(self, target: SignedRecord, slot: str, at: int) -> SignedRecord:
        """Remove one disclosed field of an earlier record."""
        fields = {
            "on_behalf": None,
            "tgt": target.id,
            "digests": [target.digest(slot)],
            "scope": "shots" if slot.startswith("shot") else "memo",
            "why": "owner",
        }
        return self.sign("redact", at, fields)

    def discard(self, target: SignedRecord, at: int, why: str = "owner") -> SignedRecord:
        """Remove an earlier segment's time."""
        span = {"tgt": target.id, "start": target.payload["start"], "end": target.payload["end"]}
        return self.sign("discard", at, {"on_behalf": None, "spans": [span], "why": why})

    def manual(self, start: int, end: int, memo: str) -> SignedRecord:
        """Time entered by hand."""
        fields = {"on_behalf": None, "start": start, "end": end, "tracked": end - start, "replaces": None}
        return self.sign("manual", end, fields, {"memo": memo, "label": None}, rid_ms=start)

    def store(self, record: SignedRecord, pictures: Sequence[Picture]) -> None:
        """The images of a record, as the server keeps them after looking at them."""
        from workdiary.server.receive.stored import hex_digest
        from workdiary.server.store.blobs import NewBlob, settle, write_files
        from workdiary.server.store.database import writing

        for k, picture in enumerate(pictures):
            name = hex_digest(record.digest(f"shot.{k}"))
            blob = NewBlob(
                self.contract.scope,
                name,
                picture.media_type,
                picture.width,
                picture.height,
                picture.data,
                picture.thumb,
            )
            row = write_files(blob)
            with writing():
                row.save(force_insert=True)
            settle(row)

    def sign(
        self,
        kind: str,
        at: int,
        fields: Mapping[str, JsonValue],
        slots: Mapping[str, JsonValue] | None = None,
        rid_ms: int | None = None,
    ) -> SignedRecord:
        """Sign the next record of the stream and have the server admit it."""
        record = self._signed(kind, at, fields, slots or {}, rid_ms)
        self._seq, self._prev = self._seq + 1, record.id
        self.signed.append(record)
        self.now_ms = max(self.now_ms, at)
        self.send(record)
        return record

    def send(self, record: SignedRecord) -> None:
        """Have the server admit a record."""
        from workdiary.server.receive.admission import admit

        body = pack_record(record.jws, list(record.disclosures.values()))
        admit(self.device, str(record.payload["rid"]), body)

    def unsent(self, worked: Worked, seq: int, prev: str | None) -> SignedRecord:
        """Sign a segment at a place of the stream without sending it: one on its way, or a cloned key's."""
        after, self._seq, self._prev = (self._seq, self._prev), seq, prev
        clear, slots = self._segment_fields(worked)
        record = self._signed("segment", worked.end, clear, slots, None)
        self._seq, self._prev = after
        return record

    def send_newer(self, at: int) -> str:
        """Send a record of a kind and version this release does not know; returns its rid."""
        from workdiary.server.receive.admission import admit

        rid = uuid7(at, self.dice.randbytes(10))
        place = {"ctr": str(self.contract.id), "stream": self._stream, "seq": self._seq, "prev": self._prev}
        log = f"workdiary/{self.runtime.secrets.installation}/0"
        payload = {"v": 2, "log": log, "rid": rid, "at": at, "mood": "good", **place}
        header = {"alg": self.signer.alg, "kid": self.signer.kid, "typ": "wd-mood+sd-jwt"}
        signing_input = f"{b64u(dumps(header))}.{b64u(dumps(payload))}"
        jws = f"{signing_input}.{b64u(self.signer.sign(signing_input.encode()))}"
        self._seq, self._prev = self._seq + 1, record_id(jws)
        admit(self.device, rid, pack_record(jws, []))
        return rid

    def _signed(
        self,
        kind: str,
        at: int,
        fields: Mapping[str, JsonValue],
        slots: Mapping[str, JsonValue],
        rid_ms: int | None,
    ) -> SignedRecord:
        instant = rid_ms or (int(str(fields["start"])) if kind == "segment" else at)
        common = Common(
            log=f"workdiary/{self.runtime.secrets.installation}/0",
            ctr=None if self._account else str(self.contract.id),
            stream=self._stream,
            seq=self._seq,
            prev=self._prev,
            rid=uuid7(instant, self.dice.randbytes(10)),
            at=at,
            boot=boot_mac(b"stream key", "boot"),
            mono=max(at - self._booted, 0),
            terms=self._terms,
        )
        return build(kind, {**common.fields(), **fields}, slots, self.signer, self.dice.randbytes)

    def cookie(self, role: str = "freelancer") -> dict[str, str]:
        """A signed-in browser of one of the solo home's people."""
        from workdiary.server.contracts.solo import person

        return self.cookie_of(person(role))

    def outsider(self) -> dict[str, str]:
        """A signed-in browser of somebody who is no party of the contract."""
        from workdiary.server.accounts.models import Account

        return self.cookie_of(Account.objects.create(name="Mallory", role="stranger", made_ms=self.now_ms))

    def cookie_of(self, account: object) -> dict[str, str]:
        """Sign an account in the way its browser would."""
        from django.conf import settings

        from workdiary.server.accounts.tickets import issue_signin, use_signin

        spent = use_signin(issue_signin(account, "/"))
        assert spent is not None
        return {settings.WORKDIARY_COOKIE: spent[0]}

    def _enrol(self) -> object:
        from workdiary.server.accounts.models import Device
        from workdiary.server.contracts.solo import person

        return Device.objects.create(
            account=person("freelancer"),
            kid=self.signer.kid,
            alg=self.signer.alg,
            jwk=json.dumps(self.signer.jwk),
            name="thika",
            key_class="SOFTWARE",
            token_hash=hashlib.sha256(b"token").hexdigest(),
            enrolled_ms=self.now_ms,
        )

    @staticmethod
    def _contract() -> object:
        from workdiary.server.contracts.solo import ensure_contract

        return ensure_contract()

    def _terms_fields(self, at: int) -> JsonObject:
        return {
            "on_behalf": None,
            "rev": 1,
            "from": at,
            "status": "active",
            "kind": "hourly",
            "span": {"start": at, "end": None},
            "mode": "full",
            "shots": 1,
            "limit_s": None,
            "idle": self.policy.idle_ms,
            "rounding": "exact",
            "manual": True,
            "labels": "optional",
            "activity": 3,
            "assistive": False,
            "apps": "none",
            "detail": "bucket",
            "agency": None,
            "policy": digest(self.policy),
            "roots": {"freelancer": None, "agency": None, "client": None},
            "upload_key": self.signer.kid,
            "accepts": None,
        }

    @staticmethod
    def _terms_slots(rate: int) -> JsonObject:
        return {"rate": {"amount": rate, "currency": "EUR", "exponent": 2}, "parties": None}

    def _buckets(self, worked: Worked) -> list[dict[str, int]]:
        step = self.policy.bucket_ms
        starts = list(range(worked.start // step * step, worked.end, step))
        counts = list(worked.counts) if worked.counts is not None else [(64, 3, 0, 41, 40, 0)] * len(starts)
        names = ("keys", "clicks", "scrolls", "moves", "active_s", "injected")
        found = []
        for at, numbers in zip(starts, counts, strict=False):
            start, end = max(at, worked.start), min(at + step, worked.end)
            found.append({"start": start, "len": end - start, **dict(zip(names, numbers, strict=True))})
        return found

    def _shot(self, worked: Worked, place: int) -> JsonObject:
        picture = worked.pictures[place]
        left = sum(p.width for p in worked.pictures[:place])
        return {
            "sha256": hashlib.sha256(picture.data).hexdigest(),
            "bytes": len(picture.data),
            "type": picture.media_type,
            "width": picture.width,
            "height": picture.height,
            "display": {
                "x": left,
                "y": 0,
                "w": picture.width,
                "h": picture.height,
                "scale_milli": 1000,
                "rot": 0,
            },
            "role": worked.role,
            "at": worked.at if worked.at is not None else (worked.start + worked.end) // 2,
            "edit": worked.edit,
        }


def digest_of(record: SignedRecord, slot: str) -> str:
    """The hex digest under which pages ask for an image."""
    from workdiary.server.receive.stored import hex_digest

    return hex_digest(disclosure_digest(record.disclosures[slot]))
