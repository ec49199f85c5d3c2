#!/usr/bin/env python3
"""verify of half a gigabyte of modules beside libsodium's SHA-256 alone, times the cores."""

import os
import shutil
import sys
import tempfile

import measure
import genuine

BYTES = 500_000_000
RUNS = 5
GOAL = 0.9


def copy_modules(folder):
    """Copies of genuine modules, under the names that release sites give them; returns the bytes."""
    paths = sorted(genuine.package("3.9.0").glob("updates/*.bin"))
    total = 0
    while total < BYTES:
        target = os.path.join(folder, f"{total:010}")
        os.mkdir(target)
        for path in paths:
            shutil.copyfile(path, os.path.join(target, path.name))
            total += path.stat().st_size
    return total


def main():
    osbundle = measure.program()
    with tempfile.TemporaryDirectory() as folder:
        modules = os.path.join(folder, "modules")
        os.mkdir(modules)
        total = copy_modules(modules)
        alone = measure.compile_alone("sha256_alone.c", folder, ["libsodium"])
        own = measure.environment(folder)
        taken = measure.in_turn(
            RUNS,
            ours=lambda: measure.run([osbundle, "verify", modules], own),
            alone=lambda: measure.run([alone, str(BYTES)], own),
        )
    ours, peer = total / taken["ours"].clock, BYTES / taken["alone"].clock
    print(f"verify: {total / 1e6:.0f} MB of modules, the whole process, median of {RUNS}")
    measure.show("SHA-256 of libsodium alone", peer / 1e6, "MB/s")
    measure.show(f"the same times {measure.cores()} cores", peer * measure.cores() / 1e6, "MB/s")
    measure.show("osbundle verify", ours / 1e6, "MB/s")
    per_second = total / taken["ours"].processor / (BYTES / taken["alone"].processor)
    measure.show_ratio(ours / peer / measure.cores(), GOAL, per_second)


if __name__ == "__main__":
    sys.exit(main())
