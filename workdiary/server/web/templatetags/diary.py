"""Template tags: icons from the sprite, addresses of assets."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workdiary.server.web.assets import assets

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
def asset(name: str) -> str:
    """The address of a style sheet or picture."""
    return assets()[name].url
