"""Recovery codes, the root key of each, and its fingerprint in words."""

from __future__ import annotations

from tests.fakes.records import fixed
from workdiary.evidence.canonical import JsonObject, b64u
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.recovery import SHORT_WORDS, recovery_code, root_seed, words

SECRETS = (bytes(20), b"\xff" * 20, bytes(range(20)), fixed("recovery", 20))


def recovery_vectors() -> JsonObject:
    """Codes as written and as typed; codes with a mistake."""
    code = recovery_code(SECRETS[2])
    typed = (code.lower(), code.replace("-", " "), code.replace("-", ""), f" {code}\n",
             code.replace("0", "O").replace("1", "l"), code.replace("0", "o").replace("1", "I"))  # fmt: skip
    wrong = {
        "a character changed": code[:-1] + ("0" if code[-1] != "0" else "1"),
        "two exchanged": code[:-2] + code[-1] + code[-2],
        "a character missing": code[:-1],
        "a character more": code + "0",
        "the letter U": "U" + code[1:],
        "another script": "\u0660" + code[1:],
        "nothing": "",
    }
    return {
        "what": "20 secret bytes, their code, the root's seed, kid and words; and codes to refuse",
        "codes": [_row(secret) for secret in SECRETS],
        "typed": [{"text": text, "secret": b64u(SECRETS[2])} for text in typed],
        "refused": [{"why": why, "text": text} for why, text in wrong.items()],
    }


def _row(secret: bytes) -> JsonObject:
    seed = root_seed(secret)
    kid = Ed25519Signer(seed).kid
    return {
        "secret": b64u(secret),
        "code": recovery_code(secret),
        "seed": b64u(seed),
        "kid": kid,
        "words": [*words(kid)],
        "short": [*words(kid, SHORT_WORDS)],
    }
