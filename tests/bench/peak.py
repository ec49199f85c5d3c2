#!/usr/bin/env python3
"""Runs a program and prints, behind what it printed, the most memory it had, in KB."""

import subprocess
import sys
import time
from pathlib import Path


def high_water(status):
    for line in status.read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def main():
    process = subprocess.Popen(sys.argv[1:])
    status, peak = Path(f"/proc/{process.pid}/status"), 0
    while process.poll() is None:
        peak = max(peak, high_water(status))
        time.sleep(0.005)
    print(peak)
    return process.returncode


if __name__ == "__main__":
    sys.exit(main())
