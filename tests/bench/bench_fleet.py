#!/usr/bin/env python3
"""restore of 32 boards at once beside one alone: time on the boards' clock, memory of this host."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time

import measure

BOARDS = 32
TIME_GOAL = 1.1
MEMORY_GOAL = 24e6
MAPPING = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+ *(.*)$")


def resident(process):
    """Bytes of memory that a process has now, without the flash of simulated boards, which is
    mapped from the boards' own files and stands for chips that real boards bring along."""
    total, counts = 0, True
    try:
        with open(f"/proc/{process}/smaps", encoding="utf-8") as lines:
            for line in lines:
                mapping = MAPPING.match(line)
                if mapping:
                    counts = not mapping[1].endswith(".flash")
                elif counts and line.startswith("Rss:"):
                    total += int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return total


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
    """What the summary of a restore says, and the most memory that it was seen to have."""
    boards = make_boards(osbundle, own, folder, count)
    command = [osbundle, "restore", "5.3.1", "--all", "--yes", "--json", *boards]
    peak = 0
    with tempfile.TemporaryFile("w+") as out:
        with subprocess.Popen(command, env=own, stdout=out, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None:
                peak = max(peak, resident(process.pid))
                time.sleep(0.002)
        out.seek(0)
        summary = json.loads(out.readlines()[-1])
    if process.returncode or summary["done"] != count:
        sys.exit(f"the restore of {count} boards failed: {summary}")
    return summary["elapsed_ms"], peak


def main():
    osbundle = measure.program()
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "source")
        own = measure.environment(folder, OSBUNDLE_SOURCE=source)
        subprocess.run([osbundle, "sim", "release", "p2@5.3.1", source], env=own, check=True,
                       stdout=subprocess.DEVNULL)
        alone_ms, alone_bytes = restore(osbundle, own, folder, 1)
        together_ms, together_bytes = restore(osbundle, own, folder, BOARDS)
    print(f"restore of {BOARDS} simulated P2s from 5.0.1 to 5.3.1")
    measure.show("one alone, simulated", alone_ms / 1000, "s")
    measure.show("all together, simulated", together_ms / 1000, "s")
    print(f"  {'ratio':<34}{together_ms / alone_ms:>10.2f}  (goal: {TIME_GOAL} or less)")
    measure.show("most memory, one alone", alone_bytes / 1e6, "MB")
    measure.show("most memory, all together", together_bytes / 1e6, "MB")
    print(f"  {'of the goal':<34}{together_bytes / MEMORY_GOAL:>10.2f}  (goal: 24 MB)")


if __name__ == "__main__":
    main()
