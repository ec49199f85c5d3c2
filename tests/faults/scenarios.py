#!/usr/bin/env python3
"""What is run on a failing disk: scenarios.py NAME STEP."""

import os
import shutil
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
    """A cache whose objects have all to be replaced. What moves them aside need not succeed."""
    site(folder, run)
    run(*RELEASE)
    (folder / "cache/damaged").mkdir()
    for victim in (folder / "cache").glob("objects/sha256/*/*"):
        victim.chmod(0o644)
        victim.write_bytes(published.ROTTEN)


EXPORT = ["bundle", "export", "5.6.0", "-p", "p2", "-o"]


def kit(folder, run):
    """A bundle, and no cache."""
    site(folder, run)
    run(*EXPORT, "FOLDER/kit.tar.zst")
    shutil.rmtree(folder / "cache")


def exported(folder, run):
    """A release in the cache, and the bundle that is to be made of it under another name."""
    site(folder, run)
    run(*EXPORT, "FOLDER/reference.tar.zst")


def mirrored(folder, run):
    """A mirror of one release, and another in the cache."""
    fetched(folder, run)
    run("mirror", "FOLDER/mirror", "5.3.1", "-p", "p2")


SCENARIOS = [
    Scenario("fetch", RELEASE, published.cache, site),
    Scenario("repair", RELEASE, published.cache, damaged),
    Scenario("import", ["cache", "import", "FOLDER/site"], published.cache, site),
    Scenario("prune", ["cache", "prune", "--yes", "--older-than", "90d"], published.cache, used),
    Scenario("bundle_import", ["bundle", "import", "FOLDER/kit.tar.zst"], published.cache, kit),
    Scenario("bundle_export", [*EXPORT, "FOLDER/kit.tar.zst"], published.kit, exported),
    Scenario("mirror", ["mirror", "FOLDER/mirror", "5.6.0", "-p", "p2"], published.mirror, mirrored),
    Scenario("verify", ["cache", "verify"], published.cache, fetched),
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS))
