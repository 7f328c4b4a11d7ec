from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.evidence import canonical
from workdiary.evidence.errors import EvidenceError

SCALARS = st.none() | st.booleans() | st.integers(-canonical.INT_MAX, canonical.INT_MAX)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    SCALARS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


def depth(value: object) -> int:
    inner = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@given(VALUES)
def test_what_is_written_is_read_back_and_written_the_same(value: canonical.JsonValue) -> None:
    if depth(value) > canonical.MAX_DEPTH:
        with pytest.raises(EvidenceError):
            canonical.dumps(value)
        return
    data = canonical.dumps(value)
    assert canonical.loads(data) == value
    assert canonical.dumps(canonical.loads(data)) == data


def test_members_are_sorted_by_utf16_as_rfc_8785_says() -> None:
    members: canonical.JsonObject = {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😂": 5, "\x80": 6, "ö": 7}
    assert [*canonical.loads_object(canonical.dumps(members)).values()] == [2, 4, 6, 7, 1, 5, 3]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b'"\xff"',
        b'{"a":1,"a":1}',
        b'{"a":{"b":1,"b":2}}',
        b'[{"x":0,"\\u0078":1}]',
        b"1.0",
        b"1e2",
        b"1E400",
        b"-0",
        b"-0.0",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        b"01",
        b"+1",
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\ud83d":1}',
        b'"\x01"',
        b'"\xed\xa0\x80"',
        b"[[[[[[[0]]]]]]]",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"{} {}",
        b"[1,]",
        b"'a'",
        b"/**/1",
        "\u00a01".encode(),
        "[\u0661]".encode(),
    ],
)
def test_everything_outside_the_profile_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError) as caught:
        canonical.loads(data)
    assert caught.value.code == "json"


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'"\\ud83d\\ude02"', "😂"),
        (b" [ 1 , 2 ]\n", [1, 2]),
        (b"9007199254740991", 2**53 - 1),
        (b"-9007199254740991", -(2**53 - 1)),
        (b"[[[[[[0]]]]]]", [[[[[[0]]]]]]),
        (b'{"\\u0061":true}', {"a": True}),
    ],
)
def test_what_is_inside_the_profile_is_read(data: bytes, value: object) -> None:
    assert canonical.loads(data) == value


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, "\ud800", {1: 2}, b"x", (1,), {"\udfff": 1}])
def test_the_writer_refuses_what_the_reader_refuses(value: canonical.JsonValue) -> None:
    with pytest.raises(EvidenceError):
        canonical.dumps(value)


def test_an_object_is_demanded_where_one_is_needed() -> None:
    assert canonical.loads_object(b"{}") == {}
    with pytest.raises(EvidenceError):
        canonical.loads_object(b"[]")


@given(st.binary(max_size=200))
def test_hostile_bytes_raise_only_evidence_errors(data: bytes) -> None:
    try:
        value = canonical.loads(data)
    except EvidenceError:
        return
    assert canonical.loads(canonical.dumps(value)) == value


@given(st.binary(max_size=80))
def test_base64_has_one_text_for_one_value(data: bytes) -> None:
    assert canonical.unb64u(canonical.b64u(data)) == data
    assert canonical.unb64(canonical.b64(data)) == data
    assert "=" not in canonical.b64u(data)


@given(st.text("ABab01-_+/= \n", max_size=12) | st.text(max_size=12))
def test_no_second_text_decodes(text: str) -> None:
    for decode, encode in (
        (canonical.unb64u, canonical.b64u),
        (canonical.unb64, canonical.b64),
    ):
        try:
            data = decode(text)
        except EvidenceError:
            continue
        assert encode(data) == text


@pytest.mark.parametrize("text", ["A", "AB=", "AB==", "AA A", "AB\n", "A+/A", "AR", "AAB", "é"])
def test_loose_base64url_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        canonical.unb64u(text)
    assert caught.value.code == "base64"


def _careful(data: bytes) -> canonical.JsonValue:
    """`loads` without a short cut: every number through the hook, every value looked at."""

    def refuse(text: str) -> None:
        raise EvidenceError("json", text)

    def whole(text: str) -> int:
        if text == "-0" or len(text) > 17 or abs(int(text)) > canonical.INT_MAX:
            refuse(text)
        return int(text)

    def members(pairs: list[tuple[str, canonical.JsonValue]]) -> canonical.JsonObject:
        if len(dict(pairs)) != len(pairs):
            refuse("twice")
        return dict(pairs)

    hooks = {
        "parse_float": refuse,
        "parse_constant": refuse,
        "parse_int": whole,
        "object_pairs_hook": members,
    }
    try:
        value = json.loads(data.decode(), **hooks)  # type: ignore[arg-type] # hooks that raise return nothing
    except (ValueError, RecursionError) as error:
        raise EvidenceError("json", "refused") from error
    canonical.dumps(value)
    return value


_ODD = ("0", "-0", "-1", "00", "1.0", "1e2", "-0.0", "NaN", "Infinity", "9" * 15, "1" + "0" * 15)
_EDGES = ("9007199254740991", "9007199254740992", "-9007199254740991", "-9007199254740992", "9" * 17)
_TOKENS = st.one_of(
    st.sampled_from([*_ODD, *_EDGES]),
    st.integers(-(2**60), 2**60).map(str),
    st.sampled_from(
        ["null", "true", '""', '"\\ud800"', '"\\ud83d\\ude00"', '"-0 [[[[[[["', '"1234567890123456"']
    ),
    st.text(max_size=5).map(lambda text: json.dumps(text, ensure_ascii=False)),
)
_JSON = st.recursive(
    _TOKENS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.lists(st.tuples(st.sampled_from(['"a"', '"\\u0061"', '"b"']), inner), max_size=3).map(
            lambda pairs: "{" + ",".join(f"{name}:{value}" for name, value in pairs) + "}"
        ),
    ),
    max_leaves=12,
)


@given(_JSON)
def test_the_short_cuts_of_reading_change_nothing(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    try:
        expected = _careful(data)
    except EvidenceError:
        with pytest.raises(EvidenceError):
            canonical.loads(data)
        return
    assert canonical.loads(data) == expected
