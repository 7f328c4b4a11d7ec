"""Every address × every kind of caller: a route without a row fails, an outsider never sees a tenant."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.fakes.devices import Answer, Door, FakeDevice, Signed, picture
from workdiary.evidence.canonical import b64u
from workdiary.evidence.keys import Ed25519Signer
from workdiary.server.accounts.models import Account, Device, Session
from workdiary.server.accounts.viewers import hashed
from workdiary.server.compose import Service
from workdiary.server.contracts.models import Contract, Party
from workdiary.server.log.readers import add_reader
from workdiary.server.store.sealing import make_scope
from workdiary.wire.keys import KeyRequest, key_proof_input
from workdiary.wire.reading import encode
from workdiary.wire.tokens import token_proof_input
from workdiary.wire.upload import BLOB_TYPE, RECORD_TYPE

MEMO = "Reconcile the quarterly ledger of Acme"
DAY = 86_400_000


@dataclass(frozen=True)
class World:
    """One tenant with a record and an image, and another who must see nothing of it."""

    inside: FakeDevice
    outside: FakeDevice
    signed: Signed
    cookies: dict[str, dict[str, str]]
    nobody: Door
    auditor: Door

    def callers(self) -> dict[str, Door]:
        port = self.nobody.port
        doors = {name: Door(port, cookie) for name, cookie in self.cookies.items()}
        return {
            "nobody": self.nobody,
            "device": self.inside.door,
            "other device": self.outside.door,
            "auditor": self.auditor,
            **doors,
        }


def session(account: Account, port: int) -> dict[str, str]:
    secret = secrets.token_urlsafe(32)
    far = time.time_ns() // 1_000_000 + DAY
    Session.objects.create(hash=hashed(secret), account=account, made_ms=0, expires_ms=far)
    return {"Cookie": f"workdiary_{port}={secret}"}


def other_tenant(door: Door) -> tuple[FakeDevice, Account]:
    account = Account.objects.create(role="freelancer", name="Somebody else", made_ms=0)
    contract = Contract.objects.create(name="elsewhere", made_ms=0)
    for scope in (str(account.id), contract.scope):
        make_scope(scope)
    Party.objects.create(contract=contract, account=account, role="freelancer")
    device = FakeDevice(door, Ed25519Signer(os.urandom(32)))
    token = secrets.token_urlsafe(32)
    Device.objects.create(
        account=account,
        kid=device.signer.kid,
        alg="Ed25519",
        jwk=str(device.signer.jwk).replace("'", '"'),
        name="Other",
        key_class="SOFTWARE",
        token_hash=hashed(token),
        enrolled_ms=0,
    )
    device.token, device.contract, device.account = token, str(contract.id), str(account.id)
    device.door = Door(door.port, {"Authorization": f"Bearer {token}"})
    return device, account


@pytest.fixture
def world(server: Service, device: FakeDevice, door: Door) -> World:
    signed = device.sign("segment", slots={"memo": MEMO}, image=picture())
    assert device.put(signed).status == 201
    assert device.put_image(signed).status == 201
    outside, stranger = other_tenant(door)
    outside.open()
    port = server.runtime.port
    people = {
        role: session(Account.objects.get(role=role, name__contains="ou"), port)
        for role in ("client", "support")
    }
    people["freelancer"] = session(Account.objects.get(id=device.account), port)
    people["stranger"] = session(stranger, port)
    auditor = Door(port, {"Authorization": f"Bearer {add_reader('auditor')}"})
    return World(device, outside, signed, people, door, auditor)


Ask = Callable[[World, Door], Answer]


def get(path: str) -> Ask:
    def ask(world: World, door: Door) -> Answer:
        day = time.strftime("%Y-%m-%d", time.gmtime(int(str(world.signed.record.payload["start"])) / 1000))
        place = {
            "contract": world.inside.contract,
            "rid": world.signed.rid,
            "digest": world.signed.shot,
            "stream": world.inside.stream,
            "kid": world.inside.signer.kid,
            "day": day,
        }
        return door.ask("GET", path.format(**place))

    return ask


def put_record(world: World, door: Door) -> Answer:
    return door.ask("PUT", f"/api/v1/records/{world.signed.rid}", world.signed.body, Content_Type=RECORD_TYPE)


def put_blob(world: World, door: Door) -> Answer:
    body = world.inside.sealed(world.signed)
    return door.ask("PUT", f"/api/v1/blobs/{world.signed.shot}", body, Content_Type=BLOB_TYPE)


def check(world: World, door: Door) -> Answer:
    return door.ask("POST", "/api/v1/records/check", f'{{"rids":["{world.signed.rid}"]}}'.encode())


def receipts(world: World, door: Door) -> Answer:
    return door.ask("POST", "/api/v1/records/receipts", f'{{"rids":["{world.signed.rid}"]}}'.encode())


def ask_challenge(world: World, door: Door) -> Answer:
    body = encode({"kid": world.inside.signer.kid})
    return door.ask("POST", "/api/v1/token/challenge", body, Content_Type="application/json")


def ask_token(world: World, door: Door) -> Answer:
    """A right nonce, but proved by whoever asks: by another key than the one it is for."""
    nonce = ask_challenge(world, door).json["nonce"]
    said = token_proof_input(world.inside.installation.origin, world.inside.signer.kid, nonce)
    proof = b64u(world.outside.signer.sign(said))
    body = encode({"kid": world.inside.signer.kid, "nonce": nonce, "proof": proof})
    return door.ask("POST", "/api/v1/token", body, Content_Type="application/json")


def post(path: str) -> Ask:
    return lambda _world, door: door.ask("POST", path, b"{}")


def bundle(world: World, door: Door) -> Answer:
    body = f'{{"start":0,"end":{DAY}}}'.encode()
    path = f"/api/v1/contracts/{world.inside.contract}/bundles"
    return door.ask("POST", path, body, Content_Type="application/json")


PEOPLE = ("freelancer", "client", "support")
EVERYONE = ("nobody", "auditor", "device", "other device", "stranger", *PEOPLE)

# Whoever has no account is asked to sign in; an auditor has a token for the log, and for nothing else.
NO_ACCOUNT = {"nobody": 401, "auditor": 401}


def only(*allowed: str, others: int, then: int = 200) -> dict[str, int]:
    return {name: then if name in allowed else others for name in EVERYONE}


def open_to_all(status: int) -> dict[str, int]:
    return dict.fromkeys(EVERYONE, status)


def page(inside: int = 200) -> dict[str, int]:
    """A contract's page: its people see it, a stranger learns nothing, nobody is asked to sign in."""
    return {**only(*PEOPLE, others=401, then=inside), "stranger": 404}


