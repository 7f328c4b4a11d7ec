"""A disk that does not give a picture now keeps back nothing else, and the picture is tried again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome
from workdiary.client.upload import sending


def test_a_picture_that_cannot_be_read_keeps_back_nothing(
    desk: EnrolledHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.segment()
    desk.segment()
    desk.sign()
    desk.clock.advance(MINUTE)
    bad: list[str] = []
    real = sending.open_image

    def rotten(path: Path, key: bytes) -> bytes:
        bad.append(path.name)
        if path.name == bad[0]:
            raise OSError(5, "Input/output error")
        return real(path, key)

    with monkeypatch.context() as disk:
        disk.setattr(sending, "open_image", rotten)
        report = desk.uploader.run_once()
    assert (report.sync, "cannot be read" in report.reason) == ("waiting", True)
    assert len(desk.server.images) == 1
    desk.uploader.link_up()
    assert desk.uploader.run_once().sync == "ok"
    assert len(desk.server.images) == 2
