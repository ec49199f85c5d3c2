#!/usr/bin/env python3
"""A plan from a cache of 100,000 objects beside one of ten; cache verify beside SHA-256 alone."""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import measure

OBJECTS = 100_000
OBJECT_BYTES = 600
MODULES = 8  # of a release
BYTES = 500_000_000
FILE_BYTES = 500_000
PLANS = 15
RUNS = 5
GOAL_PLAN = 1.2
GOAL_VERIFY = 0.9


def publish(cache, content):
    """Puts an object where the program would; returns its hash."""
    name = hashlib.sha256(content).hexdigest()
    folder = cache / "objects" / "sha256" / name[:2]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name[2:]).write_bytes(content)
    return name


def record(cache, version, hashes, size):
    """The record of a release of these objects."""
    folder = cache / "releases" / version
    folder.mkdir(parents=True)
    modules = {f"system_part/{place}": {"file": f"p2-part{place}@{version}.bin", "size": size,
                                        "sha256": name, "from": "-", "when": "2026-01-01T00:00:00Z"}
               for place, name in enumerate(hashes, 1)}
    (folder / "p2.json").write_text(json.dumps({"type": "osbundle-cached-release", "schema": 1,
                                                "version": version, "platform": "p2",
                                                "modules": modules}))


def fill(cache, count):
    """So many objects, in releases of eight."""
    for first in range(0, count, MODULES):
        content = [number.to_bytes(4, "big") * (OBJECT_BYTES // 4)
                   for number in range(first, min(first + MODULES, count))]
        version = f"{90 + first // 80000}.{first // 800 % 100}.{first // 8 % 100}"
        record(cache, version, [publish(cache, one) for one in content], OBJECT_BYTES)


def compare_plans(osbundle, folder):
    """The same plan from a large and a small cache."""
    site = str(folder / "site")
    caches = {"ten": folder / "ten", "many": folder / "many"}
    commands = {}
    for name, cache in caches.items():
        own = measure.environment(str(folder), OSBUNDLE_CACHE=str(cache), OSBUNDLE_SOURCE=site)
        measure.run([osbundle, "sim", "release", "p2@5.6.0", site], own)
        measure.run([osbundle, "fetch", "5.6.0", "-p", "p2", "--quiet"], own)
        commands[name] = ([osbundle, "plan", "5.6.0", "--sim", "p2@5.3.1"], own)
    fill(caches["ten"], 7)  # with the three of the release
    fill(caches["many"], OBJECTS)
    taken = measure.in_turn(PLANS, **{name: lambda command=command: measure.run(*command)
                                      for name, command in commands.items()})
    print(f"plan of a cached release, the whole process, median of {PLANS}")
    for name, label in (("ten", "10 objects in the cache"), ("many", f"{OBJECTS:,} objects")):
        measure.show(label, taken[name].clock * 1e3, "ms")
    ratio = taken["many"].clock / taken["ten"].clock
    per_second = taken["many"].processor / taken["ten"].processor
    print(f"  {'times as long, by the clock':<34}{ratio:>10.2f}  (goal: {GOAL_PLAN} or less)")
    print(f"  {'times the processor time':<34}{per_second:>10.2f}")


def compare_hashing(osbundle, folder):
    """cache verify beside the two libraries' hashes alone."""
    cache = folder / "large"
    for number in range(BYTES // FILE_BYTES):
        publish(cache, number.to_bytes(4, "big") * (FILE_BYTES // 4))
    (cache / "format").write_text("osbundle-cache 1\n")
    own = measure.environment(str(folder), OSBUNDLE_CACHE=str(cache))
    alone = {"libsodium": measure.compile_alone("sha256_alone.c", str(folder), ["libsodium"]),
             "nettle": measure.compile_alone("nettle_alone.c", str(folder), ["nettle"])}
    taken = measure.in_turn(
        RUNS, ours=lambda: measure.run([osbundle, "cache", "verify"], own),
        **{name: lambda program=program: measure.run([program, str(BYTES)], own)
           for name, program in alone.items()})
    speed = {name: BYTES / time.clock / 1e6 for name, time in taken.items()}
    print(f"cache verify: {BYTES / 1e6:.0f} MB, the whole process, median of {RUNS}")
    measure.show("cache verify", speed["ours"], "MB/s")
    for name in alone:
        measure.show(f"SHA-256 of {name} x {measure.cores()} cores",
                     speed[name] * measure.cores(), "MB/s")
        clock = speed["ours"] / speed[name] / measure.cores()
        per_second = taken[name].processor / taken["ours"].processor
        measure.show_ratio(clock, GOAL_VERIFY, per_second)


def main():
    osbundle = measure.program()
    with tempfile.TemporaryDirectory() as folder:
        compare_plans(osbundle, Path(folder))
        compare_hashing(osbundle, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
