"""What the repository must and must not hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

TOP = {
    *("workdiary", "resources", "installers", "tests", "pyproject.toml", "build.spec"),
    *("README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"),
    *("docs", "benchmarks", "requirements", "dev", ".ci"),
}
# Spelt with a hole so that this file does not find itself.
HOSTS = re.compile(r"py[p]i\.org|python[h]osted|n[p]mjs\.|d[e]bian\.org")
PATHS = re.compile(r"/(?:w[o]rk|r[o]ot)/")
UNFINISHED = re.compile(
    r"\b(?:T[O]DO|F[I]XME|X[X]X)\b|raise N[o]tImplementedError|pytest\.s[k]ip\(|mark\.s[k]ip"
)
BARE_SUPPRESSION = re.compile(r"#\s*noqa\s*$|#\s*noqa(?!:)|type:\s*ignore(?!\[)")
PURE = ("evidence", "verify", "rules", "wire")
CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "urandom", "token_bytes"}


def tracked(root: Path) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return [root / name for name in done.stdout.split("\0") if name and (root / name).is_file()]


def texts(root: Path) -> dict[str, str]:
    found = {}
    for path in tracked(root):
        try:
            found[str(path.relative_to(root))] = path.read_text()
        except UnicodeDecodeError:
            continue
    return found


def test_only_the_planned_top_level_entries(root: Path) -> None:
    names = {path.relative_to(root).parts[0] for path in tracked(root)}
    assert {n for n in names if not n.startswith(".")} <= TOP


def test_no_registry_host_and_no_path_of_a_machine(root: Path) -> None:
    bad = {
        name: match.group()
        for name, text in texts(root).items()
        if (match := HOSTS.search(text) or PATHS.search(text))
    }
    assert not bad


def test_nothing_unfinished(root: Path) -> None:
    files = {
        n: t for n, t in texts(root).items() if n.endswith((".py", ".html", ".css", ".sh")) or n == "dev"
    }
    assert not {n: m.group() for n, t in files.items() if (m := UNFINISHED.search(t))}


def test_every_suppression_names_what_it_suppresses(root: Path) -> None:
    files = {n: t for n, t in texts(root).items() if n.endswith(".py")}
    bad = [
        f"{name}:{number}"
        for name, text in files.items()
        for number, line in enumerate(text.splitlines(), 1)
        if BARE_SUPPRESSION.search(line)
    ]
    assert not bad


@pytest.mark.parametrize("package", PURE)
def test_pure_packages_touch_neither_files_nor_clocks(root: Path, package: str) -> None:
    bad = []
    for path in (root / "workdiary" / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name == "open" and isinstance(node.func, ast.Name):
                bad.append(f"{path.name}:{node.lineno} open")
            if name in CLOCKS and isinstance(node.func, ast.Attribute):
                bad.append(f"{path.name}:{node.lineno} {name}")
    assert not bad


def test_requirements_are_pinned_with_hashes(root: Path) -> None:
    for path in (root / "requirements").glob("*.txt"):
        for requirement in path.read_text().replace("\\\n", " ").splitlines():
            if requirement.strip() and not requirement.lstrip().startswith("#"):
                assert "==" in requirement, requirement
                assert "--hash=sha256:" in requirement, requirement


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        (
            "workdiary.verify.checks",
            ("django", "PySide6", "requests", "workdiary.server", "workdiary.client"),
        ),
        ("workdiary.client.desktop.app", ("django", "workdiary.server", "mss", "PIL", "pynput", "joserfc")),
        ("workdiary.server.compose", ("PySide6", "workdiary.client", "pydantic", "ninja")),
    ],
)
def test_each_half_starts_without_the_other(module: str, forbidden: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not [f for f in forbidden if f in loaded]


def test_ci_runs_the_command_of_the_readme(root: Path) -> None:
    assert "./dev test" in (root / ".ci" / "run").read_text()
    assert "./dev test" in (root / "README.md").read_text()
