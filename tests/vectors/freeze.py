"""Freezes a home and its server's database of this state: `./dev exec python -m tests.vectors.freeze NAME`.

Run once when an issue is done; the archive then must open, upgrade and verify ever after. Tracks for real on
a virtual screen with the demo policy, takes a redaction and a discard, ends cleanly,
makes an account root and exports a bundle.
"""

from __future__ import annotations

import json
import signal
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from tests.e2e.conftest import Installed
from tests.e2e.desk import Desk, open_desk, wait_for

HOMES = Path(__file__).parent / "homes"
LEFT_OUT = {"lock", "control.sock", "logs", "reserve"}
MEMO = "Freeze a home for later versions"


def track(installed: Installed, desk: Desk) -> None:
    """Two cells and a bit, three memos, one redaction, one discard."""
    installed.begin("track", "--contract", "demo", "--memo", MEMO)
    wait_for(installed.tracking, 60, "tracking")
    for memo in ("Second memo, to be redacted", "Third memo, to be discarded", MEMO):
        desk.work(22)
        installed.run("memo", memo)
    desk.work(5)
    diary = installed.json("diary", "--zone", "UTC")
    signed = [s for s in diary["segments"] if s["state"] in ("signed", "sent")]
    installed.run("redact", next(s["id"] for s in signed if s["shots"]))
    installed.run("discard", signed[-1]["id"])
    time.sleep(3)
    last = installed.running[-1]
    last.send_signal(signal.SIGINT)
    if last.wait(60):
        raise RuntimeError(installed.said())


def export(installed: Installed) -> None:
    """A bundle of the day, a trust file, and the verdict on them, kept in the home."""
    installed.run("keys", "root")
    day = installed.json("diary", "--zone", "UTC")["day"]
    bundle, trust = installed.home / "frozen.zip", installed.home / "frozen-trust.json"
    installed.run("export", "--contract", "demo", "--day", day, "-o", str(bundle))
    installed.run("trust", "export", "--contract", "demo", "-o", str(trust))
    told = installed.run("verify", str(bundle), "--trust", str(trust), "--json", check=False).stdout
    verdict = {key: value for key, value in json.loads(told).items() if key in {"axes", "exit"}}
    (installed.home / "frozen-verdict.json").write_text(json.dumps(verdict, indent=1) + "\n")


def pack(home: Path, name: str) -> None:
    """The archive and, beside it, what the diary said when it was frozen."""
    with tarfile.open(HOMES / f"{name}.tar.xz", "w:xz") as archive:
        for path in sorted(home.rglob("*")):
            parts = path.relative_to(home).parts
            if not set(parts) & LEFT_OUT and (path.is_file() or path.is_dir()):
                archive.add(path, arcname=str(path.relative_to(home)), recursive=False)


def main() -> None:
    """Freeze as NAME."""
    name = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder, open_desk(Path(folder) / "typed", 1) as desk:
        installed = Installed(Path(folder) / "home", desk)
        track(installed, desk)
        export(installed)
        diary = installed.json("diary", "--zone", "UTC")
        (HOMES / f"{name}.json").write_text(json.dumps(diary, indent=1, sort_keys=True) + "\n")
        pack(installed.home, name)


if __name__ == "__main__":
    main()
