"""The addresses of the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from workdiary.server.web.assets import serve
from workdiary.server.web.views import about, diary, records

_DIGEST = "(?P<digest>[0-9a-f]{64})"
_UUID = "(?P<rid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", diary.index, name="index"),
    path("diary/<uuid:contract_id>", diary.contract, name="contract"),
    path("diary/<uuid:contract_id>/<str:day>", diary.day, name="day"),
    re_path(rf"^record/{_UUID}$", records.record, name="record"),
    re_path(rf"^shots/{_DIGEST}$", records.image, name="image"),
    re_path(rf"^shots/{_DIGEST}/thumb$", records.thumbnail, name="thumb"),
    re_path(rf"^shots/{_DIGEST}/view$", records.view, name="shot_page"),
    path("about/verification", about.verification, name="verification"),
    path("zone", about.zone, name="zone"),
    path("assets/<str:tag>/<str:name>", serve, name="asset"),
]
