"""Lies that once earned a better word than they deserve; each by whoever holds the keys it needs."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.fakes import bundles
from tests.fakes.bundles import CELL
from tests.fakes.records import START, browser, device
from tests.fakes.tales import Tale, verdict, without, word
from tests.fakes.world import CLIENT, FREELANCER, MINUTE, Stream
from workdiary.evidence.bundle import open_bundle
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u
from workdiary.evidence.disclosure import parse as parse_disclosure
from workdiary.evidence.envelope import SignedRecord
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.streams import Link, check_chain
from workdiary.rules import pay
from workdiary.rules.pay import pay_words
from workdiary.verify.judge import judge

_OWN = {
    "_sd",
    "_sd_alg",
    "seq",
    "prev",
    "stream",
    "rid",
    "v",
    "log",
    "ctr",
    "at",
    "boot",
    "mono",
    "cp",
    "skips",
}


def worked(tale: Tale, stream: Stream) -> SignedRecord:
    """Ten minutes more, by another key, as honest as they look."""
    world, like = tale.world, tale.segments[0]
    start, mono0, cp0 = world.now, world.mono, world.seen
    world.wait(CELL)
    clear = {name: value for name, value in like.payload.items() if name not in _OWN}
    clear |= {"start": start, "end": world.now, "mono0": mono0, "mono1": world.mono}
    clear |= {"cp0": cp0.to_json() if cp0 else None, "shots": 0, "no_shot": "mode", "terms": world.terms}
    slots = {name: parse_disclosure(text).value for name, text in like.disclosures.items()}
    record = stream.sign("segment", clear, {k: v for k, v in slots.items() if not k.startswith("shot.")})
    tale.log(record)
    return record


# --- whose key it is


def test_the_operators_own_key_is_nobodys_device() -> None:
    """Holding the operator's key: a stream in the role of the freelancer, signed by the pinned operator."""
    tale = Tale()
    assert word(tale.judged(), tale.operator.records[0], "key") == "SOFTWARE"
    for role in ("freelancer", "client", "agency"):
        tale = Tale()
        stream = tale.opened("laptop", tale.operator.signer, role)
        record = stream.records[0] if role != "freelancer" else worked(tale, stream)
        judged = tale.judged()
        assert word(judged, record, "key") == "CERT-INVALID", role
        assert judged.exit == 2


@pytest.mark.parametrize("role", ["client", "operator", "staff"])
def test_a_device_does_not_act_for_the_other_side(role: str) -> None:
    """Holding the device's key, the log looking away: the freelancer accepts as the client."""
    tale = Tale()
    stream = tale.opened("other side", tale.desk.signer, role)
    judged = tale.judged()
    assert word(judged, stream.records[0], "key") == "CERT-INVALID"
    assert judged.exit == 2


def test_a_browsers_key_does_not_become_a_devices_by_rotation() -> None:
    from workdiary.evidence.keys import Ed25519Signer
    from workdiary.evidence.rotation import rotate_input

    tale = Tale()
    tale.certified(browser("mine"), None, **{"class": "BROWSER"})
    page = tale.world.stream("page account", browser("mine"), None)
    tale.log(page.open("freelancer", "BROWSER"))
    new = Ed25519Signer(b"n" * 32)
    said = rotate_input(tale.world.log.origin, FREELANCER, page.signer.kid, new.kid)
    fields: JsonObject = {
        "account": FREELANCER, "old": page.signer.kid, "jwk": dict(new.jwk), "proof": b64u(new.sign(said)),
    }  # fmt: skip
    tale.log(page.sign("rotate", fields))
    own = tale.world.stream("new account", new, None)
    tale.log(own.open("freelancer", "HW-CLAIMED"))
    tale.certified(device("third"), by=own)
    third = tale.opened("third", device("third"))
    judged = tale.judged()
    assert word(judged, own.records[0], "key") == "BROWSER"
    assert word(judged, third.records[0], "key") == "VOUCHED"


# --- what an `erase` takes away


def erased(tale: Tale, gone: SignedRecord, named: str) -> SignedRecord:
    item: JsonObject = {
        "stream": str(gone.payload["stream"]),
        "seq": gone.payload["seq"],
        "id": named,
        "leaf": b64u(bytes(32)),
        "index": 3,
    }
    record = tale.operator.sign("erase", {"items": [item], "why": "asked"})
    tale.log(record)
    return record


