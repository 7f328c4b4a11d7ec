"""RFC 3161 time stamps over notes: asked for, verified before they are kept, never waited for by anyone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import split_note
from workdiary.server.log.calling import UnreachableError, post
from workdiary.server.log.models import Anchor, Note
from workdiary.server.store.database import writing
from workdiary.server.store.runtime import runtime
from workdiary.server.store.settings import TimeStamper
from workdiary.verify.stamps import Stamp, Stamps

if TYPE_CHECKING:
    from rfc3161_client import TimeStampRequest

LOG = logging.getLogger("workdiary.log")
# evidence.md, Protocol 4: "hourly, every 10 min while < k witnesses answer".
HOUR_MS, TEN_MIN_MS = 3_600_000, 600_000
# An authority that fails is asked again after a minute, then less often.
_RETRY_MS = 60_000
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_OK = 200


class Authority:
    """One time stamping authority of the settings; used by one thread at a time."""

    def __init__(self, stamper: TimeStamper) -> None:
        self._stamper = stamper
        self._stamps = Stamps([stamper.pem])
        self._failures = 0
        self._tried_ms: int | None = None
        self.answers = True

    def due(self, interval_ms: int) -> bool:
        """Whether it is time to ask: `interval_ms` after the last time, less after a failure."""
        now_ms = runtime().now_ms()
        if self._tried_ms is None:
            last = Anchor.objects.order_by("-time_ms").first()
            self._tried_ms = 0 if last is None else last.time_ms
        wait_ms = interval_ms
        if self._failures:
            wait_ms = min(interval_ms, _RETRY_MS << min(self._failures - 1, 10))
        # A clock set back must not silence it until the old time comes again.
        return not 0 <= now_ms - self._tried_ms < wait_ms

    def stamp(self, note: Note) -> bytes | None:
        """A verified response (DER) over the note's text, kept if it is the size's first; None for none."""
        self._tried_ms = runtime().now_ms()
        try:
            token, stamp = self._ask(note.text or "")
        except (UnreachableError, EvidenceError) as error:
            self._failures += 1
            self._say(answers=False, word=str(error))
            return None
        self._failures = 0
        self._say(answers=True, word="it stamps again")
        with writing():
            place = {"epoch": note.epoch, "size": note.size}
            what = {"token": token, "time_ms": stamp.latest, "accuracy_ms": stamp.latest - stamp.earliest}
            Anchor.objects.get_or_create(**place, defaults=what)
        return token

    def _say(self, *, answers: bool, word: str) -> None:
        if answers != self.answers:
            LOG.log(logging.INFO if answers else logging.WARNING, "time stamping authority: %s", word)
        self.answers = answers

    def _ask(self, note: str) -> tuple[bytes, Stamp]:
        from rfc3161_client import TimestampRequestBuilder  # noqa: PLC0415 - only who stamps time pays for it

        text = split_note(note)[0].encode()
        request = TimestampRequestBuilder().data(text).build()
        answer = post(self._stamper.url, _QUERY, request.as_bytes())
        if answer.status != _OK or answer.content_type != _REPLY:
            raise UnreachableError(f"it answers {answer.status}")
        stamp = self._stamps.check(answer.body, text)
        _check_nonce(answer.body, request)
        return answer.body, stamp


def _check_nonce(response: bytes, request: TimeStampRequest) -> None:
    """Raise EvidenceError unless it answers this request: else an old stamp could be shown as a new one."""
    from rfc3161_client import decode_timestamp_response  # noqa: PLC0415 - as above

    if decode_timestamp_response(response).tst_info.nonce != request.nonce:
        raise EvidenceError("proof", "a time stamp for another request")
