#!/usr/bin/env python3
"""Planning by itself, for every board with the full catalog, as a share of starting the program."""

import os
import subprocess
import sys
import tempfile

import measure

RUNS = 40
GOAL_MS = 5


def main():
    osbundle = measure.program()
    with tempfile.TemporaryDirectory() as folder:
        alone = measure.compile_alone("plan_alone.c", folder,
                                      ["jansson", "zlib", "libdeflate", "nettle"], ["model", "base"])
        own = measure.environment(folder)
        boards = [line.split() for line in subprocess.check_output([alone], text=True).splitlines()]
        taken = measure.in_turn(RUNS, version=lambda: measure.run([osbundle, "version"], own),
                                list=lambda: measure.run([osbundle, "list"], own))
    start = taken["version"].processor * 1e3
    print(f"plans: from every release to every other in four modes; start: `osbundle version`, median of {RUNS}")
    measure.show("start and exit", start, "ms")
    measure.show("the same with boards and catalog", taken["list"].processor * 1e3, "ms")
    *boards, catalog = boards
    for name, plans, average, slowest in boards:
        print(f"  {name:<12}{int(plans):>6} plans, {float(average):>6.1f} us each, "
              f"the slowest {float(slowest):>6.1f} us: {float(slowest) / start / 10:.1f}% of a start")
    measure.show(f"loading the catalog of {catalog[1]} releases", float(catalog[3]) / 1e3, "ms")
    worst = max(float(slowest) for *_, slowest in boards) / 1e3
    print(f"  {'slowest plan of all':<34}{worst:>10.2f} ms (goal: below {GOAL_MS})")


if __name__ == "__main__":
    sys.exit(main())
