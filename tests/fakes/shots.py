"""A shot child that is no process: writes real sealed files of a tiny WebP, or fails as it is told."""

from __future__ import annotations

import base64
import hashlib
import itertools
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path

from workdiary.client.segment.image_file import NONCE_BYTES, decode_key, encode_key, open_image, write_sealed
from workdiary.client.segment.model import ShotImage
from workdiary.client.segment.shots import ShotRequest

# 1 x 1 pixel, lossy WebP: every viewer opens it.
TINY_WEBP = base64.b64decode(b"UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
BLURRED_WEBP = TINY_WEBP  # what it shows does not matter to any test of the tracker


@dataclass
class FakeShotTaker:
    """Answers `take` with `monitors` images; set `failure` to an exception to raise it instead."""

    monitors: int = 1
    failure: Exception | None = None
    blank: bool = False
    requests: list[ShotRequest] = field(default_factory=list)
    blurred: list[ShotImage] = field(default_factory=list)
    _names: itertools.count[int] = field(default_factory=itertools.count)

    def take(self, request: ShotRequest) -> list[ShotImage]:
        self.requests.append(request)
        if self.failure is not None:
            raise self.failure
        return [self._write(request, monitor) for monitor in range(self.monitors)]

    def blur(self, folder: Path, image: ShotImage) -> ShotImage:
        if self.failure is not None:
            raise self.failure
        assert open_image(folder / image.image, decode_key(image.key))
        self.blurred.append(image)
        names = self._files(folder, BLURRED_WEBP)
        return replace(
            image,
            **names,
            sha256=hashlib.sha256(BLURRED_WEBP).hexdigest(),
            bytes=len(BLURRED_WEBP),
            type="image/webp",
            edit="blurred",
        )

    def _files(self, folder: Path, plain: bytes) -> dict[str, str]:
        key = secrets.token_bytes(32)
        stem = f"fake{next(self._names):04d}{secrets.token_hex(6)}"
        for suffix in ("image", "thumb"):
            write_sealed(folder / f"{stem}.{suffix}", plain, key, secrets.token_bytes(NONCE_BYTES))
        return {"image": f"{stem}.image", "thumb": f"{stem}.thumb", "key": encode_key(key)}

    def _write(self, request: ShotRequest, monitor: int) -> ShotImage:
        return ShotImage(
            **self._files(request.folder, TINY_WEBP),
            sha256=hashlib.sha256(TINY_WEBP).hexdigest(),
            bytes=len(TINY_WEBP),
            type="image/webp",
            width=1,
            height=1,
            display={"x": monitor * 1920, "y": 0, "w": 1920, "h": 1080, "scale_milli": 1000, "rot": 0},
            role="window" if request.mode == "window" else request.role,
            at_ms=request.at_ms,
            edit="blurred" if request.mode == "blurred" else "none",
            blank=self.blank,
            dhash="0" * 64,
        )
