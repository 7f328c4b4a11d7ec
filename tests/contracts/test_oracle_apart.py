"""The oracle agrees with the product only by both being right: it imports nothing of it, on no way round."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest

JUDGED = "workdiary"
# What would import by a name that no reader of the text can see.
BY_NAME = {"importlib", "runpy", "pkgutil", "subprocess", "__import__", "exec", "eval"}


def imported(path: Path) -> set[str]:
    """Every module a file names, and whatever could import one by a name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Name):
            found |= {node.id} & BY_NAME
    return found


def crossings(root: Path) -> list[str]:
    """Where tests/oracle, or a test module it leans on, reaches the judged package or could."""
    waiting, seen, found = sorted((root / "tests" / "oracle").rglob("*.py")), set[Path](), []
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        for name in sorted(imported(path)):
            if name.split(".")[0] in {JUDGED, *BY_NAME}:
                found.append(f"{path.relative_to(root)}: {name}")
            elif name.startswith("tests."):
                waiting += [file for file in _files(root, name) if file.is_file()]
    return found


def _files(root: Path, name: str) -> list[Path]:
    place = root.joinpath(*name.split("."))
    return [place.with_suffix(".py"), place / "__init__.py"]


def test_the_oracle_imports_nothing_of_what_it_judges(root: Path) -> None:
    assert crossings(root) == []


@pytest.mark.parametrize(
    "line",
    [
        "import workdiary",
        "import workdiary.rules.weeks as weeks",
        "from workdiary.rules import spans",
        "def late():\n    from workdiary.evidence.times import uuid7",
        "from tests.fakes.rig import Rig",
        "from tests.fakes import rig",
        "__import__('workdiary')",
        "import importlib",
    ],
)
@pytest.mark.parametrize("name", ["truth.py", "pay.py"])
def test_a_planted_violation_is_found(root: Path, tmp_path: Path, name: str, line: str) -> None:
    for folder in ("oracle", "fakes"):
        shutil.copytree(root / "tests" / folder, tmp_path / "tests" / folder)
    planted = tmp_path / "tests" / "oracle" / name
    planted.write_text(f"{planted.read_text()}\n{line}\n")
    assert crossings(tmp_path)
