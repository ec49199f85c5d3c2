#!/usr/bin/env python3
"""The main job on genuine modules: releases from a release site, onto simulated boards."""

import hashlib
import os
import unittest

import genuine
from program import ProgramTest
from release_site import ReleaseSite

PREFIX_SIZE = 24  # left out of flash for modules with DROP_MODULE_INFO


def read(path):
    with open(path, "rb") as file:
        return file.read()


def update_files(package):
    """The module files of a particle-cli package, name -> bytes."""
    folder = os.path.join(package, "updates")
    return {name: read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))}


class GenuineTest(ProgramTest):
    """A release site with genuine releases, and a board that keeps its flash in a folder."""

    releases = {}  # Device OS version -> version of the particle-cli package that has it

    def setUp(self):
        super().setUp()
        self.files = {version: update_files(genuine.package(package))
                      for version, package in self.releases.items()}
        self.site = ReleaseSite(self.path("site"))
        for version, files in self.files.items():
            self.site.add_release(version, files)
        self.source = self.site.start()
        self.addCleanup(self.site.stop)

    def flash(self, start, size):
        """Bytes of the board's internal flash, as they are on its disk image."""
        return read(self.path("board", "internal.flash"))[start:start + size]

    def assert_flash(self, expected):
        """`expected`: offset in internal flash -> the bytes that must stand there."""
        for start, content in expected.items():
            self.assertEqual(self.flash(start, len(content)), content, hex(start))

    def versions(self):
        """What the board itself reports: slot -> version."""
        info = self.run_program("info", "--sim", "board", "--json").json
        return {f"{module['function']['name']}/{module['index']}": module["version"]
                for module in info["modules"]}


class Boron(GenuineTest):
    releases = {"2.2.0": "2.16.0", "4.0.2": "3.9.0"}

    def setUp(self):
        super().setUp()
        self.old, self.new = self.files["2.2.0"], self.files["4.0.2"]
        self.tinker = os.path.join(genuine.package("3.9.0"), "knownApps", "boron", "tinker",
                                   "tinker-0.8.0-rc.27-boron.bin")

    def make_board(self):
        self.run_program("fetch", "2.2.0", "4.0.2", "-p", "boron")
        self.run_program("sim", "new", "boron@2.2.0", "board")

    def restore(self, *words):
        return self.run_program("restore", "4.0.2", "--app", self.tinker, "--sim", "board",
                                "--yes", "--json", *words).last

    def test_fetch_keeps_exactly_the_platforms_files(self):
        result = self.run_program("fetch", "2.2.0", "4.0.2", "-p", "boron", "--json").lines
        documents = [line for line in result if line["type"] == "osbundle-fetch"]
        self.assertEqual([document["downloaded_files"] for document in documents], [3, 2])
        wanted = {hashlib.sha256(content).hexdigest()
                  for files in (self.old, self.new) for name, content in files.items()
                  if name.startswith("boron-")}
        kept = {"".join(path.split("/")[-2:]) for path in self.cached_objects()
                if path.startswith("objects/")}
        self.assertEqual(kept, wanted)

    def test_fetch_again_asks_nobody(self):
        self.run_program("fetch", "4.0.2", "-p", "boron")
        self.site.stop()
        again = self.run_program("fetch", "4.0.2", "-p", "boron", "--json").last
        self.assertEqual(again["downloaded_files"], 0)

    def test_plan_leaves_the_radio_stack_out(self):
        self.make_board()
        plan = self.run_program("plan", "4.0.2", "--app", self.tinker, "--sim", "board",
                                "--json").last
        steps = [(step["op"], step["slot"]) for step in plan["steps"]]
        self.assertEqual(steps, [("write", "bootloader/0"), ("mode", None),
                                 ("write", "system_part/1"), ("write", "user_part/1"),
                                 ("boot", None)])
        self.assertEqual(plan["after"]["radio_stack/0"], 202)

    def test_restore_puts_the_exact_bytes_on_the_board(self):
        self.make_board()
        report = self.restore()
        self.assertEqual(report["outcome"], "done")
        self.assert_flash({0xF4000: self.new["boron-bootloader@4.0.2.bin"],
                           0x30000: self.new["boron-system-part1@4.0.2.bin"],
                           0x1000: self.new["boron-softdevice@4.0.2.bin"][PREFIX_SIZE:],
                           0xD4000: read(self.tinker)})
        written = sum(len(self.new[name]) for name in ("boron-bootloader@4.0.2.bin",
                                                       "boron-system-part1@4.0.2.bin"))
        self.assertEqual(report["bytes_written"], written + len(read(self.tinker)))

    def test_module_info_reports_the_new_set(self):
        self.make_board()
        self.restore()
        versions = self.versions()
        self.assertEqual(versions["bootloader/0"], 1101)
        self.assertEqual(versions["system_part/1"], 4006)
        self.assertEqual(versions["radio_stack/0"], 202)
        info = self.run_program("info", "--sim", "board", "--json").json
        self.assertEqual(info["os_version"], "4.0.2")

    def test_second_restore_writes_nothing(self):
        self.make_board()
        self.restore()
        before = self.flash(0, 1 << 20)
        again = self.restore()
        self.assertEqual(again["bytes_written"], 0)
        self.assertEqual(again["outcome"], "nothing_to_do")
        self.assertEqual(self.flash(0, 1 << 20), before)

    def test_offline_restore_lives_from_the_cache(self):
        self.make_board()
        self.site.stop()
        self.assertEqual(self.restore("--offline")["outcome"], "done")

    def test_downgrade_needs_its_flag(self):
        self.make_board()
        self.restore()
        refused = self.run_program("restore", "2.2.0", "--sim", "board", "--yes", code=5)
        self.assert_two_line_error(refused, "downgrade")
        self.run_program("restore", "2.2.0", "--sim", "board", "--yes", "--allow-downgrade")
        self.assert_flash({0x30000: self.old["boron-system-part1@2.2.0.bin"]})


