"""Names inside a bundle and the caps of its files: what is not named here has no place in one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.kinds.base import DISCLOSURE_CAP, DISCLOSURES_CAP, LARGE_JWS_CAP
from workdiary.evidence.log import PROOF_CAP
from workdiary.evidence.notes import NOTE_CAP, RECEIPT_CAP

MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
REPORT = "REPORT.html"
VERIFY = "VERIFY.txt"
CERTIFICATE = "CERTIFICATE-902.txt"
TRUST = "trust/trust.json"
CHECKPOINT = "log/checkpoint"

# A hash in standard base64 with its newline.
_HASH_LINE = 45
_INDEX_DIGITS = 12
_STEM_TEXT = r"(?:[1-9][0-9]{0,9}-)?[0-9]{12}"
_STEM = re.compile(_STEM_TEXT + r"\Z", re.ASCII)
INDEX_MAX = 10**_INDEX_DIGITS - 1
EPOCH_MAX = 10**10 - 1

# Every file a bundle may hold: group name → (pattern, most bytes). The groups of one regular expression, so
# that a name is judged in one step.
_FILES: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "jws": (rf"records/{_STEM_TEXT}\.jws", LARGE_JWS_CAP),
        "disc": (rf"records/{_STEM_TEXT}\.disc", DISCLOSURES_CAP * (DISCLOSURE_CAP + 1)),
        "proof": (rf"records/{_STEM_TEXT}\.proof", RECEIPT_CAP),
        # Images over 15 MB are refused at every door (reliability.md, Hostile input).
        "blob": (r"blobs/[0-9a-f]{64}", 15_000_000),
        "checkpoint": (r"log/(?:(?:0|[1-9][0-9]{0,9})-)?checkpoint", NOTE_CAP),
        "note": (rf"log/{_STEM_TEXT}\.note", NOTE_CAP),
        "consistency": (rf"log/{_STEM_TEXT}\.consistency", PROOF_CAP * _HASH_LINE),
        # A token carries its TSA's certificates: a few KB each.
        "tsr": (rf"log/{_STEM_TEXT}\.tsr", 64 * 1024),
        # A beacon is a type byte, a note, and perhaps a token.
        "beacon": (rf"log/{_STEM_TEXT}\.beacon", NOTE_CAP + 65 * 1024),
        "path": (rf"log/{_STEM_TEXT}\.path", PROOF_CAP * _HASH_LINE),
        "epoch": (r"log/[1-9][0-9]{0,9}-0{12}\.epoch", NOTE_CAP + 1),
        "jwk": (r"keys/[0-9a-f]{64}\.json", 1024),
        "pem": (r"keys/[0-9a-f]{64}\.pem", 1024),
        "policy": (r"policy/[0-9a-f]{64}\.json", 64 * 1024),
        "trust": (r"trust/trust\.json", 256 * 1024),
        "manifest": (r"manifest\.json", 4096),
        # A page with a few hundred bytes for each of some thousand records, and their small pictures.
        "report": (r"REPORT\.html", 64 * 1024 * 1024),
        "text": (r"VERIFY\.txt|CERTIFICATE-902\.txt", 64 * 1024),
        # 65,534 files of at most 160 bytes a line.
        "sums": (r"SHA256SUMS", 11 * 1024 * 1024),
    }
)
_NAME = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, (pattern, _) in _FILES.items()), re.ASCII)


def kind_of(name: str) -> str | None:
    """What a file of this name holds (a key of the layout's table), None if it has no place in a bundle."""
    match = _NAME.fullmatch(name)
    return match.lastgroup if match else None


def cap_of(kind: str) -> int:
    """The most bytes a file of this kind may have."""
    return _FILES[kind][1]


def stem(epoch: int, index: int) -> str:
    """The start of a file's name: log index (or size) with 12 digits, the epoch before it unless it is 0."""
    if not (0 <= epoch <= EPOCH_MAX and 0 <= index <= INDEX_MAX):
        raise EvidenceError("bundle", "an epoch or index that has no place in a file name")
    return f"{epoch}-{index:012d}" if epoch else f"{index:012d}"


def parse_stem(text: str) -> tuple[int, int]:
    """(epoch, index) of a stem. Raises `EvidenceError` ("bundle") for any other spelling."""
    if not _STEM.match(text):
        raise EvidenceError("bundle", "not an index of a log")
    epoch, _, index = text.rpartition("-")
    return int(epoch or 0), int(index)


def checkpoint_name(epoch: int, newest: int) -> str:
    """Where the final note of an epoch lies: the newest has the short name."""
    return CHECKPOINT if epoch == newest else f"log/{epoch}-checkpoint"


def epoch_of_checkpoint(name: str, newest: int) -> int:
    """The epoch of a checkpoint's file name."""
    text = name.removeprefix("log/").removesuffix("checkpoint").removesuffix("-")
    return int(text) if text else newest
