"""A new device key takes the old one's place.

Order, so that a crash at any point leaves one key that signs: the next key is kept → the old key signs
`rotate` on its account stream (durable, queued) → the next key becomes the device key → the account names it
→ the next key's place is empty again. What a start finds half done it finishes, or forgets if nothing was
signed yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workdiary.client.account import Account
from workdiary.client.sign.book import Book
from workdiary.client.sign.signer import DeviceKeys
from workdiary.client.sign.streams import ACCOUNT
from workdiary.evidence.canonical import JsonObject, b64u
from workdiary.evidence.keys import Ed25519Signer, thumbprint
from workdiary.evidence.rotation import rotate_input


def rotation(log: str, account: str, old: str, new: Ed25519Signer) -> JsonObject:
    """The clear fields of `rotate`, the new key's proof included."""
    proof = new.sign(rotate_input(log, account, old, new.kid))
    return {"account": account, "old": old, "jwk": {**new.jwk}, "proof": b64u(proof)}


def finish_rotation(keys: DeviceKeys, account: Account, book: Book) -> bool:
    """Finish a rotation that has begun; whether the device has a new key now. Raises KnownError."""
    following = keys.next_signer()
    if following is None:
        return False
    known = account.enrolment
    if known is not None and known.next_kid == following.kid:
        keys.switch()
        account.amend(lambda known: replace(known, kid=following.kid, cert="", next_kid=""))
        keys.drop_next()
        return True
    last = book.last(ACCOUNT, "rotate")
    rotated = last is not None and _new_kid(last[1]) == following.kid
    if last is not None and rotated:
        keys.switch()
        account.put_key(kid=following.kid, cert=book.text(str(last[1]["rid"])))
    keys.drop_next()
    return rotated


def _new_kid(payload: Mapping[str, object]) -> str:
    jwk = payload["jwk"]
    return thumbprint({str(name): str(part) for name, part in jwk.items()}) if isinstance(jwk, dict) else ""
