"""The open bundle out of a spool: what is here, what is missing, and what a stranger makes of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from tests.fakes.enrolled import EnrolledHome
from workdiary.client.spool.bundle import OpenBundle
from workdiary.evidence.bundle import Bundle, Span, open_bundle, write_bundle
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.envelope import parse
from workdiary.rules.bundle_page import bundle_page
from workdiary.verify.judge import judge
from workdiary.verify.trust import Trust, parse_trust

EVER = Span(0, 2**42)


def gathered(desk: EnrolledHome, span: Span = EVER) -> OpenBundle:
    enrolment = desk.account.enrolment
    assert enrolment is not None
    return desk.spool.bundle.gather(enrolment.contracts[0], span, enrolment, desk.account.newest())


def written(found: OpenBundle) -> Bundle:
    out = io.BytesIO()
    write_bundle(replace(found.contents, report="<!DOCTYPE html>\n"), out)
    bundle = open_bundle(out.getvalue())
    assert (bundle.damaged, bundle.missing, bundle.unknown, bundle.malformed) == ((), (), [], {})
    return bundle


def sync(desk: EnrolledHome) -> None:
    for _ in range(5):
        if desk.uploader.run_once().sent == 0:
            return


def words(bundle: Bundle, axis: str, trusts: Sequence[Trust] = ()) -> set[str]:
    return {verdict.axes.words[axis] for verdict in judge(bundle, trusts).records}


def test_it_holds_records_receipts_and_images_and_is_open(desk: EnrolledHome) -> None:
    desk.segment()
    desk.segment()
    desk.sign()
    sync(desk)
    found = gathered(desk)
    assert (found.unlogged, found.images_missing) == (0, 0)
    bundle = written(found)
    assert bundle.manifest.seal is None
    kinds = [parse(record.jws).kind for record in bundle.records]
    assert kinds.count("segment") == 2
    assert len(list(bundle.blob_names)) == 2
    for name in bundle.blob_names:
        blob = bundle.blob(name)
        assert blob is not None
        assert sha256_hex(bytes(blob)) == bundle.blob_sha256(name)
    assert bundle.trust is not None
    trust = parse_trust(bundle.trust.decode())
    assert words(bundle, "chain", [trust]) == {"OPEN"}
    assert words(bundle, "integrity", [trust]) == {"VALID"}
    assert "BAD-RECEIPT" not in words(bundle, "log", [trust])
    assert bundle_page(bundle).startswith("<!DOCTYPE html>")


def test_what_was_never_sent_is_there_without_a_place_in_the_log(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    sync(desk)
    desk.segment()
    desk.sign()
    found = gathered(desk)
    assert found.unlogged == 1
    bundle = written(found)
    assert [record.proof is None for record in bundle.records].count(True) == 1
    assert bundle.records[-1].proof is None
    assert words(bundle, "integrity") == {"VALID"}
    assert judge(bundle, []).exit == 1


def test_redacted_images_are_not_in_it_and_lost_ones_are_counted(desk: EnrolledHome) -> None:
    first, second = desk.segment(), desk.segment()
    desk.sign()
    desk.journal.redact(desk.account.contracts()[0].id, [first.rid])
    for path in desk.spool.image_folder.glob("*.image"):
        path.unlink()
    found = gathered(desk)
    assert found.images_missing == 1
    bundle = written(found)
    assert list(bundle.blob_names) == []
    content = {verdict.rid: verdict.axes.words["content"] for verdict in judge(bundle, []).records}
    assert (content[first.rid], content[second.rid]) == ("REDACTED", "BLOB-MISSING")


def test_the_span_ends_it(desk: EnrolledHome) -> None:
    first = desk.segment()
    second = desk.segment()
    desk.sign()
    bundle = written(gathered(desk, Span(0, first.start_ms + 1)))
    rids = [parse(record.jws).rid for record in bundle.records]
    assert first.rid in rids
    assert second.rid not in rids
