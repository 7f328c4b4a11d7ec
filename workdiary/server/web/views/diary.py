"""The day of a contract, and the index of what there is."""

from __future__ import annotations

import datetime as dt
import uuid

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from workdiary.rules.weeks import local_date, local_day
from workdiary.server.accounts.viewers import viewer_of
from workdiary.server.contracts.access import Access, contract_for, contracts_of
from workdiary.server.diary import days
from workdiary.server.receive.access_records import Visitor, log_look
from workdiary.server.store.runtime import runtime
from workdiary.server.web.calendar_page import CALENDAR_DAYS, contract_card
from workdiary.server.web.day_page import Asked, DaySource, Zones, day_page
from workdiary.server.web.document import read_day
from workdiary.server.web.heads import head_of
from workdiary.server.web.links import DayLinks
from workdiary.server.web.recent import Recent, recent_of
from workdiary.server.web.render import page
from workdiary.server.web.zones import known, own_zone


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Every contract of the viewer with the days that have records."""
    viewer = viewer_of(request)
    zone = own_zone(request)
    today = local_date(runtime().now_ms(), zone)
    cards = []
    for access in contracts_of(viewer):
        first = today - dt.timedelta(days=today.weekday() + CALENDAR_DAYS - 7)
        tracked = days.tracked_days(access.contract, zone, first, today)
        head = head_of(access, days.terms_now(access.contract, runtime().now_ms()))
        cards.append(contract_card(head, tracked, today, _recent(access, zone)))
    return page(request, "index.html", {"cards": cards, "zone": zone}, section="diaries")


@require_safe
def contract(request: HttpRequest, contract_id: uuid.UUID) -> HttpResponse:
    """`/diary/<contract>`: its newest day with records, else today."""
    access = contract_for(viewer_of(request), contract_id)
    zone = own_zone(request)
    newest = days.latest_ms(access.contract)
    day = local_date(runtime().now_ms() if newest is None else newest, zone)
    return HttpResponseRedirect(DayLinks(str(contract_id), day.isoformat()).here())


@require_safe
def day(request: HttpRequest, contract_id: uuid.UUID, day: str) -> HttpResponse:
    """`/diary/<contract>/<day>?zone=&cell=&show=`: the hour grid, and the detail of one cell if asked for."""
    access = contract_for(viewer_of(request), contract_id)
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        raise Http404("no such day") from None
    if date.isoformat() != day or not days.FIRST_DAY <= date <= days.LAST_DAY:
        raise Http404("no such day")
    asked_zone = known(request.GET.get("zone"))
    mine = own_zone(request)
    log_look(Visitor.of(access), "diary", day, local_day(date, asked_zone or mine))
    reading = days.read_day(access.contract, date, asked_zone or mine)
    document = read_day(reading.document)
    source = DaySource(
        contract=head_of(access, reading.terms),
        day=document,
        policy=reading.policy,
        zones=Zones(mine, known(reading.zone)),
        links=DayLinks(str(contract_id), day, asked_zone),
        nearest=None if document.segments else days.nearest_day(access.contract, date, asked_zone or mine),
        holes=reading.holes,
    )
    made = day_page(source, Asked(request.GET.get("cell"), request.GET.get("show")))
    return page(request, "day.html", {"page": made, "contract": made.contract}, section="diaries")


def _recent(access: Access, zone: str) -> Recent | None:
    newest = days.latest_ms(access.contract)
    if newest is None:
        return None
    day = local_date(newest, zone)
    reading = days.read_day(access.contract, day, zone)
    links = DayLinks(str(access.contract.id), day.isoformat())
    return recent_of(read_day(reading.document), reading.policy, links)
