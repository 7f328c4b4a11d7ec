"""The terms a solo contract begins with, and the notice given before the first session.

Other contracts get their terms from the two parties; a solo one is the freelancer's own, signed by the
device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from workdiary.client.sign.segment_record import Drafted
from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.digest import sha256_b64u
from workdiary.rules.policy import PolicySet, digest

LANGUAGE = "en"
# The demo contract's rate: enough to show amounts, 25.00 an hour.
SOLO_RATE: JsonObject = {"amount": 2500, "currency": "USD", "exponent": 2}
IN_FORCE = ("policy", "idle", "upload_key", "roots")


@dataclass(frozen=True, slots=True)
class SoloParty:
    """Whose contract it is: the account's UUID and root (kid), the fingerprint of the server's upload key."""

    account: str
    upload_key: str
    root: str | None = None

    @property
    def roots(self) -> JsonObject:
        """`terms.roots`."""
        return {"freelancer": self.root, "agency": None, "client": None}


def notice(language: str = LANGUAGE) -> str:
    """The text shown (or printed) before the first session; `consent` records its digest."""
    return (files("workdiary.resources") / "notices" / f"solo-{language}.txt").read_text(encoding="utf-8")


def solo_terms(policy: PolicySet, party: SoloParty, at_ms: int, before: Mapping[str, Any]) -> Drafted:
    """Terms from `at_ms` on; before: the fields of the version before, {} for the first."""
    clear: JsonObject = {
        "rev": int(before.get("rev", 0)) + 1,
        "from": at_ms,
        "status": "active",
        "kind": "hourly",
        "span": before.get("span") or {"start": at_ms, "end": None},
        "mode": "full",
        "shots": 1,
        "limit_s": None,
        "idle": policy.idle_ms,
        "rounding": "exact",
        "manual": False,
        "labels": "optional",
        "activity": policy.activity_threshold,
        "assistive": False,
        "apps": "none",
        "detail": "bucket",
        "agency": None,
        "policy": digest(policy),
        "roots": party.roots,
        "upload_key": party.upload_key,
        "accepts": None,
    }
    owner: JsonObject = {"role": "freelancer", "account": party.account, "name": ""}
    return Drafted(clear, {"rate": {**SOLO_RATE}, "parties": [owner]}, ())


def begins_ms(terms: Mapping[str, Any], otherwise: int) -> int:
    """Where the time span of terms begins; `otherwise` without any."""
    span = terms.get("span")
    return int(span["start"]) if isinstance(span, dict) else otherwise


def differ(policy: PolicySet, party: SoloParty, terms: Mapping[str, Any]) -> bool:
    """Whether the terms in force say something else than this policy and server do."""
    wanted = {"policy": digest(policy), "idle": policy.idle_ms, "upload_key": party.upload_key}
    wanted["roots"] = party.roots
    return any(terms.get(name) != wanted[name] for name in IN_FORCE)


def consent() -> Drafted:
    """That the notice was given."""
    text = sha256_b64u(notice().encode())
    clear: JsonObject = {"text": text, "lang": LANGUAGE, "given": True}
    return Drafted(clear, {}, ())
