"""The doors to single records and images: each loads and authorises in one call."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404

from workdiary.server.accounts.viewers import Viewer
from workdiary.server.contracts.access import Access, contract_for, contracts_of
from workdiary.server.diary.removal import removed_by_owner
from workdiary.server.receive.models import Disclosure, Record
from workdiary.server.store.blobs import Image, open_blob, open_thumbnail


@dataclass(frozen=True, slots=True)
class RecordAccess:
    """A record one viewer may see; access is None for records of the viewer's own account stream."""

    record: Record
    access: Access | None


@dataclass(frozen=True, slots=True)
class ShotAccess:
    """An image's place: the record that names it, and whether its contract's viewer may see it."""

    digest: str
    record: Record
    access: Access


def record_for(viewer: Viewer, rid: str) -> RecordAccess:
    """The record and the viewer's standing in it. Raises Http404 for strangers and unknown ids alike."""
    record = Record.objects.select_related("leaf", "contract").filter(rid=rid).first()
    if record is None:
        raise Http404("no such record")
    if record.contract_id is not None:
        return RecordAccess(record, contract_for(viewer, record.contract_id))
    if record.account_id != viewer.account:
        raise Http404("no such record")
    return RecordAccess(record, None)


def shot_for(viewer: Viewer, digest: str) -> ShotAccess:
    """The image named by a disclosure's digest (hex). Raises Http404 for strangers and unknown digests alike.

    Found also when its bytes are gone or not here yet: the page says which.
    """
    mine = {access.contract.id: access for access in contracts_of(viewer)}
    naming = Disclosure.objects.select_related("record__contract", "record__leaf").filter(
        digest=digest, slot__startswith="shot.", record__contract__in=list(mine)
    )
    records = [row.record for row in naming.order_by("record__index")]
    if not records:
        raise Http404("no such image")
    # Several may name one image; it stands with the first whose time still counts.
    shown = [record for record in records if not removed_by_owner(record)] if len(records) > 1 else []
    record = (shown or records)[0]
    return ShotAccess(digest, record, next(a for c, a in mine.items() if c == record.contract_id))


def image_of(shot: ShotAccess) -> Image | None:
    """The full image; None if it never came, was redacted, or its time was taken back."""
    return None if removed_by_owner(shot.record) else open_blob(shot.access.contract.scope, shot.digest)


def thumbnail_of(shot: ShotAccess) -> Image | None:
    """The thumbnail (WebP); None as for the image."""
    return None if removed_by_owner(shot.record) else open_thumbnail(shot.access.contract.scope, shot.digest)