# route → how it is asked for the insider's own things, and what each caller gets
ROWS: dict[str, tuple[Ask, dict[str, int]]] = {
    "api/v1/installation": (get("/api/v1/installation"), open_to_all(200)),
    "api/v1/enrol": (post("/api/v1/enrol"), open_to_all(400)),
    "api/v1/token/challenge": (ask_challenge, open_to_all(200)),
    "api/v1/token": (ask_token, open_to_all(404)),
    "api/v1/solo/signin": (post("/api/v1/solo/signin"), open_to_all(401)),
    "api/v1/records/check": (check, only("device", "other device", others=401)),
    "api/v1/records/<str:rid>": (put_record, {**only("device", others=401), "other device": 409}),
    "api/v1/records/receipts": (receipts, only("device", "other device", others=401)),
    "api/v1/records/<str:rid>/receipt": (
        get("/api/v1/records/{rid}/receipt"),
        {**only("device", *PEOPLE, others=404), **NO_ACCOUNT},
    ),
    "api/v1/blobs/<str:digest>": (put_blob, {**only("device", others=401), "other device": 404}),
    "api/v1/streams/<str:stream>/head": (
        get("/api/v1/streams/{stream}/head"),
        {**only("device", others=401), "other device": 404},
    ),
    "api/v1/streams/<str:stream>/forks": (
        get("/api/v1/streams/{stream}/forks"),
        {**only("device", others=401), "other device": 404},
    ),
    "api/v1/keys": (get("/api/v1/keys"), {**open_to_all(200), **NO_ACCOUNT}),
    "api/v1/keys/<str:kid>/heads": (
        get("/api/v1/keys/{kid}/heads?before=9000000000000"),
        {**only("device", others=401), "other device": 404},
    ),
    "api/v1/contracts": (get("/api/v1/contracts"), only("device", "other device", others=401)),
    "api/v1/contracts/<str:contract_id>/bundles": (
        bundle,
        {**only("device", *PEOPLE, others=404), **NO_ACCOUNT},
    ),
    "api/v1/contracts/<str:contract_id>/trust": (
        get("/api/v1/contracts/{contract}/trust"),
        {**only("device", *PEOPLE, others=404), **NO_ACCOUNT},
    ),
    "log/checkpoint": (get("/log/checkpoint"), {**open_to_all(200), "nobody": 401}),
    "log/tile/<path:path>": (get("/log/tile/0/000.p/1"), {**open_to_all(200), "nobody": 401}),
    "log/consistency": (get("/log/consistency?from=1&to=2"), {**open_to_all(200), "nobody": 401}),
    "log/epoch": (get("/log/epoch"), {**open_to_all(404), "nobody": 401}),
    "log/known": (post("/log/known"), only("device", "other device", others=401, then=400)),
    "signin/<str:secret>": (get("/signin/guess"), open_to_all(410)),
    "healthz": (get("/healthz"), open_to_all(200)),
    "readyz": (get("/readyz"), open_to_all(200)),
    "^api/": (get("/api/v2/anything"), open_to_all(404)),
    "": (get("/"), {**only(*PEOPLE, "stranger", others=401)}),
    "diary/<uuid:contract_id>": (get("/diary/{contract}"), page(302)),
    "diary/<uuid:contract_id>/<str:day>": (get("/diary/{contract}/{day}"), page()),
    "^record/{rid}$": (get("/record/{rid}"), page()),
    "^shots/{digest}$": (get("/shots/{digest}"), page()),
    "^shots/{digest}/thumb$": (get("/shots/{digest}/thumb"), page()),
    "^shots/{digest}/view$": (get("/shots/{digest}/view"), page()),
    "about/verification": (get("/about/verification"), open_to_all(200)),
    "zone": (get("/zone"), open_to_all(200)),
    "assets/<str:tag>/<str:name>": (get("/assets/none/none.css"), open_to_all(404)),
}


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for item in patterns:
        where = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from routes(item.url_patterns, where)
        else:
            yield short(where)