class Gen2(GenuineTest):
    """Photon, P1 and Electron, whose system parts need each other in a circle."""

    releases = {"1.5.2": "2.8.0", "2.2.0": "2.16.0"}

    def upgrade(self, platform, tinker):
        """From 1.5.2 to 2.2.0 with the platform's Tinker; returns the report."""
        self.run_program("sim", "new", f"{platform}@1.5.2", "board")
        app = os.path.join(genuine.package("3.51.0"), "knownApps", platform, *tinker)
        words = ("restore", "2.2.0", "--app", app, "--sim", "board", "--yes", "--json")
        report = self.run_program(*words).last
        self.assertEqual(report["outcome"], "done")
        self.assertEqual(self.run_program(*words).last["bytes_written"], 0)
        return read(app)

    def check_photon(self, platform):
        self.run_program("fetch", "1.5.2", "2.2.0", "-p", platform)
        tinker = self.upgrade(platform, ("tinker", f"tinker-0.4.5-{platform}.bin"))
        new = self.files["2.2.0"]
        self.assert_flash({0: new[f"{platform}-bootloader@2.2.0+lto.bin"],
                           0x20000: new[f"{platform}-system-part1@2.2.0.bin"],
                           0x60000: new[f"{platform}-system-part2@2.2.0.bin"],
                           0xA0000: tinker})
        versions = self.versions()
        self.assertEqual((versions["bootloader/0"], versions["system_part/1"],
                          versions["system_part/2"]), (1006, 2202, 2202))

    def test_photon(self):
        self.check_photon("photon")

    def test_p1(self):
        self.check_photon("p1")

    def test_electron_by_header_and_not_by_file_number(self):
        incomplete = self.run_program("fetch", "1.5.2", "-p", "electron", code=5)
        self.assert_two_line_error(incomplete, "bootloader/0")
        self.run_program("fetch", "1.5.2", "-p", "electron", "--allow-incomplete")
        self.run_program("fetch", "2.2.0", "-p", "electron")
        tinker = self.upgrade("electron", ("tinker", "electron_tinker.bin"))
        new = self.files["2.2.0"]
        self.assert_flash({0: new["electron-bootloader@2.2.0+lto.bin"],
                           0x60000: new["electron-system-part1@2.2.0.bin"],
                           0x20000: new["electron-system-part2@2.2.0.bin"],
                           0x40000: new["electron-system-part3@2.2.0.bin"],
                           0x80000: tinker})


if __name__ == "__main__":
    unittest.main()
