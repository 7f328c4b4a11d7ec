"""A large answer on its way out: on disk only encrypted, under a key that never leaves memory.

A month of images does not fit into memory, and plain images must not lie on the server's disk.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from workdiary.server.store.runtime import runtime

_CHUNK = 256 * 1024
_KEY_BYTES, _COUNTER_BYTES = 32, 16


class Spill:
    """Write first, then read once; the file has no name where the system allows that, and ends with `close`.

    AES-256-CTR: nobody but this object reads the file, so there is nothing to authenticate.
    """

    def __init__(self) -> None:
        entropy = runtime().entropy
        self._cipher = Cipher(algorithms.AES256(entropy(_KEY_BYTES)), modes.CTR(entropy(_COUNTER_BYTES)))
        self._encryptor = self._cipher.encryptor()
        self._file = tempfile.TemporaryFile(dir=runtime().folder, prefix="spill-")  # noqa: SIM115 - it lives as long as this object
        self.size = 0

    def write(self, data: bytes | memoryview) -> int:
        """Append."""
        self._file.write(self._encryptor.update(data))
        self.size += len(data)
        return len(data)

    def __iter__(self) -> Iterator[bytes]:
        """Everything written, from the beginning, in chunks."""
        decryptor = self._cipher.decryptor()
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK):
            yield decryptor.update(chunk)

    def close(self) -> None:
        """Let the file go; idempotent."""
        self._file.close()
