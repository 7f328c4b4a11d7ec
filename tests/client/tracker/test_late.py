"""Commands that come when the second's tick has not run yet: a slow disk, a busy computer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.rig import SECOND, Rig

CELL_S = 600
COMMANDS: dict[str, Callable[[Rig], None]] = {
    "memo": lambda rig: rig.core.set_memo("something else now", None),
    "stop": lambda rig: rig.stop(),
    "lock": lambda rig: rig.core.hear("lock"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_behind_a_cells_end_loses_nothing(tmp_path: Path, name: str) -> None:
    rig = Rig(tmp_path)
    rig.start()
    rig.second(CELL_S - 1, keys=1)
    rig.clock.advance(1_000 + 423)
    COMMANDS[name](rig)
    rig.settle()
    assert [row.tracked_ms for row in rig.closed] == [CELL_S * SECOND, 423]
    assert [row.close.close for row in rig.closed if row.close is not None] == ["cell", name]
