"""The verdict on an opened bundle: its records, the pay that follows, the page enclosed.

Apart from `judging`, which imports it when the second process is at work already.
"""

from __future__ import annotations

from collections.abc import Sequence

from workdiary.cli.aside import Answer
from workdiary.evidence.bundle import Bundle
from workdiary.rules.bundle_page import bundle_page
from workdiary.rules.pay import pay_words
from workdiary.verify import ahead
from workdiary.verify.judge import judge
from workdiary.verify.judged import Finding, Judged
from workdiary.verify.trust import Trust


def verdict_on(bundle: Bundle, trusts: Sequence[Trust], answer: Answer) -> Judged:
    """Everything that is to be said; `answer` is waited for when the first note is to be opened."""
    judged = judge(bundle, trusts, lambda: ahead.sound_notes(bundle, answer()))
    pay = pay_words(judged)
    told = [Finding("pay", "", sentence) for sentence in pay.why]
    return judged.with_pay(pay.words, [*told, *_foreign_page(bundle, judged)])


def _foreign_page(bundle: Bundle, judged: Judged) -> list[Finding]:
    """The page enclosed, if it is not the one these records give."""
    if bundle.report is None or "REPORT.html" in bundle.damaged:
        return []
    if bundle_page(bundle, judged.material) == bundle.report:
        return []
    return [
        Finding("integrity", "FOREIGN-REPORT", "the page enclosed (REPORT.html) is not the one that follows")
    ]
