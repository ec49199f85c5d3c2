#!/usr/bin/env python3
"""What plan can be asked for besides a release: files, healing only, roads, a picture, a policy."""

import hashlib
import os
import struct
import unittest
import zlib

from program import ProgramTest


class PlanGoals(ProgramTest):
    """A P2 of 5.0.1 onto which somebody put the system part of 5.3.1 only."""

    def setUp(self):
        super().setUp()
        self.source = self.path("releases")
        self.run_program("sim", "release", "p2@5.3.1", "releases")
        self.run_program("sim", "new", "p2@5.0.1", "board", "--flash",
                         self.path("releases", "p2-system-part1@5.3.1.bin"))

    def writes(self, plan):
        return [step["slot"] for step in plan["steps"] if step["op"] == "write"]

    def test_heal_takes_what_is_required_from_the_release_on_the_board(self):
        plan = self.run_program("plan", "--heal", "--sim", "board", "--json").json
        self.assertEqual(plan["goal"]["version"], "5.3.1")
        self.assertEqual(self.writes(plan), ["bootloader/2", "bootloader/0"])
        self.run_program("restore", "--heal", "--sim", "board", "--yes")
        again = self.run_program("plan", "--heal", "--sim", "board", "--json").json
        self.assertEqual(again["steps"], [])

    def test_via_dfu_stages_bootloaders_and_via_control_stays_out_of_dfu_mode(self):
        plan = self.run_program("plan", "5.3.1", "--via", "dfu", "--sim", "p2@5.0.1", "--json").json
        roads = [(step["slot"], step["via"]) for step in plan["steps"] if step["op"] == "write"]
        self.assertEqual(roads, [("system_part/1", "dfu"), ("bootloader/2", "staged"), ("bootloader/0", "staged")])
        plan = self.run_program("plan", "5.3.1", "--via", "control", "--sim", "p2@5.0.1", "--json").json
        self.assertEqual({step["via"] for step in plan["steps"]}, {"control"})
        self.assert_two_line_error(self.run_program("plan", "--via", "pigeon", "--sim", "board", code=2), "pigeon")

    def test_what_was_staged_is_proved_by_the_board_itself(self):
        self.run_program("sim", "new", "p2@5.0.1", "other")
        report = self.run_program("restore", "5.3.1", "--via", "dfu", "--sim", "other", "--yes", "--json").last
        self.assertEqual(report["outcome"], "done")
        told = [step["evidence"] for step in report["steps"] if step["op"] == "boot"]
        self.assertEqual(told, ["board reports bootloader/2 5", "board reports bootloader/0 2101"])

    def test_graph_is_a_document_for_dot(self):
        picture = self.run_program("plan", "5.3.1", "--graph", "--sim", "board").out
        self.assertTrue(picture.startswith("digraph plan {\n"), picture)
        self.assertTrue(picture.endswith("}\n"), picture)
        self.assertIn('"system_part/1" -> "bootloader/0" [label="at least 2101"]', picture)

    def test_named_files_alone_are_a_goal(self):
        file = self.path("releases", "p2-prebootloader-part1@5.3.1.bin")
        plan = self.run_program("plan", "--module", file, "--sim", "board", "--json").json
        self.assertEqual(plan["goal"], {"version": None, "app": None, "via": [],
                                        "modules": ["p2-prebootloader-part1@5.3.1.bin"]})
        self.assertEqual(self.writes(plan), ["bootloader/2"])
        self.assertEqual([step["release"] for step in plan["steps"]], [None])
        report = self.run_program("restore", "--module", file, "--sim", "board", "--yes",
                                  "--json").last
        self.assertEqual(report["outcome"], "done")

    def test_a_named_file_goes_before_the_release_s_own(self):
        self.run_program("sim", "release", "p2@5.3.2", "newer")
        file = self.path("newer", "p2-bootloader@5.3.2.bin")
        plan = self.run_program("plan", "5.3.1", "-m", file, "--sim", "board", "--json").json
        written = {step["slot"]: step for step in plan["steps"] if step["op"] == "write"}
        self.assertEqual(written["bootloader/0"]["to"], 2102)
        self.assertIsNone(written["bootloader/0"]["release"])
        self.assertEqual(written["bootloader/2"]["release"], "5.3.1")

    def test_two_files_for_one_slot_are_an_error(self):
        file = self.path("releases", "p2-bootloader@5.3.1.bin")
        found = self.run_program("plan", "-m", file, "-m", file, "--sim", "board", code=2)
        self.assert_two_line_error(found, "p2-bootloader@5.3.1.bin", "the same slot")

    def test_an_mbr_is_refused_however_it_is_named(self):
        file = self.path("releases", "p2-prebootloader-mbr@5.3.1.bin")
        found = self.run_program("plan", "-m", file, "--sim", "board", code=5)
        self.assert_two_line_error(found, "never flashed")

    def test_only_approved_releases_are_planned(self):
        words = ("--approved", "5.3.1", "--sim", "board", "--json")
        self.assertEqual(self.run_program("plan", *words).last["goal"]["version"], "5.3.1")
        self.run_program("sim", "release", "p2@5.4.0", "releases")
        found = self.run_program("plan", "5.4.0", *words, code=5)
        self.assertIn("not among the approved ones: 5.3.1", found.lines[-2]["refusals"][0])

    def test_a_lock_is_held_to(self):
        self.run_program("lock", "5.3.1", "-p", "p2", "-o", self.path("osbundle.lock"))
        words = ("--lock", self.path("osbundle.lock"), "--sim", "board", "--json")
        plan = self.run_program("plan", *words).last
        self.assertEqual(plan["goal"]["version"], "5.3.1")
        self.run_program("restore", *words, "--yes")
        self.assertEqual(self.writes(self.run_program("plan", *words).last), [])
        other = self.path("releases", "p2-system-part1@5.3.1.bin")
        with open(other, "rb") as file:
            content = bytearray(file.read())
        content[5000] ^= 1
        content[-4:] = struct.pack(">I", zlib.crc32(content[:-4]))
        changed = self.write("changed.bin", bytes(content))
        found = self.run_program("plan", "-m", changed, *words, code=4)
        self.assert_two_line_error(found, "is not the file that the lock pins for system_part/1")

    def test_a_lock_is_for_one_release_and_one_platform(self):
        self.run_program("lock", "5.3.1", "-p", "p2", "-o", self.path("osbundle.lock"))
        words = ("--lock", self.path("osbundle.lock"))
        found = self.run_program("plan", "5.4.0", *words, "--sim", "board", code=2)
        self.assert_two_line_error(found, "pins release 5.3.1, and 5.4.0 is asked for")
        found = self.run_program("plan", *words, "--sim", "msom@5.9.0", code=5)
        self.assert_two_line_error(found, "is for p2, the board is a msom")

    def draw(self, dot, name, code):
        """Asks for a picture where `dot` is all that the PATH holds; None: nothing."""
        self.write("bin/about.txt", b"")
        if dot:
            os.chmod(self.write("bin/dot", dot), 0o755)
        return self.run_program("plan", "5.3.1", "--graph", "-o", name, "--sim", "board",
                                code=code, PATH=self.path("bin"))

    def test_a_picture_is_drawn_by_dot(self):
        self.draw(b"#!/bin/sh\necho \"<svg>$1\"\nexec /bin/cat\n", "plan.svg", 0)
        with open(self.path("plan.svg"), encoding="utf-8") as file:
            picture = file.read()
        self.assertTrue(picture.startswith("<svg>-Tsvg\ndigraph plan {\n"), picture)
        self.assertTrue(picture.endswith("}\n"), picture)

    def test_without_dot_no_picture_is_left_behind(self):
        found = self.draw(None, "plan.svg", 3)
        self.assert_two_line_error(found, "dot", "is not installed")
        self.assertFalse(os.path.exists(self.path("plan.svg")))

    def test_a_dot_that_fails_leaves_no_picture_behind(self):
        found = self.draw(b"#!/bin/sh\necho half\nexit 1\n", "plan.svg", None)
        self.assert_two_line_error(found, "plan.svg", "cannot be drawn")
        self.assertFalse(os.path.exists(self.path("plan.svg")))

    def test_another_ending_takes_the_document(self):
        self.draw(None, "plan.dot", 0)
        with open(self.path("plan.dot"), encoding="utf-8") as file:
            self.assertTrue(file.read().startswith("digraph plan {\n"))


