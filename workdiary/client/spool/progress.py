"""A segment's progress in at most a slot's bytes: varints, buckets before application spans.

What does not fit is left out in this order: application spans from the last back (the close writes them all),
then the oldest two buckets merge into one until the rest fits. With standard cells everything always fits.
"""

from __future__ import annotations

from workdiary.client.segment.model import AppSpan, Bucket, SegmentProgress

_VERSION = 1
_MORE = 0x80
_LOW = 0x7F


def pack(progress: SegmentProgress, room: int) -> bytes:
    """At most `room` bytes. Raises ValueError if not even one bucket fits (a bug: rooms are far larger)."""
    buckets = list(progress.buckets)
    while True:
        head = _pack_counts(progress, buckets)
        if len(head) < room:
            break
        if len(buckets) < 2:  # noqa: PLR2004 - two are what merges
            raise ValueError("a checkpoint slot without room for one bucket")
        buckets[:2] = [_merged(buckets[0], buckets[1])]
    spans: list[bytes] = []
    for span in progress.apps:
        packed = _pack_app(span, progress.end_ms)
        if len(head) + sum(map(len, spans)) + len(packed) >= room:
            break
        spans.append(packed)
    return head + _number(len(spans)) + b"".join(spans)


def unpack(data: bytes) -> SegmentProgress:
    """The inverse; trailing zeros are padding. Raises ValueError for bytes `pack` never wrote."""
    reader = _Reader(data)
    if reader.number() != _VERSION:
        raise ValueError("a checkpoint of another version")
    end_ms, mono1, tracked_ms, hit = (reader.number() for _ in range(4))
    buckets = tuple(_read_bucket(reader, end_ms) for _ in range(reader.number()))
    apps = tuple(_read_app(reader, end_ms) for _ in range(reader.number()))
    return SegmentProgress(end_ms, mono1, tracked_ms, buckets, apps, hit=bool(hit))


def _pack_counts(progress: SegmentProgress, buckets: list[Bucket]) -> bytes:
    head = (_VERSION, progress.end_ms, progress.mono1, progress.tracked_ms, int(progress.hit), len(buckets))
    parts = [_number(value) for value in head]
    for bucket in buckets:
        parts.extend(
            _number(value)
            for value in (
                _back(bucket.start_ms, progress.end_ms),
                bucket.len_ms,
                bucket.keys,
                bucket.clicks,
                bucket.scrolls,
                bucket.moves,
                bucket.active_s,
                bucket.injected,
                int(bucket.active),
            )
        )
    return b"".join(parts)


def _read_bucket(reader: _Reader, end_ms: int) -> Bucket:
    start_ms = end_ms - _unzigzag(reader.number())
    length, keys, clicks, scrolls, moves, active_s, injected, active = (reader.number() for _ in range(8))
    return Bucket(start_ms, length, keys, clicks, scrolls, moves, active_s, injected, active=bool(active))


def _merged(first: Bucket, second: Bucket) -> Bucket:
    return Bucket(
        first.start_ms,
        first.len_ms + second.len_ms,
        first.keys + second.keys,
        first.clicks + second.clicks,
        first.scrolls + second.scrolls,
        first.moves + second.moves,
        first.active_s + second.active_s,
        first.injected + second.injected,
        # Never more active than was seen: a merge must not turn quiet time into paid-for activity.
        active=first.active and second.active,
    )


def _pack_app(span: AppSpan, end_ms: int) -> bytes:
    app = span.app.encode()
    parts = [_number(_back(span.start_ms, end_ms)), _number(len(app)), app]
    if span.title is None:
        return b"".join([*parts, _number(0)])
    title = span.title.encode()
    return b"".join([*parts, _number(len(title) + 1), title])


def _read_app(reader: _Reader, end_ms: int) -> AppSpan:
    start_ms = end_ms - _unzigzag(reader.number())
    app = reader.text(reader.number())
    length = reader.number()
    return AppSpan(start_ms, app, None if length == 0 else reader.text(length - 1))


def _back(at_ms: int, end_ms: int) -> int:
    """How far before the end, as an unsigned number (a stepped clock can put a start behind the end)."""
    distance = end_ms - at_ms
    return distance << 1 if distance >= 0 else (-distance << 1) - 1


def _unzigzag(value: int) -> int:
    return -((value + 1) >> 1) if value & 1 else value >> 1


def _number(value: int) -> bytes:
    """LEB128; value ≥ 0."""
    out = bytearray()
    while value > _LOW:
        out.append(value & _LOW | _MORE)
        value >>= 7
    out.append(value)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self) -> int:
        value = shift = 0
        while True:
            if self._at >= len(self._data):
                raise ValueError("a checkpoint that ends too early")
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & _LOW) << shift
            if byte < _MORE:
                return value
            shift += 7

    def text(self, length: int) -> str:
        part = self._data[self._at : self._at + length]
        if len(part) != length:
            raise ValueError("a checkpoint that ends too early")
        self._at += length
        return part.decode()
