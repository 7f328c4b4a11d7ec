"""`./dev bench [P1 …] [--long] [--json FILE]`."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from benchmarks.result import Result, dump, table

# Which module measures what; P1 and P2 share their processes.
MODULES = {
    "P1": "p1_memory", "P2": "p1_memory", "P3": "p3_cpu", "P4": "p4_input", "P5": "p5_start",
    "P6": "p6_grab", "P7": "p7_commit", "P8": "p8_shots", "P9": "p9_time", "P10": "p10_soak",
    "P11": "p11_ingest", "P14": "p14_verify",
    "RATES": "evidence_rates",
}  # fmt: skip


def main() -> int:
    """Run what is asked for, print the table, and fail if a goal was missed."""
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("goals", nargs="*", metavar="P1", help=f"any of {' '.join(MODULES)}; all without one")
    parser.add_argument("--long", action="store_true", help="longer phases where a benchmark has them")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    if unknown := set(given.goals) - set(MODULES):
        parser.error(f"no benchmark named {' '.join(sorted(unknown))}")
    wanted = given.goals or list(MODULES)
    results: list[Result] = []
    for name in dict.fromkeys(MODULES[goal] for goal in wanted):
        print(f"measuring {name}", file=sys.stderr, flush=True)
        module = importlib.import_module(f"benchmarks.{name}")
        results += [r for r in module.measure(given.long) if r.id in wanted]
    print(table(results))
    if given.json:
        given.json.write_text(dump(results))
    return 1 if any(r.met is False for r in results) else 0


if __name__ == "__main__":
    sys.exit(main())
