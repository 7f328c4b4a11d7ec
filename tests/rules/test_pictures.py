"""What stands in an image's place: replaced, redacted, expired, and what stays of evidence."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.entries import (
    MINUTE,
    STANDARD,
    T0,
    amendment,
    memo,
    name_digest,
    redact,
    segment,
    shot_facts,
    stored,
    unopened,
)
from workdiary.rules.cells import evidence
from workdiary.rules.diary import DiaryShot
from workdiary.rules.entries import Entry, blob_id
from workdiary.rules.projection import project

CELL = 10 * MINUTE
ENTRY = segment(1, T0, T0 + CELL, shot_at=[T0 + MINUTE, T0 + 2 * MINUTE])


def blurred(number: int, target: Entry, slot: str = "shot.0", **own: object) -> Entry:
    digests = {"shot.0": name_digest(f"{number}:shot.0")}
    clear = {"tgt": target.id, "digest": target.digests[slot], "how": "blurred", "_sd": [*digests.values()]}
    values = {"shot.0": shot_facts(T0 + MINUTE, edit="blurred")}
    return amendment(number, "replace", clear, **({"values": values, "digests": digests} | own))


def expired(number: int, target: Entry, *slots: str, **own: object) -> Entry:
    clear = {"tgt": target.id, "digests": [target.digests[slot] for slot in slots], "class": "images"}
    return amendment(number, "expire", clear, **({"role": "operator"} | own))


def shots(*entries: Entry) -> tuple[DiaryShot, ...]:
    (shown,) = project(entries, stored=stored(*entries)).segments
    return shown.shots


def test_a_replacement_stands_in_the_images_place() -> None:
    new = blurred(2, ENTRY)
    first, second = shots(ENTRY, new)
    assert (first.id, first.state, first.facts["edit"]) == (blob_id(new.digests["shot.0"]), "sent", "blurred")
    assert (first.replaced, second.replaced, second.facts["edit"]) == (True, False, "none")


def test_the_last_replacement_wins_and_one_may_follow_another() -> None:
    first, again = blurred(2, ENTRY), blurred(5, ENTRY)
    assert shots(again, ENTRY, first)[0].id == blob_id(again.digests["shot.0"])
    chained = blurred(6, first)
    assert shots(ENTRY, first, chained)[0].id == blob_id(chained.digests["shot.0"])


def test_the_replaced_disclosure_is_destroyed_and_still_known() -> None:
    left = {name: digest for name, digest in ENTRY.digests.items() if name != "shot.0"}
    values = {name: value for name, value in ENTRY.values.items() if name != "shot.0"}
    bare = replace(ENTRY, digests=left, values=values, withheld=(ENTRY.digests["shot.0"],))
    new = blurred(2, ENTRY)
    assert shots(bare, new)[0].id == blob_id(new.digests["shot.0"])
    # the new one may be withheld as well: its digest is known all the same
    hidden = replace(new, values={}, digests={}, withheld=(new.digests["shot.0"],))
    assert shots(bare, hidden)[0].id == blob_id(new.digests["shot.0"])


def test_redact_is_final_for_the_image_and_for_what_stands_in_its_place() -> None:
    new = blurred(2, ENTRY)
    gone = amendment(3, "redact", {"tgt": new.id, "digests": [*new.digests.values()], "scope": "shots"})
    for entries in ([ENTRY, new, gone], [ENTRY, new, redact(9, ENTRY, "shot.0")]):
        assert [shot.state for shot in shots(*entries)] == ["redacted", "sent"]


def test_only_its_owner_replaces_and_only_the_operator_expires() -> None:
    assert shots(ENTRY, blurred(2, ENTRY, role="client"))[0].replaced is False
    mine = replace(ENTRY, account="account-f")
    diary = project([mine, blurred(2, mine, account="account-x")])
    assert diary.unauthorised == (blurred(2, mine).rid,)
    assert shots(ENTRY, expired(2, ENTRY, "shot.0", role="freelancer"))[0].state == "sent"


def test_an_expired_image_is_not_readable_and_was_evidence() -> None:
    gone = expired(2, ENTRY, "shot.0", "shot.1")
    first, second = shots(ENTRY, gone)
    assert (first.state, second.state, first.facts, first.readable) == ("expired", "expired", {}, False)
    diary = project([ENTRY, gone])
    assert list(evidence(diary.segments, STANDARD).values()) == ["pass"]
    assert [s.state for s in shots(unopened(ENTRY), gone)] == ["expired", "expired"]


def test_an_expired_memo_is_not_called_redacted() -> None:
    clear = {"tgt": ENTRY.id, "digests": [ENTRY.digests["memo"]], "class": "memos"}
    (shown,) = project([ENTRY, amendment(2, "expire", clear, role="operator")]).segments
    assert (shown.memo, shown.memo_state) == (None, "withheld")


def test_a_memo_of_an_idle_claim_can_be_amended() -> None:
    idle = amendment(
        2, "discard", {"spans": [{"tgt": ENTRY.id, "start": T0, "end": T0 + CELL}], "why": "idle"}
    )
    spans = [{"tgt": ENTRY.id, "start": T0, "end": T0 + CELL}]
    claim = amendment(3, "idle-claim", {"tgt": idle.id, "spans": spans}, values={"memo": "on the phone"})
    diary = project([ENTRY, idle, claim, memo(4, claim, "on the phone with Bob")])
    assert [s.memo for s in diary.segments if s.kind == "idle-claim"] == ["on the phone with Bob"]


def test_an_erased_record_counts_no_more_and_leaves_nothing_dangling() -> None:
    erase = amendment(5, "erase", {"items": [{"id": ENTRY.id}], "why": "request"}, role="operator")
    diary = project([ENTRY, memo(2, ENTRY, "another memo text"), erase])
    assert (diary.segments, diary.dangling, diary.erased) == ((), (), (ENTRY.id,))
    forged = replace(erase, role="freelancer")
    assert project([ENTRY, forged]).erased == ()
