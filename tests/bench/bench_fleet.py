#!/usr/bin/env python3
"""restore of 32 boards at once beside one alone, on the boards' clock."""

import json
import os
import subprocess
import sys
import tempfile

import measure

BOARDS = 32
TIME_GOAL = 1.1


def make_boards(osbundle, own, folder, count):
    words = []
    for number in range(count):
        path = os.path.join(folder, f"{count}-{number}")
        subprocess.run([osbundle, "sim", "new", "p2@5.0.1", path, "--id",
                        f"0a10aced20210020{number:08x}"], env=own, check=True,
                       stdout=subprocess.DEVNULL)
        words += ["--sim", path]
    return words


def restore(osbundle, own, folder, count):
    """Milliseconds that a restore took on the boards' clock."""
    boards = make_boards(osbundle, own, folder, count)
    command = [osbundle, "restore", "5.3.1", "--all", "--yes", "--json", *boards]
    done = subprocess.run(command, env=own, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    summary = json.loads(done.stdout.splitlines()[-1])
    if done.returncode or summary["done"] != count:
        sys.exit(f"the restore of {count} boards failed: {summary}")
    return summary["elapsed_ms"]


def main():
    osbundle = measure.program()
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "source")
        own = measure.environment(folder, OSBUNDLE_SOURCE=source)
        subprocess.run([osbundle, "sim", "release", "p2@5.3.1", source], env=own, check=True,
                       stdout=subprocess.DEVNULL)
        alone_ms = restore(osbundle, own, folder, 1)
        together_ms = restore(osbundle, own, folder, BOARDS)
    print(f"restore of {BOARDS} simulated P2s from 5.0.1 to 5.3.1")
    measure.show("one alone, simulated", alone_ms / 1000, "s")
    measure.show("all together, simulated", together_ms / 1000, "s")
    print(f"  {'ratio':<34}{together_ms / alone_ms:>10.2f}  (goal: {TIME_GOAL} or less)")


if __name__ == "__main__":
    main()