def short(route: str) -> str:
    """A route with its long expressions by name, as ROWS writes them."""
    known = {"(?P<digest>[0-9a-f]{64})": "{digest}"}
    for long, name in known.items():
        route = route.replace(long, name)
    start = route.find("(?P<rid>")
    return route if start < 0 else f"{route[:start]}{{rid}}$"


def test_every_route_has_a_row(server: Service) -> None:
    assert set(routes(get_resolver().url_patterns)) == set(ROWS)


@pytest.mark.parametrize("route", ROWS)
def test_each_caller_gets_what_is_theirs(world: World, route: str) -> None:
    ask, expected = ROWS[route]
    got: dict[str, int] = {}
    for name, door in world.callers().items():
        answer = ask(world, door)
        got[name] = answer.status
        if name in ("nobody", "auditor", "other device", "stranger"):
            assert not leaked(world, answer), f"{name} sees the tenant at {route}"
    assert got == expected


def leaked(world: World, answer: Answer) -> list[str]:
    """What of the tenant is in an answer: content, ids, names."""
    image = hashlib.sha256(world.signed.image).hexdigest()
    needles = {
        "memo": MEMO,
        "contract": world.inside.contract,
        "record": world.signed.record.id,
        "stream": world.inside.stream,
        "image": image,
        "name": ">demo<",
    }
    text = answer.body.decode("utf-8", "replace") + str(answer.headers)
    return [name for name, needle in needles.items() if needle in text]


def test_an_outsider_learns_nothing_from_checking_ids(world: World) -> None:
    answer = check(world, world.outside.door)
    assert answer.json == {"known": [], "missing": [world.signed.rid], "gone": []}


def test_an_outsider_gets_no_receipt_by_asking_for_many(world: World) -> None:
    assert receipts(world, world.outside.door).json == {"receipts": {}}
    assert set(receipts(world, world.inside.door).json["receipts"]) == {world.signed.rid}


def test_an_outsider_cannot_write_into_the_contract(world: World) -> None:
    theirs = world.outside.sign("segment", {"ctr": world.inside.contract})
    answer = world.outside.put(theirs)
    assert (answer.status, answer.json["code"]) == (422, "unknown-contract")


def test_an_outsider_cannot_redact(world: World) -> None:
    from workdiary.server.store.blobs import open_blob

    digests = [world.signed.record.digest("shot.0")]
    clear = {"tgt": world.signed.record.id, "digests": digests, "scope": "shots", "why": "owner"}
    assert world.outside.put(world.outside.sign("redact", clear)).status == 201
    assert open_blob(world.inside.contract, world.signed.shot) is not None
    assert world.inside.put_image(world.signed).status == 200


def test_an_outsider_cannot_revoke(world: World) -> None:
    clear = {"ctr": None, "account": world.inside.account, "kid": world.inside.signer.kid, "why": "stolen"}
    world.outside.new_stream()
    opened = world.outside.put(world.outside.sign("open", {"ctr": None}))
    assert opened.status == 201
    assert world.outside.put(world.outside.sign("revoke", clear)).status == 201
    assert world.inside.put(world.inside.segment()).status == 201


def test_an_outsider_who_names_the_same_image_gets_none_of_it(world: World) -> None:
    image = world.signed.image
    copied = world.outside.segment(image)
    assert world.outside.put(copied).status == 201
    answer = Door(world.nobody.port, world.cookies["stranger"]).ask("GET", f"/shots/{copied.shot}")
    assert answer.status == 404
    assert image not in answer.body


def test_ids_of_the_wrong_form_are_not_there(world: World) -> None:
    door = Door(world.nobody.port, world.cookies["freelancer"])
    for path in (f"/diary/{uuid.uuid4()}", "/diary/x", f"/record/{uuid.uuid4()}", "/shots/zz", "/nothing"):
        assert door.ask("GET", path).status == 404


def test_nobody_else_adds_a_key_to_an_account(world: World) -> None:
    signer = Ed25519Signer(os.urandom(32))
    origin = world.inside.installation.origin
    proof = b64u(signer.sign(key_proof_input(origin, world.inside.account, "root")))
    body = encode(KeyRequest("root", dict(signer.jwk), proof, "Root").to_json())
    got = {
        name: door.ask("POST", "/api/v1/keys", body, Content_Type="application/json").status
        for name, door in world.callers().items()
        if name != "device"
    }
    # Proof of possession names the account: the other device's word for its own one is another.
    assert got == {**NO_ACCOUNT, "other device": 422, **dict.fromkeys((*PEOPLE, "stranger"), 403)}
    assert not Device.objects.filter(kid=signer.kid).exists()
