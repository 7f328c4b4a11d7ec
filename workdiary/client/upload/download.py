"""Large answers of the diary server, streamed to a file: bundles, which take their time and their room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from workdiary.client.errors import OfflineError, border
from workdiary.client.upload.answers import OK, trouble
from workdiary.client.upload.transport import ANSWER_MAX, Answer, check_address, open_session
from workdiary.wire.reading import encode

CONNECT_S = 5.0
# A month of images is read and hashed before the first byte comes.
READ_S = 600.0
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """A POST with a JSON body: base `https://…` (or loopback), path, the device's token."""

    base: str
    path: str
    token: str
    body: Mapping[str, int]


def download(asked: Asked, out: IO[bytes]) -> int:
    """Stream the answer to `out`; its bytes. Raises as `answers.trouble` says; OfflineError if it ends early.

    Nothing but a diary server's 200 with the length it announced counts as an answer.
    """
    local = check_address(asked.base)
    headers = {"Authorization": f"Bearer {asked.token}", "Content-Type": "application/json"}
    with border(asked.base):
        session = open_session()
        session.trust_env = not local
        with (
            session,
            session.post(
                asked.base.rstrip("/") + asked.path,
                data=encode(dict(asked.body)),
                headers=headers,
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            names = {name.lower(): value for name, value in response.headers.items()}
            if response.status_code != OK:
                body = next(response.iter_content(ANSWER_MAX), b"")
                raise trouble(Answer(response.status_code, names, body))
            written = sum(out.write(chunk) for chunk in response.iter_content(_CHUNK))
            if names.get("content-length") != str(written):
                raise OfflineError(asked.base, "The answer ended early.")
            return written
