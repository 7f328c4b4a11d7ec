"""The sentences of a report: what each axis proves, and what to do about each word that is less."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

QUESTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "integrity": "Is every record unchanged?",
        "chain": "Is anything missing?",
        "log": "Who else has seen it?",
        "time": "When was it made?",
        "content": "Is everything recorded here?",
        "key": "Whose keys signed?",
        "pay": "Do the amounts follow?",
    }
)

# Said where every record of an axis is at level 0.
PROVEN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "integrity": "Every record is exactly what its key signed, and whoever signed was allowed to.",
        "chain": "No record is missing between the first one and the seal.",
        "log": "Enough of the witnesses you have pinned have seen the log that holds every record.",
        "time": "Each record was made within an hour of what it claims, or in the wider window printed "
        "with it (LATE), by clocks of others.",
        "content": "Everything that was recorded is here, or its removal is signed by who may remove it.",
        "key": "The keys belong to accounts whose roots you have compared, or to parties that have none.",
        "pay": "The amounts follow from the records, the terms and the rules.",
    }
)

SOLO: Final = "Intact and continuous; nobody outside this computer has witnessed it."
HEADLINES: Final = (
    "Everything that was checked holds.",
    "It holds in part: nothing in it was found false, but not everything is proven.",
    "Broken: something in it is false, was changed, or contradicts itself. Do not rely on it unexplained.",
)
DEMO: Final = "It was recorded under the demo policy: good for trying out, never for evidence."

# What a person can do about a word of level 1 or 2; a word without a row speaks for itself.
NEXT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "INVALID": "Get the bundle again, straight from who made it. If it is the same, ask for an "
        "explanation: what is marked INVALID proves nothing.",
        "UNSUPPORTED": "Check it again with a newer version of this program.",
        "DANGLING": "Ask for a bundle of a longer span: it speaks about records that are not in this one.",
        "FOREIGN-REPORT": "Do not use the report enclosed; this one is made from the records themselves.",
        "GAP": "Ask the freelancer: the device keeps its records until 30 days after they were paid.",
        "GAP(refused)": "Nothing, if you accept the server's signed refusals; they say why.",
        "FORK": "Ask for the account root's own word (a signed `rejoin`) on which of the two is true.",
        "FORK(resolved)": "Nothing; the account's root has named both.",
        "OPEN": "Ask the operator for a sealed export: without a seal the last records could be left out.",
        "LOGGED": "Pin witnesses, or ask for a bundle exported after they have seen the log.",
        "SELF-ASSERTED": "Without a pinned key of this log: get the trust file from the other side by "
        "another way than this bundle, compare its words by telephone, and run `workdiary trust add FILE`. "
        "With one: it is one computer's own log; only outside witnesses, pinned while working, say more.",
        "INCOMPARABLE": "Ask for the log's missing proofs: a newer bundle, or the other side's copy.",
        "EQUIVOCATION": "Keep this file and the other side's: together they prove that the operator signed "
        "two stories.",
        "BAD-RECEIPT": "Ask the operator for a true receipt; this one proves nothing.",
        "UNBOUNDED": "Nothing now: only the device's own clock says when. Witnesses or a time stamping "
        "authority, pinned while working, would have bounded it.",
        "CLOCK-UNSURE": "Export again when the device has been online: then its clock can be placed.",
        "CONTRADICTED": "Ask the freelancer for an explanation: the times claimed cannot be.",
        "WITHHELD": "Ask who made the bundle why this is not shown; somebody with more rights may see it.",
        "BLOB-MISSING": "Ask for a bundle exported after all images have arrived.",
        "ERASED": "Nothing: it was erased on request, and only its place is left.",
        "MISMATCH": "Get the bundle again. What differs is not what was recorded.",
        "VOUCHED": "Ask the freelancer for an account root (`workdiary keys root`), and compare its words.",
        "OPERATOR": "Ask the party itself whether this was its will; the operator signed it in its name.",
        "REVOKED": "Ask the account's owner to endorse what was signed before the key was lost.",
        "ROOT-UNPINNED": "Compare the root's words with its owner by another way (`workdiary keys compare`), "
        "then pin it with `workdiary trust add FILE`.",
        "CERT-INVALID": "Do not rely on it: whose key it is was stated falsely.",
        "NOT-STATED": "Nothing, if the week is not locked yet; export again after the lock.",
        "DIFFERS": "Compare the invoice with the amounts recomputed here, and dispute the difference.",
    }
)
