"""Raw records with their proof, and pictures in full size."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from workdiary.rules.weeks import local_day
from workdiary.server.accounts.models import Device
from workdiary.server.accounts.viewers import viewer_of
from workdiary.server.diary import days
from workdiary.server.diary.access import (
    RecordAccess,
    ShotAccess,
    image_of,
    record_for,
    shot_for,
    thumbnail_of,
)
from workdiary.server.diary.entries import ALWAYS, read
from workdiary.server.diary.judging import axes_with_receipt
from workdiary.server.diary.removal import removed_by_owner, without_content
from workdiary.server.receive.access_records import Visitor, log_look
from workdiary.server.receive.models import Record
from workdiary.server.store.blobs import Image
from workdiary.server.web.document import read_day
from workdiary.server.web.links import DayLinks
from workdiary.server.web.record_page import Facts, RecordSource, kind_title, record_page
from workdiary.server.web.render import page
from workdiary.server.web.shot_page import ShotSource, shot_page
from workdiary.server.web.times import Clock
from workdiary.server.web.zones import known, own_zone

_IMAGE_TYPES = frozenset({"image/avif", "image/webp", "image/jpeg"})
# A redaction hides at once: each showing asks, and no cache keeps what was shown before.
_IMAGE_CACHE = "private, no-store"


@require_safe
def record(request: HttpRequest, rid: str) -> HttpResponse:
    """`/record/<rid>`: the record, its disclosed values, its receipt, its verdicts."""
    found = record_for(viewer_of(request), rid)
    row = found.record
    if found.access is not None:
        log_look(Visitor.of(found.access), "record", row.rid, (row.start_ms, row.end_ms))
    reading = read([row], ALWAYS)
    axes, receipt = axes_with_receipt(row, reading)
    clock = Clock(known(request.GET.get("zone")) or own_zone(request), seconds=True)
    removed = removed_by_owner(row)
    source = RecordSource(
        parsed=reading.parsed[row.rid],
        texts=() if removed else reading.texts[row.rid],
        axes=without_content(axes) if removed else axes,
        receipt=receipt,
        facts=_facts(row, clock),
    )
    context = {
        "page": record_page(source, clock),
        "title": kind_title(row.kind),
        "clock": clock,
        "back": _back(found, clock),
        "removed": removed,
    }
    return page(request, "record.html", context, section="diaries")


@require_safe
def image(request: HttpRequest, digest: str) -> HttpResponse:
    """`/shots/<digest>`: the bytes in full size, under one of the pinned types."""
    shot = shot_for(viewer_of(request), digest)
    found = image_of(shot)
    if found is not None:
        log_look(Visitor.of(shot.access), "image", digest, (shot.record.start_ms, shot.record.end_ms))
    return _bytes(found, digest)


@require_safe
def thumbnail(request: HttpRequest, digest: str) -> HttpResponse:
    """`/shots/<digest>/thumb`: at most 320 px wide, WebP."""
    shot = shot_for(viewer_of(request), digest)
    found = thumbnail_of(shot)
    if found is not None:
        _log_day(request, shot)
    return _bytes(found, digest)


@require_safe
def view(request: HttpRequest, digest: str) -> HttpResponse:
    """`/shots/<digest>/view`: the picture as a page, with the day's ones before and after it."""
    shot = shot_for(viewer_of(request), digest)
    zone = known(request.GET.get("zone"))
    row = shot.record
    day = days.day_of(row.start_ms, zone or own_zone(request))
    if day is None:
        raise Http404("no day to show it on")
    log_look(Visitor.of(shot.access), "image", digest, (row.start_ms, row.end_ms))
    reading = days.read_day(shot.access.contract, day, zone or own_zone(request))
    links = DayLinks(str(shot.access.contract.id), day.isoformat(), zone)
    made = shot_page(ShotSource(read_day(reading.document), reading.policy, links, digest))
    if made is None:
        return HttpResponseRedirect(links.here())
    return page(request, "shot.html", {"page": made, "contract": shot.access.contract}, section="diaries")


def _log_day(request: HttpRequest, shot: ShotAccess) -> None:
    """A small picture is part of its day, which is nearly always in the log already."""
    day = days.day_of(shot.record.start_ms, own_zone(request))
    if day is not None:
        span = local_day(day, own_zone(request))
        log_look(Visitor.of(shot.access), "diary", day.isoformat(), span)


def _facts(row: Record, clock: Clock) -> Facts:
    device = Device.objects.filter(kid=row.kid).first()
    return Facts(
        rid=row.rid,
        id=row.jws_id,
        index=row.index,
        device=device.name if device else "",
        key_class=device.key_class if device else "",
        kid=row.kid,
        received=clock.stamp(row.received_ms),
    )


def _back(found: RecordAccess, clock: Clock) -> str | None:
    if found.access is None:
        return None
    day = days.day_of(found.record.start_ms, clock.zone)
    if day is None:
        return None
    return DayLinks(str(found.access.contract.id), day.isoformat()).here()


def _bytes(found: Image | None, digest: str) -> HttpResponse:
    if found is None or found.media_type not in _IMAGE_TYPES:
        raise Http404("no image")
    response = HttpResponse(found.data, content_type=found.media_type)
    response.headers["Cache-Control"] = _IMAGE_CACHE
    response.headers["Content-Disposition"] = f'inline; filename="{digest[:16]}"'
    return response