def test_an_erasure_that_names_another_record_hides_nothing() -> None:
    """Holding the operator's key: a record left out, its place erased under the id of one that is here."""
    tale = Tale()
    first, second = tale.segments
    erased(tale, first, second.id)
    judged = tale.judged(without(tale.contents(), first))
    assert judged.worst["content"] == "ERASED"
    assert judged.exit >= 1


def test_an_erased_record_that_is_still_here_counts_no_more_and_shows() -> None:
    """It is left out of the projection, so the amount could be changed by it."""
    tale = Tale()
    erased(tale, tale.segments[0], tale.segments[0].id)
    assert tale.judged().worst["content"] == "ERASED"


# --- seals


def sealed(tale: Tale, heads: list[JsonValue] | None = None, **fields: JsonValue) -> SignedRecord:
    """A seal in the middle, whose heads may lie."""
    size = tale.world.log.size
    span = bundles.span_of(tale.told)
    said: JsonObject = {"span": {"start": span.start, "end": span.end}, "size": size}
    record = tale.operator.sign("seal", {**said, "heads": heads or tale.world.heads(size), **fields})
    tale.log(record)
    return record


def lying_end(tale: Tale, change) -> None:  # type: ignore[no-untyped-def] # a list of heads to another
    """The last seal's heads are `change`d before it is signed."""

    def twist(_s: Stream, kind: str, clear: dict[str, JsonValue], _slots: dict[str, JsonValue]) -> None:
        if kind == "seal":
            clear["heads"] = change(clear["heads"])

    tale.world.twist = twist


def test_a_later_seal_does_not_forget_a_stream() -> None:
    """Holding the operator's keys: a device's stream is sealed, then left out of the log's last seal."""
    tale = Tale()
    tale.certified(device("laptop"))
    laptop = tale.opened("laptop", device("laptop"))
    worked(tale, laptop)
    sealed(tale)
    lying_end(tale, lambda heads: [head for head in heads if head["stream"] != laptop.stream])
    judged = tale.judged(without(tale.contents(), *laptop.records))
    assert judged.worst["log"] == "EQUIVOCATION"
    assert judged.exit == 2


def test_a_later_seal_does_not_shorten_a_stream() -> None:
    tale = Tale()
    sealed(tale)
    second = tale.segments[-1]
    before = tale.segments[-2]

    def shorter(heads: list[JsonValue]) -> list[JsonValue]:
        own = {"stream": tale.desk.stream, "seq": before.payload["seq"], "id": before.id, "holes": []}
        return [own if head["stream"] == tale.desk.stream else head for head in heads]  # type: ignore[index,call-overload]

    lying_end(tale, shorter)
    judged = tale.judged(without(tale.contents(), second))
    assert judged.worst["log"] == "EQUIVOCATION"


def test_two_seals_do_not_name_two_records_at_one_place() -> None:
    tale = Tale()
    heads = [
        {**head, "id": b64u(bytes(32))} if head["stream"] == tale.client.stream else head  # type: ignore[dict-item,index,call-overload]
        for head in tale.world.heads(tale.world.log.size)
    ]
    sealed(tale, heads)
    assert tale.judged().worst["log"] == "EQUIVOCATION"


def test_an_old_size_sealed_now_is_no_fresh_seal() -> None:
    """Holding the operator's keys: the export of a week seals the state of its first hour."""
    tale = Tale()
    bundles._export(tale.told, bundles.span_of(tale.told))
    old = tale.world.log.size
    heads = tale.world.heads(old)
    # A second stream of the operator's, so that the seal stands right behind the head it gives.
    tale.world.wait(60 * MINUTE)
    tale.desk.sign("memo", {"tgt": tale.segments[0].id}, {"memo": "a later word", "label": None})
    tale.log(tale.desk.records[-1])
    span = bundles.span_of(tale.told)
    seal = tale.operator.sign(
        "seal", {"span": {"start": span.start, "end": span.end}, "size": old, "heads": heads}
    )
    tale.log(seal)
    tale.told.seal = seal
    judged = tale.judged(bundles.bundle_contents(tale.told))
    assert judged.worst["chain"] == "OPEN"


