"""Corrections' view of the fake store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workdiary.client.sign.waiting import Wish
from workdiary.client.spool.past import Moving, PastSegment, Picture

if TYPE_CHECKING:
    from tests.fakes.stages import FakeStore


class FakePast:
    """`client.tracker.ports.PastStore` over the rows of a fake store; `moved` holds what was moved."""

    def __init__(self, store: FakeStore) -> None:
        self._store = store
        self.moved: list[Moving] = []

    def segment(self, rid: str) -> PastSegment | None:
        row = self._store.rows.get(rid)
        if row is None or row.close is None:
            return None
        pictures = [
            Picture(rid, f"shot.{k}" if row.signed else "", shots.shot_id, image)
            for k, shots in enumerate(row.shots)
            for image in shots.images
        ]
        return PastSegment(row.start, row.close, None, tuple(pictures), signed=row.signed)

    def farewell(self, rid: str) -> list[Wish]:
        return [Wish("", "redact", (), "owner", rid, rid, {"scope": "several"})]

    def move(self, moving: Moving) -> None:
        self.moved.append(moving)
