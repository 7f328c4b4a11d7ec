"""A window list a test arranges, bottom to top; a scene per look, the last one staying."""

from __future__ import annotations

from dataclasses import dataclass, field

from workdiary.client.capture.port import OpenWindow, Rect, UnavailableError


def window(
    number: int, place: tuple[int, int, int, int] | None, app: str = "", title: str = "", **more: object
) -> OpenWindow:
    """An opaque window at x, y, w, h; place None: minimised."""
    rect = None if place is None else Rect(*place)
    return OpenWindow(
        **{  # type: ignore[arg-type]
            "id": number,
            "place": rect,
            "solid": () if rect is None else (rect,),
            "names": (app,) if app else (),
            "titles": (title,) if title else (),
            **more,
        }
    )


@dataclass
class FakeWindowList:
    """Answers each look with the next scene; `failure` makes it raise."""

    scenes: list[tuple[OpenWindow, ...]] = field(default_factory=list)
    lag_ms: int = 0
    failure: str | None = None
    looks: int = 0
    name: str = "fake"

    def windows(self) -> tuple[OpenWindow, ...]:
        if self.failure is not None:
            raise UnavailableError(self.failure)
        scene = self.scenes[min(self.looks, len(self.scenes) - 1)]
        self.looks += 1
        return scene