def test_a_first_seal_dated_back_does_not_hide_the_spans_beginning() -> None:
    """Holding the operator's keys: the seal before is given within the span and dated to before it."""
    tale = Tale()
    tale.world.wait(2 * 60 * MINUTE)
    early, told = tale.world.log.head(5), tale.told
    size = tale.world.log.size
    heads = tale.world.heads(size)
    now, seen = tale.world.now, tale.world.seen
    tale.world.now, tale.world.seen = START - MINUTE, early
    span: JsonObject = {"start": START - 60 * MINUTE, "end": START}
    told.before = tale.operator.sign("seal", {"span": span, "size": size, "heads": heads})
    tale.world.now, tale.world.seen = now, seen
    tale.log(told.before)
    judged = tale.judged()
    assert judged.worst["chain"] == "OPEN"


# --- pay


def locked_again(tale: Tale) -> SignedRecord:
    """The operator states the same week a second time."""
    first = next(record for record in tale.operator.records if record.kind == "lock")
    clear = {name: value for name, value in first.payload.items() if name not in _OWN}
    again = tale.operator.sign("lock", {**clear, "size": tale.world.log.size})
    tale.log(again)
    return again


def test_a_week_is_not_billed_by_two_locks() -> None:
    tale = Tale(lock=True)
    again = locked_again(tale)
    judged = tale.judged()
    found = pay_words(judged)
    place = verdict(judged, again).place
    assert found.words[place] == "DIFFERS"
    assert sorted(found.locks[other].word for other in found.locks) == ["DIFFERS", "MATCHES"]


def test_more_locks_than_can_be_recomputed_are_not_stated(monkeypatch: pytest.MonkeyPatch) -> None:
    """A megabyte of segments and locks would take minutes."""
    monkeypatch.setattr(pay, "WORK_CAP", 1)
    judged = Tale(lock=True).judged()
    assert [lock.word for lock in pay_words(judged).locks.values()] == ["NOT-STATED"]


def test_gaps_that_are_said_to_be_refusals_cost_no_more_than_they_weigh() -> None:
    """Each of 5,000 records behind a gap names 32 refused ones: once sorted anew for every gap."""
    links = []
    for n in range(5_000):
        far = ((10**6 + 32 * n + i, f"{n}.{i}") for i in range(31))
        links.append(Link("s", 2 * n, f"{n}", None, "k", None, b"%d" % n, ((2 * n + 1, f"{n}"), *far)))
    started = time.process_time()
    found = check_chain(links)
    assert time.process_time() - started < 10
    assert {item.kind for item in found} == {"GAP(refused)"}


def test_demo_rules_under_records_that_deny_them_do_not_match() -> None:
    """Holding the device's and the operator's keys: every word that says demo is left out."""

    def twist(_s: Stream, kind: str, clear: dict[str, JsonValue], _slots: dict[str, JsonValue]) -> None:
        if kind in {"segment", "policy"}:
            clear["demo"] = False

    sample = bundles.sample_bundle(bundles.Knobs(demo=True), twist)
    manifest = replace(sample.contents.manifest, demo=False)
    data = bundles.bundle_bytes(replace(sample.contents, manifest=manifest))
    judged = judge(open_bundle(data), [sample.trust])
    assert {lock.word for lock in pay_words(judged).locks.values()} == {"DIFFERS"}


# --- trust


def test_two_trust_files_do_not_name_one_root_for_two_sides() -> None:
    """The last one given would have decided, silently, whose key it is."""
    tale = Tale()
    root = tale.trust.roots[0]
    for other in (replace(root, role="client"), replace(root, account=CLIENT)):
        with pytest.raises(EvidenceError):
            tale.judged(trusts=[tale.trust, replace(tale.trust, roots=(other,))])


def test_a_root_known_from_another_installation_keeps_its_account_here() -> None:
    tale = Tale()
    root = replace(tale.trust.roots[0], account=CLIENT, role="client")
    elsewhere = replace(tale.trust, installation="0" * 32, roots=(root,))
    judged = tale.judged(trusts=[tale.trust, elsewhere])
    assert word(judged, tale.segments[0], "key") == "SOFTWARE"
