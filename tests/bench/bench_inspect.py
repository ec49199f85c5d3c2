#!/usr/bin/env python3
"""inspect beside binary-version-reader: the module files of particle-cli 3.9.0, each in one process."""

import sys
import tempfile

import measure
import genuine
import reader

RUNS = 25
GOAL = 20


def main():
    paths = sorted(str(path) for path in genuine.package("3.9.0").glob("updates/*.bin"))
    total = sum(len(open(path, "rb").read()) for path in paths)
    words, variables = reader.command("read_modules.js")
    names = "".join(f"{path}\n" for path in paths).encode()
    osbundle = measure.program()
    with tempfile.TemporaryDirectory() as folder:
        own = measure.environment(folder)
        node = measure.environment(folder, **variables)
        taken = measure.in_turn(
            RUNS,
            ours=lambda: measure.run([osbundle, "inspect", "--json", *paths], own),
            peer=lambda: measure.run(words, node, names),
        )
    print(f"inspect --json: {len(paths)} files, {total / 1e6:.1f} MB, the whole process, median of {RUNS}")
    peer, ours = taken["peer"], taken["ours"]
    measure.show("binary-version-reader", peer.clock * 1e3, "ms")
    measure.show("osbundle", ours.clock * 1e3, "ms")
    measure.show_ratio(peer.clock / ours.clock, GOAL, peer.processor / ours.processor)


if __name__ == "__main__":
    sys.exit(main())
