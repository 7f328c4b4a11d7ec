"""The Friday for this folder."""

from tests.fakes.pages import _story, day_url, freelancer, friday, own

__all__ = ["_story", "day_url", "freelancer", "friday", "own"]
