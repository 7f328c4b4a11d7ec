"""What is left after any weather between devices and a server, judged from both ends; nothing of the product.

I2 nothing accepted twice, nothing else than what was signed · I3 every acknowledged image hashes right ·
I7 nothing that was recorded is gone · I8 no second billed twice.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any


@dataclass(frozen=True)
class Signed:
    """A record as its device keeps it: state (signed, sent, quarantined), receipt and disclosed texts."""

    rid: str
    jws: str
    state: str
    receipt: str | None
    texts: tuple[str, ...] = ()

    @property
    def payload(self) -> dict[str, Any]:
        return dict(json.loads(_raw(self.jws.split(".")[1])))


@dataclass(frozen=True)
class Ends:
    """Both ends. signed: of every device; images: image address → state on its device; logged: the server's
    records in order; pictures: image address → the bytes the server shows its owner.
    """

    signed: Sequence[Signed]
    logged: Sequence[str]
    images: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def judge(ends: Ends, *, drained: bool = True) -> None:
    """Raise AssertionError for whatever is not so; drained: nothing may wait any more."""
    _twice(ends)
    _kept(ends, drained=drained)
    _pictures(ends)
    _streams(ends)


def spans(signed: Sequence[Signed]) -> list[tuple[int, int]]:
    """Recorded time, start to end, of every segment."""
    payloads = [record.payload for record in signed]
    return [(said["start"], said["end"]) for said in payloads if "mono0" in said]


def apart(found: Sequence[tuple[int, int]]) -> None:
    """I8 for one device: no two segments overlap."""
    ordered = sorted(found)
    for before, after in pairwise(ordered):
        assert before[1] <= after[0], (before, after)


def _twice(ends: Ends) -> None:
    known = {record.jws for record in ends.signed}
    rids = Counter(json.loads(_raw(jws.split(".")[1]))["rid"] for jws in ends.logged)
    assert [rid for rid, times in rids.items() if times > 1] == []
    assert len(set(ends.logged)) == len(ends.logged)
    mine = {record.payload["stream"] for record in ends.signed}
    strangers = [jws for jws in ends.logged if jws not in known and _stream(jws) in mine]
    assert strangers == [], "the log holds what no device signed"


def _kept(ends: Ends, *, drained: bool) -> None:
    logged = set(ends.logged)
    lost = [record.rid for record in ends.signed if record.state == "sent" and record.jws not in logged]
    assert lost == [], "receipts were given for what is not in the log"
    odd = {record.state for record in ends.signed} - ({"sent"} if drained else {"sent", "signed"})
    assert odd == set(), f"records ended as {odd}"
    waiting = {state for state in ends.images.values() if state != "sent"}
    assert not (drained and waiting), f"images ended as {waiting}"
    unreceipted = [record.rid for record in ends.signed if record.state == "sent" and not record.receipt]
    assert unreceipted == []


def _pictures(ends: Ends) -> None:
    facts = {
        hashlib.sha256(text.encode()).hexdigest(): json.loads(_raw(text))[2]
        for record in ends.signed
        for text in record.texts
    }
    for address, state in ends.images.items():
        if state != "sent":
            continue
        shown = hashlib.sha256(ends.pictures[address]).hexdigest()
        assert shown == facts[address]["sha256"], f"image {address} is not what was signed"


def _streams(ends: Ends) -> None:
    places: dict[str, list[Signed]] = defaultdict(list)
    for record in ends.signed:
        places[record.payload["stream"]].append(record)
    for stream, records in places.items():
        records.sort(key=lambda record: int(record.payload["seq"]))
        assert [record.payload["seq"] for record in records] == list(range(len(records))), stream
        before: str | None = None
        for record in records:
            assert record.payload["prev"] == before, (stream, record.payload["seq"])
            before = _b64u(hashlib.sha256(record.jws.encode()).digest())


def _stream(jws: str) -> str:
    return str(json.loads(_raw(jws.split(".")[1]))["stream"])


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _b64u(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
