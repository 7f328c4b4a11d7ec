"""Client and server alone in a network of their own, its loopback shaped by the kernel; both ends judged.

Run inside a network namespace without any route. Arguments: a folder, how many segments, the weather.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.faults.net_homes import check, net, record, step, waits
from tests.server.cli.running import serving

_TABLE = "table inet weather {{ chain in {{ type filter hook input priority 0; policy accept; {} ; }} ; }}"
# A fifth of all packets lost; none of them through (a cable pulled, an aeroplane).
_RULES = {"loss": "numgen random mod 100 < 20 drop", "cut": "drop"}
_PASSES = 400


def weather(name: str) -> None:
    """From now on; "" for none."""
    subprocess.run(["nft", "flush", "ruleset"], check=True)
    if name in _RULES:
        subprocess.run(["nft", _TABLE.format(_RULES[name])], check=True)
    if name == "thin":
        shape = ["tbf", "rate", "1mbit", "burst", "32kbit", "latency", "400ms"]
        subprocess.run(["tc", "qdisc", "replace", "dev", "lo", "root", *shape], check=True)


def main(folder: Path, count: int, name: str) -> None:
    routes = subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout
    assert routes == "", "this must not run where there is a way out"
    home_path = folder / "server-home"
    with serving(home_path) as server, net(home_path, server.door.port) as found:
        home = found.enrol(folder / "desk", days_ago=20)
        record(home, count)
        weather(name)
        for number in range(_PASSES):
            if not waits(home):
                break
            step(home)
            if name == "cut" and number == 3:
                weather("")
        weather("")
        while waits(home):
            step(home)
        ends = check(found)
    sys.stdout.write(f"{len(ends.signed)} records, {len(ends.images)} images, {number} passes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
