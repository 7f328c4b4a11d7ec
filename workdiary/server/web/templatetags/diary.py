"""Template tags: icons from the sprite, addresses of assets."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workdiary.server.web.assets import assets
from workdiary.server.web.cells import Bar

register = template.Library()


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """A decorative icon: whatever it says stands beside it as a word."""
    if not name:
        return SafeString("")
    url = assets()["icons.svg"].url
    return format_html(
        '<svg class="i{}" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        f" {classes}" if classes else "",
        url,
        name,
    )


@register.simple_tag
def level_bars(bars: Iterable[Bar]) -> SafeString:
    """The meter's bars; in one piece, because a day has hundreds. Numbers and names of our own only."""
    return SafeString(
        "".join(
            f'<rect class="{bar.look}" x="{bar.x}" y="{bar.y}" width="4" height="{bar.height}"/>'
            for bar in bars
        )
    )


@register.simple_tag
def asset(name: str) -> str:
    """The address of a style sheet or picture."""
    return assets()[name].url
