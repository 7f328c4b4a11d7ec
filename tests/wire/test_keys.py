"""The messages about keys: what is written is read back, what is none is refused."""

from __future__ import annotations

from typing import Any

import pytest

from workdiary.wire.keys import (
    FORKS_MAX,
    ClaimRow,
    Fork,
    Forks,
    Head,
    KeyHeads,
    KeyList,
    KeyRequest,
    KeyRow,
    key_proof_input,
)
from workdiary.wire.reading import BadMessage

ROW = KeyRow("kid", {"kty": "OKP"}, "device", "SOFTWARE", "freelancer", "Desk", 7, stream="s", this=True)
ENDED = KeyRow(
    "old", {}, "root", "SOFTWARE", "root", "Code", 1, "by", "a.b.c", 5, 9, "replaced", "kid", "", this=False
)
MESSAGES: list[Any] = [
    KeyRequest("root", {"kty": "OKP"}, "proof", "Code", "old", "rotate"),
    ROW,
    ENDED,
    ClaimRow("new", "old", 1, 2),
    KeyList("account", (ROW, ENDED), ClaimRow("new", "old", 1, 2)),
    KeyList("account", ()),
    Head("stream", 3, "id", 4),
    KeyHeads((Head("stream", 3, "id", 4),)),
    Forks((Fork(3, ("a", "b")),)),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda item: type(item).__name__)
def test_a_message_is_read_as_it_was_written(message: Any) -> None:
    assert type(message).from_json(message.to_json()) == message


@pytest.mark.parametrize(
    ("message", "changes"),
    [
        (ROW, {"kind": "master"}),
        (ROW, {"jwk": {"kty": 7}}),
        (ROW, {"revoked_index": -1}),
        (ROW, {"this": "yes"}),
        (ROW, {"kid": None}),
        (MESSAGES[0], {"kind": ""}),
        (MESSAGES[4], {"keys": {}}),
        (MESSAGES[4], {"claim": 7}),
        (MESSAGES[8], {"forks": [{"seq": 0, "ids": [7]}]}),
        (MESSAGES[8], {"forks": [{}] * (FORKS_MAX + 1)}),
    ],
)
def test_what_is_no_message_is_refused(message: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(BadMessage):
        type(message).from_json({**message.to_json(), **changes})


def test_a_proof_is_for_one_account_and_one_use() -> None:
    said = {
        key_proof_input(origin, account, kind)
        for origin in ("a", "b")
        for account in ("x", "y")
        for kind in ("root", "browser")
    }
    assert len(said) == 8
