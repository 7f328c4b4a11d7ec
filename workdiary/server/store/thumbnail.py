"""The child that decodes one uploaded image: bytes on stdin; a JSON line and a WebP thumbnail on stdout.

Run as its own process. Exit 0; 3 with a word on stdout if the image is refused; anything else means it died.
"""

from __future__ import annotations

import io
import json
import sys
from typing import NoReturn

# 8K has 7680 × 4320 = 33,177,600; a 230 KB file of 9000 × 9000 would otherwise load to 326 MB.
PIXELS_MAX = 34_000_000
MEMORY_MAX = 512 * 1024 * 1024
CPU_S = 5
THUMB_PX = 320
_QUALITY = 70
FORMATS = {"AVIF": "image/avif", "WEBP": "image/webp", "JPEG": "image/jpeg", "PNG": "image/png"}
_REFUSED = 3


def main() -> None:
    """Limit this process, then decode."""
    _limit()
    data = sys.stdin.buffer.read()
    # Only the four pinned decoders are ever imported; the others cannot be reached.
    from PIL import AvifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: PLC0415

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread's stack counts against the memory limit
    del JpegImagePlugin, PngImagePlugin, WebPImagePlugin
    try:
        with Image.open(io.BytesIO(data), formats=tuple(FORMATS)) as image:
            width, height = image.size
            if width * height > PIXELS_MAX:
                _refuse("size")
            if getattr(image, "n_frames", 1) != 1:
                _refuse("frames")
            found = {"type": FORMATS[str(image.format)], "width": width, "height": height}
            image.load()
            small = image.convert("RGB")
            small.thumbnail((THUMB_PX, THUMB_PX))
    except Exception:  # noqa: BLE001 - decoders raise everything from struct.error to SyntaxError
        _refuse("unreadable")
    out = io.BytesIO()
    small.save(out, "WEBP", quality=_QUALITY, method=4)
    sys.stdout.buffer.write(json.dumps(found).encode() + b"\n" + out.getvalue())


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    # The signal of the soft limit says that it was this limit; the hard one kills like anything else kills.
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _refuse(why: str) -> NoReturn:
    sys.stdout.write(why)
    sys.stdout.flush()
    sys.exit(_REFUSED)


if __name__ == "__main__":
    main()
