"""The one exception that bytes from outside can cause in `evidence` and `verify`."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "json",  # not JSON under the encoding profile
    "base64",  # not strict base64url or base64
    "cap",  # over one of the named limits
    "jws",  # not a compact JWS of this profile
    "key",  # a key that the profile refuses
    "signature",  # a signature that is not there, not canonical or not true
    "field",  # a field that is missing, unknown or of another type
    "disclosure",  # a disclosure that is malformed, unreferenced or given twice
    "time",  # not a time of this profile
    "note",  # not a signed note, or none of its signatures counts
    "checkpoint",  # a note that is no checkpoint of the expected log
    "proof",  # a Merkle proof or receipt that does not hold
    "rollback",  # an older or smaller log than the one already seen
    "fork",  # two logs under one name
    "bundle",  # not an archive, or not a file, that a bundle can hold
]


class EvidenceError(ValueError):
    """What a hostile or damaged byte leads to: `code` for programs, `message` for people.

    The message never quotes content (memo, titles): it names fields and limits only.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
