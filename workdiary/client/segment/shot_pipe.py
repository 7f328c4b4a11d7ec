"""What tracker and shot child say to each other: one JSON line in, one JSON object out, and its failures."""

from __future__ import annotations

from typing import Literal, get_args

from workdiary.client.capture.port import UnavailableError
from workdiary.client.segment.model import NoShot, ShotImage

PicturedMode = Literal["full", "blurred", "window"]  # the capture modes that take pictures
NONSENSE = "the screenshot process answered nonsense"
CHILD_SECONDS = 30  # two AVIF passes over three 4K monitors on a slow laptop stay under this


class ShotFailedError(UnavailableError):
    """No picture could be taken: `no_shot` is the typed reason for the record, str() the reason in words."""

    def __init__(self, no_shot: NoShot, why: str) -> None:
        super().__init__(why)
        self.no_shot: NoShot = no_shot


def image_to_json(image: ShotImage) -> dict[str, object]:
    """An image on the pipe; the field names are `ShotImage`'s."""
    return {name: getattr(image, name) for name in ShotImage.__slots__}


def image_from_json(value: object) -> ShotImage:
    """Back from `image_to_json`. Raises `ShotFailedError` if it is not one."""
    try:
        return ShotImage(**value)  # type: ignore[arg-type]
    except TypeError:
        raise ShotFailedError("error", NONSENSE) from None


def failure_to_json(error: ShotFailedError) -> dict[str, object]:
    """A failure on the pipe."""
    return {"no_shot": error.no_shot, "why": str(error)}


def failure_from_json(answer: dict[str, object]) -> ShotFailedError:
    """Back from `failure_to_json`; an unknown reason is an `error`."""
    reason = answer.get("no_shot")
    typed: NoShot = reason if reason in get_args(NoShot) else "error"  # type: ignore[assignment]
    return ShotFailedError(typed, str(answer.get("why", "")))
