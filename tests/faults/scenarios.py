#!/usr/bin/env python3
"""What is run on a failing disk: scenarios.py NAME STEP."""

import os
import sys

import published
from stand import Scenario, main

RELEASE = ["fetch", "5.6.0", "-p", "p2"]


def site(folder, run):
    """A release to fetch."""
    run("sim", "release", "p2@5.6.0", str(folder / "site"))


def fetched(folder, run):
    """The same in the cache, and another one."""
    site(folder, run)
    run("sim", "release", "p2@5.3.1", str(folder / "site"))
    run(*RELEASE)
    run("fetch", "5.3.1", "-p", "p2")


def used(folder, run):
    """Two releases in the cache; the older one was not used for long."""
    fetched(folder, run)
    os.utime(folder / "cache/releases/5.3.1/p2.json", (1e9, 1e9))


def damaged(folder, run):
    """A cache whose objects have all to be replaced."""
    site(folder, run)
    run(*RELEASE)
    for victim in (folder / "cache").glob("objects/sha256/*/*"):
        victim.chmod(0o644)
        victim.write_bytes(published.ROTTEN)


SCENARIOS = [
    Scenario("fetch", RELEASE, published.cache, site),
    Scenario("repair", RELEASE, published.cache, damaged),
    Scenario("import", ["cache", "import", "FOLDER/site"], published.cache, site),
    Scenario("prune", ["cache", "prune", "--older-than", "90d"], published.cache, used),
    Scenario("verify", ["cache", "verify"], published.cache, fetched),
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS))
