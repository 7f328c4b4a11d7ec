from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.bundles import bundle_bytes
from tests.fakes.falsified import false_note
from tests.fakes.tales import Tale
from workdiary.evidence import keys
from workdiary.evidence.bundle import Bundle, Contents, open_bundle
from workdiary.evidence.envelope import parse
from workdiary.evidence.notes import parse_receipt
from workdiary.verify.ahead import check_notes, note_texts, sound_notes
from workdiary.verify.judge import judge
from workdiary.verify.trust import Trust


def opened(contents: Contents) -> Bundle:
    return open_bundle(bundle_bytes(contents))


def test_every_note_that_a_judge_opens_is_checked_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    tale = Tale()
    bundle = opened(tale.contents())
    answer = check_notes(bundle, [tale.trust])
    assert set(answer) == {1}
    seen: list[bytes] = []
    check = keys._ed25519_key

    def spy(public: bytes) -> object:
        seen.append(public)
        return check(public)

    monkeypatch.setattr(keys, "_ed25519_key", spy)
    judged = judge(bundle, [tale.trust], lambda: sound_notes(bundle, answer))
    # What is left are the records' own signatures.
    assert len(seen) == sum(parse(record.jws).alg == keys.ED25519 for record in bundle.records)
    assert judged == judge(bundle, [tale.trust])


def test_a_false_signature_is_found_ahead_and_judged_the_same() -> None:
    tale = Tale()
    bundle = opened(false_note(tale))
    answer = check_notes(bundle, [tale.trust])
    assert answer.count(0) == 1
    sound = sound_notes(bundle, answer)
    lie = next(record.proof for record in bundle.records if record.jws == tale.segments[0].jws)
    assert lie is not None
    assert parse_receipt(lie).checkpoint_note in set(note_texts(bundle)) - sound
    judged = judge(bundle, [tale.trust], lambda: sound)
    assert judged.exit == 2
    assert judged == judge(bundle, [tale.trust])


@pytest.mark.parametrize("by", ["nobody", "another's key"])
def test_whatever_is_pinned_the_verdict_is_the_same(by: str) -> None:
    tale = Tale()
    bundle = opened(tale.contents())
    trusts = [] if by == "nobody" else [replace(tale.trust, log_key=b"\x01" + bytes(31), operator=None)]
    answer = check_notes(bundle, trusts)
    assert judge(bundle, trusts, lambda: sound_notes(bundle, answer)) == judge(bundle, trusts)


def test_only_a_whole_answer_counts() -> None:
    tale = Tale()
    bundle, trusts = opened(tale.contents()), list[Trust]([tale.trust])
    answer = check_notes(bundle, trusts)
    assert sound_notes(bundle, answer) == set(note_texts(bundle))
    for other in (None, b"", answer[:-1], answer + b"\1", bytes(len(answer)), b"\2" * len(answer)):
        assert sound_notes(bundle, other) == frozenset()
