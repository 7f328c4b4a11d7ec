"""The words of every verdict: plain title, one sentence, and a badge word where it needs attention.

Which verdicts there are and how bad each is stands in verify.axes; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext_lazy as _

from workdiary.server.web.words import Text


@dataclass(frozen=True, slots=True)
class Verdict:
    """One possible result of an axis: plain title, one sentence.

    badge: its own word on a cell, if it is worth one; others only keep a cell from being plain "Verified".
    """

    title: Text
    sentence: Text
    badge: Text | None = None


AXES: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "integrity": _("Is the record unchanged?"),
        "chain": _("Is anything missing around it?"),
        "log": _("Who has seen that it exists?"),
        "time": _("When was it made?"),
        "content": _("Is all of its content here?"),
        "key": _("Whose key signed it?"),
        "pay": _("Was its amount recomputed?"),
    }
)

VERDICTS: Final[Mapping[str, Mapping[str, Verdict]]] = MappingProxyType(
    {
        "integrity": {
            "VALID": Verdict(_("Unchanged"), _("Not altered since the device signed it.")),
            "UNSUPPORTED": Verdict(
                _("Newer format"),
                _("Made by a newer version: the signature holds, the content cannot be judged here."),
                _("Newer format"),
            ),
            "DANGLING": Verdict(
                _("Target unknown"), _("It speaks of a record that is not here."), _("Target unknown")
            ),
            "FOREIGN-REPORT": Verdict(
                _("Another report"),
                _("The report enclosed is not the one these records give."),
                _("Another report"),
            ),
            "INVALID": Verdict(_("Altered"), _("The signature or the content does not hold."), _("Altered")),
        },
        "chain": {
            "CONTIGUOUS": Verdict(_("Nothing missing"), _("The records before and after are all here.")),
            "RESUMED": Verdict(
                _("Resumed"), _("Continues an older stream after a move or a restore, and says so.")
            ),
            "OPEN": Verdict(
                _("Nothing missing so far"), _("All earlier records are here; no seal ends the stream yet.")
            ),
            "GAP": Verdict(
                _("A record is missing"),
                _("A record made before this one is not here, and nothing says why. This one is unchanged."),
                _("Gap: a missing record"),
            ),
            "GAP(refused)": Verdict(
                _("A refused record is missing"),
                _("The server refused a record before this one, and signed that. This one is unchanged."),
                _("Gap: a refused record"),
            ),
            "FORK(resolved)": Verdict(
                _("Two versions, explained"),
                _("The same place was signed twice; the account's root has named both."),
                _("Fork resolved"),
            ),
            "FORK": Verdict(
                _("Two versions"), _("The same place in the stream was signed twice."), _("Forked")
            ),
        },
        "log": {
            "WITNESSED": Verdict(_("Witnessed"), _("Independent witnesses have seen the log that holds it.")),
            "LOGGED": Verdict(
                _("In the log"),
                _("In this server's log, with a receipt; no independent witness has seen it."),
            ),
            "SELF-ASSERTED": Verdict(
                _("Own log only"),
                _("In a log kept on the same computer; nobody outside this computer has witnessed it."),
            ),
            "INCOMPARABLE": Verdict(
                _("Logs differ in reach"),
                _("Two notes of the log could not be compared."),
                _("Not comparable"),
            ),
            "EQUIVOCATION": Verdict(
                _("The log contradicts itself"),
                _("Two signed states of the log exclude each other."),
                _("Log forked"),
            ),
            "BAD-RECEIPT": Verdict(
                _("Receipt does not hold"),
                _("The receipt does not prove that the log holds this record."),
                _("Bad receipt"),
            ),
        },
        "time": {
            "NOT-APPLICABLE": Verdict(
                _("No time claimed"),
                _("It claims no working time: its place in the log says when it counts."),
            ),
            "LIVE": Verdict(_("Recorded live"), _("Made within the window printed here, not later.")),
            "LATE": Verdict(
                _("Recorded late"), _("Could have been made at any time in the window printed here.")
            ),
            "UNBOUNDED": Verdict(
                _("Time as the device says"), _("Nobody outside this computer bounds when it was made.")
            ),
            "CLOCK-UNSURE": Verdict(
                _("Clock was wrong"),
                _("The device's clock was wrong and no later contact has placed the time."),
                _("Clock unsure"),
            ),
            "CONTRADICTED": Verdict(
                _("Time contradicted"),
                _("The time it claims is outside what the evidence allows."),
                _("Time contradicted"),
            ),
        },
        "content": {
            "NOT-APPLICABLE": Verdict(_("Nothing to leave out"), _("It has nothing that could be left out.")),
            "FULL": Verdict(_("Complete"), _("Memo, counts and screenshots are all here.")),
            "REDACTED": Verdict(
                _("Redacted"), _("Its owner removed a part or all of it, by a signed record."), _("Redacted")
            ),
            "REPLACED": Verdict(_("Blurred later"), _("Its owner replaced an image, by a signed record.")),
            "EXPIRED": Verdict(_("Expired"), _("Removed at the end of its retention, by a signed record.")),
            "MANUAL": Verdict(
                _("Entered by hand"), _("Time added by hand has no counts and no screenshots.")
            ),
            "WITHHELD": Verdict(_("Withheld"), _("A part exists that was not disclosed."), _("Withheld")),
            "BLOB-MISSING": Verdict(
                _("Image not here yet"), _("A signed image has not arrived yet."), _("Image pending")
            ),
            "ERASED": Verdict(_("Erased"), _("Only its place in the log is left."), _("Erased")),
            "MISMATCH": Verdict(
                _("Content differs"), _("What is here is not what was signed."), _("Content differs")
            ),
        },
        "key": {
            "HW-ATTESTED": Verdict(_("Known key"), _("A hardware key, attested, of a known account.")),
            "HW-CLAIMED": Verdict(
                _("Known key"), _("A hardware key, as the device says, of a known account.")
            ),
            "SOFTWARE": Verdict(_("Known key"), _("A software key of a known account.")),
            "BROWSER": Verdict(_("Browser key"), _("A key that lives in a browser.")),
            "VOUCHED": Verdict(
                _("Key vouched by the server"),
                _("The server says whose key it is; no account root certifies it yet."),
            ),
            "OPERATOR": Verdict(
                _("Signed by the operator"),
                _("Signed on behalf of someone by the operator."),
                _("By operator"),
            ),
            "REVOKED": Verdict(_("Key revoked"), _("The key had been revoked."), _("Key revoked")),
            "ROOT-UNPINNED": Verdict(
                _("Root not compared"), _("Certified by an account root that nobody here has compared yet.")
            ),
            "CERT-INVALID": Verdict(
                _("Key not valid"), _("The key's certificate does not hold."), _("Key not valid")
            ),
        },
        "pay": {
            "NOT-APPLICABLE": Verdict(_("No amount"), _("It stands for no amount.")),
            "MATCHES": Verdict(_("Amount recomputed"), _("Same result from records, terms and policy.")),
            "NOT-STATED": Verdict(_("No amount stated"), _("No invoice states an amount for it yet.")),
            "DIFFERS": Verdict(
                _("Amount differs"), _("Records and terms give another amount."), _("Amount differs")
            ),
        },
    }
)

CLAIM: Final = _(
    "It proves what was recorded, by which key, in which window of time, and that nothing has been changed "
    "or left out since. It does not prove that work was done."
)
