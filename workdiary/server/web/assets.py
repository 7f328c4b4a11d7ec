"""The pages' own files: style sheets, icons, pictures; a fixed set, held in memory, named by their content.

No path of a request ever touches the file system, and an address never changes its bytes: browsers keep them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from django.http import Http404, HttpRequest, HttpResponse

SVG_NS = "http://www.w3.org/2000/svg"
_SHEETS = ("base.css", "day.css", "panel.css", "pages.css", "narrow.css", "print.css")
_TAG_LENGTH = 12
_YEAR_S = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Asset:
    """One file; tag: the beginning of its SHA-256, part of its address."""

    name: str
    media_type: str
    body: bytes
    tag: str

    @property
    def url(self) -> str:
        """Where pages ask for it."""
        return f"/assets/{self.tag}/{self.name}"


def _asset(name: str, media_type: str, body: bytes) -> Asset:
    return Asset(name, media_type, body, hashlib.sha256(body).hexdigest()[:_TAG_LENGTH])


def _style_sheet() -> bytes:
    """Tokens first, then the pages' sheets in their order: one request, one cascade."""
    here = files("workdiary.server.web").joinpath("assets")
    tokens = files("workdiary.resources").joinpath("themes/tokens.css").read_text("utf-8")
    return "\n".join([tokens, *(here.joinpath(n).read_text("utf-8") for n in _SHEETS)]).encode()


def _sprite() -> bytes:
    """Every icon as a <symbol> of one SVG, referenced as icons.svg#name."""
    icons = files("workdiary.resources").joinpath("icons")
    entries = sorted((e for e in icons.iterdir() if e.name.endswith(".svg")), key=lambda e: e.name)
    symbols = [_symbol(entry.name.removesuffix(".svg"), entry.read_text("utf-8")) for entry in entries]
    return "\n".join([f'<svg xmlns="{SVG_NS}">', *symbols, "</svg>\n"]).encode()


def _symbol(name: str, icon: str) -> str:
    """Our own files, each one <svg> element on one line: no parser is loaded for that."""
    opening, _, body = icon.strip().partition(">")
    attributes = re.sub(r' (?:xmlns|width|height)="[^"]*"', "", opening.removeprefix("<svg"))
    return f'<symbol id="{name}"{attributes}>{body.removesuffix("</svg>")}</symbol>'


@cache
def assets() -> Mapping[str, Asset]:
    """All files by name."""
    mark = files("workdiary.resources").joinpath("icons/mark.svg").read_bytes()
    made = (
        _asset("pages.css", "text/css; charset=utf-8", _style_sheet()),
        _asset("icons.svg", "image/svg+xml", _sprite()),
        _asset("mark.svg", "image/svg+xml", mark),
    )
    return MappingProxyType({asset.name: asset for asset in made})


def serve(_request: HttpRequest, tag: str, name: str) -> HttpResponse:
    """The file of that name, if the tag is that of its present content; open to everyone, it says nothing."""
    asset = assets().get(name)
    if asset is None or asset.tag != tag:
        raise Http404("no such file")
    response = HttpResponse(asset.body, content_type=asset.media_type)
    response["Cache-Control"] = f"public, max-age={_YEAR_S}, immutable"
    return response
