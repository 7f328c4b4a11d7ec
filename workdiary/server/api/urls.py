"""The addresses under /api/v1 and /log, sign-in, and the two health checks."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from workdiary.server.accounts.tickets import signin
from workdiary.server.api import (
    bundles,
    contracts,
    epochs,
    installation,
    keys,
    log,
    receipts,
    records,
    tokens,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/installation", installation.installation),
    path("api/v1/enrol", installation.enrol_device),
    path("api/v1/token/challenge", tokens.token_challenge),
    path("api/v1/token", tokens.token),
    path("api/v1/solo/signin", installation.solo_signin),
    path("api/v1/records/check", records.check_records),
    path("api/v1/records/receipts", receipts.receipts),
    path("api/v1/records/<str:rid>", records.put_record),
    path("api/v1/records/<str:rid>/receipt", receipts.receipt),
    path("api/v1/blobs/<str:digest>", records.put_blob),
    path("api/v1/streams/<str:stream>/head", records.stream_head),
    path("api/v1/streams/<str:stream>/forks", keys.stream_forks),
    path("api/v1/keys", keys.keys),
    path("api/v1/keys/<str:kid>/heads", keys.key_heads),
    path("api/v1/contracts", contracts.contracts),
    path("api/v1/contracts/<str:contract_id>/bundles", bundles.bundle),
    path("api/v1/contracts/<str:contract_id>/trust", bundles.trust),
    path("log/checkpoint", log.checkpoint),
    path("log/tile/<path:path>", log.tile),
    path("log/consistency", log.consistency),
    path("log/epoch", epochs.epoch),
    path("log/known", epochs.known),
    path("signin/<str:secret>", signin),
    path("healthz", installation.healthz),
    path("readyz", installation.readyz),
    re_path(r"^api/", installation.nothing_here),
]
