"""Records and images open to the people of their contract only, and say nothing to anybody else."""

from __future__ import annotations

import pytest
from django.http import Http404

from tests.fakes.diary_days import Worked, digest_of
from tests.fakes.friday import CELL, at
from tests.fakes.screens import picture
from workdiary.evidence.canonical import b64u
from workdiary.server.diary.access import image_of, record_for, shot_for, thumbnail_of


def viewer(account):
    from workdiary.server.accounts.viewers import Viewer

    return Viewer(account.id, account.name, account.role)


def people(role):
    from workdiary.server.contracts.solo import person

    return viewer(person(role))


def stranger():
    from workdiary.server.accounts.models import Account

    return viewer(Account.objects.create(name="Mallory", role="stranger", made_ms=0))


@pytest.fixture
def shown(own):
    pictures = [picture("editor")]
    record = own.segment(Worked(at("06:00"), at("06:00") + CELL, pictures=pictures))
    own.store(record, pictures)
    return own, record, pictures[0]


@pytest.mark.parametrize("role", ["freelancer", "client", "support"])
def test_every_party_sees_record_and_image(shown, role):
    _own, record, shot = shown
    assert record_for(people(role), record.payload["rid"]).record.jws == record.jws
    found = shot_for(people(role), digest_of(record, "shot.0"))
    image, small = image_of(found), thumbnail_of(found)
    assert image is not None
    assert small is not None
    assert (image.data, image.media_type) == (shot.data, "image/webp")
    assert small.data == shot.thumb


def test_a_stranger_and_an_unknown_id_get_the_same_answer(shown):
    _own, record, _shot = shown
    with pytest.raises(Http404):
        record_for(stranger(), record.payload["rid"])
    with pytest.raises(Http404):
        record_for(people("freelancer"), "00000000-0000-7000-8000-000000000000")
    with pytest.raises(Http404):
        shot_for(stranger(), digest_of(record, "shot.0"))
    with pytest.raises(Http404):
        shot_for(people("freelancer"), "0" * 64)


def test_only_images_are_images(shown):
    _own, record, _shot = shown
    with pytest.raises(Http404):
        shot_for(people("freelancer"), digest_of(record, "memo"))


def test_a_redacted_image_is_gone_and_its_place_is_not(shown):
    own, record, _shot = shown
    own.redact(record, "shot.0", at("07:00"))
    found = shot_for(people("client"), digest_of(record, "shot.0"))
    assert image_of(found) is None
    assert thumbnail_of(found) is None


def test_time_taken_back_takes_its_images_along(shown):
    own, record, _shot = shown
    own.discard(record, at("07:00"))
    found = shot_for(people("client"), digest_of(record, "shot.0"))
    assert image_of(found) is None
    assert thumbnail_of(found) is None


def test_an_idle_discard_leaves_the_image(shown):
    own, record, _shot = shown
    own.discard(record, at("07:00"), why="idle")
    assert image_of(shot_for(people("client"), digest_of(record, "shot.0"))) is not None


def named_elsewhere(record, name="elsewhere"):
    """A contract of other people one of whose records names the same image, and came first."""
    from workdiary.server.contracts.models import Contract
    from workdiary.server.receive.models import Record

    contract = Contract.objects.create(name=name, made_ms=0)
    Record.objects.filter(rid=record.payload["rid"]).update(contract=contract)
    return contract


def test_an_image_is_shown_by_the_record_its_viewer_may_see(own):
    pictures = [picture("editor")]
    foreign = own.segment(Worked(at("06:00"), at("06:00") + CELL, pictures=pictures))
    named_elsewhere(foreign)
    record = own.segment(Worked(at("06:10"), at("06:10") + CELL, pictures=pictures))
    own.store(record, pictures)
    digest = digest_of(record, "shot.0")
    share(foreign, digest)
    found = shot_for(people("client"), digest)
    assert found.record.rid == record.payload["rid"]
    assert found.access.contract == own.contract
    assert image_of(found) is not None


def test_an_image_only_others_name_is_not_found(shown):
    _own, record, _shot = shown
    named_elsewhere(record)
    with pytest.raises(Http404):
        shot_for(people("client"), digest_of(record, "shot.0"))


def test_of_two_records_that_name_it_the_one_that_still_counts_shows_it(own):
    pictures = [picture("editor")]
    first = own.segment(Worked(at("06:00"), at("06:00") + CELL, pictures=pictures))
    record = own.segment(Worked(at("06:10"), at("06:10") + CELL, pictures=pictures))
    own.store(record, pictures)
    digest = digest_of(record, "shot.0")
    share(first, digest)
    assert shot_for(people("client"), digest).record.rid == first.payload["rid"]
    own.discard(first, at("07:00"))
    found = shot_for(people("client"), digest)
    assert found.record.rid == record.payload["rid"]
    assert image_of(found) is not None


def share(record, digest):
    """Let a record's image be named by another digest."""
    from workdiary.server.receive.models import Disclosure

    Disclosure.objects.filter(record=record.payload["rid"], slot="shot.0").update(digest=digest)


def test_an_account_stream_is_its_owners(own):
    own._stream, own._seq, own._prev, own._account = b64u(bytes(16)), 0, None, True
    opened = own.sign(
        "open",
        at("06:00"),
        {
            "jwk": dict(own.signer.jwk),
            "cert": None,
            "class": "SOFTWARE",
            "role": "freelancer",
            "resume": None,
        },
    )
    assert record_for(people("freelancer"), opened.payload["rid"]).access is None
    with pytest.raises(Http404):
        record_for(people("client"), opened.payload["rid"])
