#!/usr/bin/env python3
"""Genuine releases, every one to every other: the board must end with exactly the files' bytes.

The ordinary run takes a few releases of each platform; with OSB_ALL_PAIRS=1 it is all that were
published, up and down, which takes a few minutes. Headers of all of them are walked in every run,
in every mode, by together_plan_pairs.

Some neighbours (2.0.1 and 2.1.0, 4.0.1 and 4.0.2) have bootloaders of one number from two builds.
Systems before 5.6.0 tell no hashes, so to them the other's build counts as right and stays; with
--full it is written too. These pairs are walked that way.
"""

import itertools
import os
import struct
import unittest

import genuine
from program import ProgramTest
from release_site import ReleaseSite

PACKAGES = {"1.5.2": "2.8.0", "2.2.0": "2.16.0", "2.3.1": "3.9.0", "4.0.2": "3.9.0"}
ALL_PACKAGES = {"1.5.0": "2.3.0", "1.5.1": "2.5.0", "1.5.2": "2.8.0", "2.0.1": "2.10.0",
                "2.1.0": "2.11.0", "2.2.0": "2.16.0", "2.3.1": "3.9.0", "4.0.1": "3.6.0",
                "4.0.2": "3.9.0"}
if os.environ.get("OSB_ALL_PAIRS"):
    PACKAGES = ALL_PACKAGES
PREFIX_SIZE = 24  # left out of flash for the radio stack

NRF = {"bootloader": 0xF4000, "softdevice": 0x1000, "system-part1": 0x30000}
PHOTON = {"bootloader": 0, "system-part1": 0x20000, "system-part2": 0x60000}
PREFIXES = {0: 0x184, 0xF4000: 0x200}  # of bootloaders, by their place
ELECTRON = {"bootloader": 0, "system-part1": 0x60000, "system-part2": 0x20000,
            "system-part3": 0x40000}


def update_files(package, version):
    """The release's module files in a particle-cli package, name -> bytes."""
    folder = os.path.join(genuine.package(package), "updates")
    found = {}
    for name in sorted(os.listdir(folder)):
        if name.partition("@")[2].split("+")[0] == f"{version}.bin" or f"@{version}+" in name:
            with open(os.path.join(folder, name), "rb") as file:
                found[name] = file.read()
    return found


class Pairs(ProgramTest):
    def setUp(self):
        super().setUp()
        self.files = {version: update_files(package, version)
                      for version, package in PACKAGES.items()}
        self.site = ReleaseSite(self.path("site"))
        for version, files in self.files.items():
            self.site.add_release(version, files)
        self.source = self.site.start()
        self.addCleanup(self.site.stop)

    def file_of(self, platform, version, part):
        """Name and content of the release's file."""
        return next((name, content) for name, content in self.files[version].items()
                    if name.startswith(f"{platform}-{part}@"))

    def bootloader_number(self, platform, version, place):
        """What the header of the release's bootloader says."""
        content = self.file_of(platform, version, "bootloader")[1]
        return struct.unpack_from("<H", content, PREFIXES[place] + 10)[0]

    def assert_flash(self, platform, version, places):
        """Every file of the release stands in flash, byte by byte."""
        with open(self.path("board", "internal.flash"), "rb") as file:
            flash = file.read()
        for part, start in places.items():
            name, content = self.file_of(platform, version, part)
            if part == "softdevice":
                content = content[PREFIX_SIZE:]
            self.assertEqual(flash[start:start + len(content)], content, name)

    def check(self, platform, versions, places):
        """One board walks through all ordered pairs of the releases."""
        if PACKAGES is ALL_PACKAGES:
            versions = [version for version, files in self.files.items()
                        if any(name.startswith(f"{platform}-bootloader") for name in files)]
        self.run_program("fetch", *versions, "-p", platform)
        for start, goal in itertools.permutations(versions, 2):
            with self.subTest(platform=platform, start=start, goal=goal):
                words = ("--sim", "board", "--yes", "--json", "--allow-downgrade")
                if not os.path.exists(self.path("board")):
                    self.run_program("sim", "new", f"{platform}@{start}", "board")
                self.run_program("restore", start, *words, "--full")
                self.assert_flash(platform, start, places)
                one, other = (self.bootloader_number(platform, version, places["bootloader"])
                              for version in (start, goal))
                extent = ("--full",) if one == other else ()
                report = self.run_program("restore", goal, *words, *extent).last
                self.assertEqual(report["outcome"], "done")
                self.assert_flash(platform, goal, places)
                again = self.run_program("restore", goal, *words).last
                self.assertEqual(again["bytes_written"], 0)

    def test_argon(self):
        self.check("argon", ("1.5.2", "2.2.0", "4.0.2"), NRF)

    def test_boron(self):
        self.check("boron", ("1.5.2", "2.2.0", "4.0.2"), NRF)

    def test_bsom(self):
        self.check("bsom", ("1.5.2", "2.2.0", "4.0.2"), NRF)

    def test_b5som(self):
        self.check("b5som", ("1.5.2", "2.2.0", "4.0.2"), NRF)

    def test_tracker(self):
        self.check("tracker", ("2.2.0", "4.0.2"), NRF)

    def test_photon(self):
        self.check("photon", ("1.5.2", "2.2.0", "2.3.1"), PHOTON)

    def test_p1(self):
        self.check("p1", ("1.5.2", "2.2.0", "2.3.1"), PHOTON)

    def test_electron(self):
        self.check("electron", ("2.2.0", "2.3.1"), ELECTRON)


if __name__ == "__main__":
    unittest.main()
