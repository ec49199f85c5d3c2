#!/usr/bin/env python3
"""Updates over a real Linux USB stack, of a simulated board whose flash takes its true time:
osbundle beside particle-usb and dfu-util, and beside the time that the board itself is busy."""

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

import measure

sys.path.insert(0, str(measure.ROOT / "tests" / "host"))
RUNS = int(os.environ.get("RUNS", "3"))
PATIENCE = 5  # flash in real time takes longer than any other scenario
OVERHEAD_GOAL = 0.05


def run(lab, folder):
    """What one guest measured."""
    guest = Path(__file__).resolve().parent / "guest"
    if lab.boot([], guest, PATIENCE):
        sys.exit("the guest measured nothing")
    told = folder / "out" / "transfers.json"
    for name, end in json.loads((folder / "out" / "results.json").read_text("utf-8")).items():
        if end["outcome"] != "passed":
            sys.exit(f"{name}: {end['outcome']}\n{end['text']}")
    return json.loads(told.read_text("utf-8"))


def median(laps, program, job, member):
    return statistics.median(lap[member] for lap in laps
                             if (lap["program"], lap["job"]) == (program, job))


def show_beside(laps, job, title, peers):
    floor = median(laps, "osbundle", job, "busy_ms")
    ours = median(laps, "osbundle", job, "wall_ms")
    print(title)
    measure.show("the board is busy", floor / 1000, "s")
    measure.show("osbundle, with its proof", ours / 1000, "s")
    for peer in peers:
        theirs = median(laps, peer, job, "wall_ms")
        measure.show(peer, theirs / 1000, "s")
        print(f"  {'osbundle to ' + peer:<34}{ours / theirs:>10.2f}  (goal: 1.0 or less)")
    print(f"  {'osbundle to the busy board':<34}{ours / floor:>10.2f}  (1.0 cannot be beaten)")


def show_overhead(laps, name):
    floor, wall = (median(laps, "osbundle", name, member) for member in ("busy_ms", "wall_ms"))
    print(f"restore of a {name}, the whole process")
    measure.show("the board is busy", floor / 1000, "s")
    measure.show("osbundle takes", wall / 1000, "s")
    print(f"  {'overhead to busy time':<34}{(wall - floor) / floor:>10.3f}  "
          f"(goal: {OVERHEAD_GOAL} or less)")


def main():
    os.environ["OSB_HOST_PROGRAM"] = measure.program()
    with tempfile.TemporaryDirectory() as name:
        os.environ["OSB_HOST_FOLDER"] = name
        import lab  # reads where it works from the environment
        lab.prepare()
        laps = [lap for _ in range(RUNS) for lap in run(lab, Path(name))]
    print(f"updates of a boron in real time, median of {RUNS}")
    show_beside(laps, "control", "bootloader by control requests", ["particle-usb"])
    show_beside(laps, "dfu", "system part in DFU mode", ["particle-usb", "dfu-util"])
    for board in ("boron", "p2", "photon"):
        show_overhead(laps, board)


if __name__ == "__main__":
    sys.exit(main())
