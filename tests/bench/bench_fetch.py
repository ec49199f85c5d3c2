#!/usr/bin/env python3
"""fetch of one platform's set from a server that is 50 ms away, beside curl fetching the same files."""

import os
import shutil
import sys
import tempfile
import urllib.parse

import measure
import genuine
from far_away import FarAway
from release_site import ReleaseSite, free_port

ROUND_TRIP_S = 0.05
RUNS = 15
GOAL = 1.15
VERSION, PLATFORM, PACKAGE = "4.0.2", "boron", "3.9.0"
AT_ONCE = "8"
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # what a disk takes to sync is its own


def module_files():
    """name -> bytes of the genuine set, as release sites name them."""
    folder = genuine.package(PACKAGE) / "updates"
    return {path.name: path.read_bytes() for path in sorted(folder.glob(f"{PLATFORM}-*.bin"))}


class Race:
    """Both fetch the same files from the same server, each into an empty folder of its own."""

    def __init__(self, folder, site):
        self.folder, self.site = folder, site
        self.own = measure.environment(folder, OSBUNDLE_CACHE=os.path.join(folder, "cache"),
                                       OSBUNDLE_SOURCE=site.url)
        self.osbundle = measure.program()
        self.fetched = {}  # URLs of the first run, in the order of their files

    def ours(self):
        shutil.rmtree(os.path.join(self.folder, "cache"), ignore_errors=True)
        self.site.forget_requests()
        taken = measure.run([self.osbundle, "fetch", VERSION, "-p", PLATFORM, "-q"], self.own)
        self.fetched = [self.site.origin + request["path"] for request in self.site.requests()
                        if request["path"].endswith(".bin")]
        return taken

    def curl(self):
        target = os.path.join(self.folder, "curl")
        shutil.rmtree(target, ignore_errors=True)
        os.mkdir(target)
        words = ["curl", "-q", "--no-progress-meter", "--fail", "--parallel", "--parallel-immediate",
                 "--parallel-max", AT_ONCE]
        for url in self.fetched:
            name = urllib.parse.unquote(url.rsplit("/", 1)[1])
            words += ["-o", os.path.join(target, name), url]
        return measure.run(words, self.own)


def main():
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        port = free_port()
        far = FarAway(port, ROUND_TRIP_S)
        site = ReleaseSite(os.path.join(folder, "site"), port)
        site.origin = f"http://127.0.0.1:{far.port}"
        site.url = f"github+{site.origin}/repos/{site.repository}"
        site.add_release(VERSION, module_files())
        with site:
            race = Race(folder, site)
            taken = measure.in_turn(RUNS, ours=race.ours, curl=race.curl)
        far.stop()
    ours, curl = taken["ours"], taken["curl"]
    size = sum(os.path.getsize(path) for path in genuine.package(PACKAGE).glob(
        f"updates/{PLATFORM}-*.bin"))
    print(f"fetch: {len(race.fetched)} files, {size / 1e3:.0f} KB at most, from a server that is "
          f"{ROUND_TRIP_S * 1000:.0f} ms away, median of {RUNS}")
    measure.show("curl --parallel", curl.clock * 1000, "ms")
    measure.show("osbundle fetch", ours.clock * 1000, "ms")
    print(f"  {'ratio by the clock':<34}{ours.clock / curl.clock:>10.2f}  (goal: {GOAL} or less)")
    measure.show("processor time of curl", curl.processor * 1000, "ms")
    measure.show("processor time of osbundle", ours.processor * 1000, "ms")


if __name__ == "__main__":
    main()
    sys.exit(0)