def ncp_image(version):
    """An image for the ESP32 beside a Tracker's processor, as update files have it."""
    size = 8192
    head = struct.pack("<IIBBHHBB8x", 0, size - 4, 0x21, 0, version, 26, 7, 0)
    body = head + bytes(size - 4 - 36 - len(head))
    file = body + struct.pack("<H32sH", 0, hashlib.sha256(body + bytes(2)).digest(), 36)
    return file + struct.pack(">I", zlib.crc32(file))


class Tracker(ProgramTest):
    """A Tracker of before 3.0.0 needs 5.5.0 on the way, for the image of its co-processor."""

    def test_the_way_by_another_release_is_planned_and_done(self):
        for release in ("2.2.0", "5.5.0", "6.1.1"):
            self.run_program("sim", "release", f"tracker@{release}", f"releases/{release}")
        self.source = self.path("releases")
        old, new = self.write("old.bin", ncp_image(5)), self.write("new.bin", ncp_image(7))
        self.run_program("sim", "new", "tracker@2.2.0", "board", "--flash", old)
        found = self.run_program("plan", "6.1.1", "--sim", "board", code=5)
        self.assertIn("so that 5.5.0 can be passed on the way", found.err)
        words = ("6.1.1", "-m", new, "--sim", "board", "--json")
        plan = self.run_program("plan", *words).last
        self.assertEqual(plan["goal"]["via"], ["5.5.0"])
        report = self.run_program("restore", *words, "--yes").last
        self.assertEqual(report["outcome"], "done")
        modules = {(entry["function"]["name"], entry["index"]): entry["version"]
                   for entry in self.run_program("info", "--sim", "board", "--json").json["modules"]}
        self.assertEqual(modules["ncp_firmware", 0], 7)
        self.assertEqual(modules["system_part", 1], 6101)
        again = self.run_program("plan", *words).last
        self.assertEqual((again["steps"], again["goal"]["via"]), ([], []))


if __name__ == "__main__":
    unittest.main()
