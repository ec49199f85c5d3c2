#!/usr/bin/env python3
"""A board of before control requests: its serial port is the only way to it, and is enough."""

import os
import pty
import subprocess
import unittest

import genuine
from older import age_photon
from program import ProgramTest


class OldBoard(ProgramTest):
    def setUp(self):
        super().setUp()
        for package in ("2.16.0", "3.9.0"):
            updates = os.path.join(genuine.package(package), "updates")
            for version in ("2.2.0", "2.3.1"):
                if any(f"photon-bootloader@{version}" in name for name in os.listdir(updates)):
                    self.run_program("fetch", version, "-p", "photon", "--source", updates)
        self.run_program("sim", "new", "photon@2.2.0", "board")
        age_photon(self.path("board"))

    def mode(self):
        return self.run_program("sim", "info", "board", "--json").json["mode"]

    def test_it_is_restored_and_the_recording_replays(self):
        words = ("restore", "2.3.1", "--yes", "--json")
        report = self.run_program(*words, "--sim", "board", "--trace", "trace").last
        self.assertEqual((report["outcome"], report["mode"]), ("done", "normal"))
        self.assertEqual([step["op"] for step in report["steps"]], ["write", "write", "boot"])
        info = self.run_program("info", "--sim", "board", "--json").json
        self.assertEqual(info["os_version"], "2.3.1")
        self.assertEqual({module["verdict"] for module in info["modules"]}, {"ok"})
        again = self.run_program(*words, "--replay", "trace").last
        self.assertEqual(again["outcome"], "done")

    def test_it_is_started_again_when_the_answer_is_no(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        program = subprocess.Popen([os.environ["OSBUNDLE"], "restore", "2.3.1", "--sim", "board"],
                                   cwd=self.folder, env=self.environment(), stdin=theirs,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        os.close(theirs)
        os.write(ours, b"n\n")
        told = program.communicate(timeout=120)[0]
        self.assertEqual(program.returncode, 8, told)
        self.assertIn("system_part/1      23 -> 2302", told)
        self.assertIn("nothing was written", told)
        self.assertEqual(self.mode(), "normal")

    def test_all_boards_are_looked_at_in_the_same_way(self):
        done = self.run_program("restore", "2.3.1", "--all", "--yes", "--json", "--sim", "board",
                                "--sim", "photon@2.2.0")
        reports = [line for line in done.lines if line["type"] == "osbundle-report"]
        self.assertEqual([report["outcome"] for report in reports], ["done", "done"])
        self.assertEqual(self.mode(), "normal")


if __name__ == "__main__":
    unittest.main()
