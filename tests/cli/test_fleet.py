#!/usr/bin/env python3
"""Many boards at once: --all, -j, --wait, labels, reports, exit codes."""

import json
import unittest

from program import ProgramTest


class Fleet(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("sim", "release", "p2@5.3.1", "release")
        self.source = "release"
        self.made = 0

    def boards(self, *specs):
        """The words that plug in simulated boards."""
        return [word for spec in specs for word in ("--sim", spec)]

    def new_board(self, name, *words):
        """A board that keeps its flash in a folder."""
        self.made += 1
        words = words or ["--id", f"0a10aced20210020{self.made:08x}"]
        return self.run_program("sim", "new", "p2@5.0.1", name, *words, "--json").json

    def ruined_board(self, name):
        """A board that nobody can plan for: its folder is of a platform without this release."""
        self.run_program("sim", "new", "boron@2.2.0", name)
        return name

    def test_info_of_all_boards_is_an_array(self):
        words = self.boards("p2@5.0.1", "p2@5.3.1", "boron@2.2.0")
        infos = self.run_program("info", "--all", "--json", *words).json
        self.assertEqual([info["os_version"] for info in infos], ["5.0.1", "5.3.1", "2.2.0"])
        self.assertEqual([info["device"]["port"] for info in infos], ["1-1", "1-2", "1-3"])
        self.assertEqual(len(self.run_program("info", "--all", "--json",
                                              *self.boards("p2@5.3.1")).json), 1)

    def test_boards_with_the_same_plan_are_shown_together(self):
        words = self.boards("p2@5.0.1", "p2@5.3.1", "p2@5.0.1")
        told = self.run_program("plan", "5.3.1", "--all", *words, "--label", "1-1=left",
                                "--label", "1-3=right").out
        self.assertIn("2 boards, each  p2 to Device OS 5.3.1", told)
        self.assertIn("for left, right", told)
        self.assertIn("nothing to do", told)
        plans = self.run_program("plan", "5.3.1", "--all", "--json", *words, "--exit-code",
                                 code=10).json
        self.assertEqual([len(plan["steps"]) for plan in plans], [5, 0, 5])

    def test_every_board_gets_a_report_and_the_run_a_summary(self):
        for name in ("one", "two", "three"):
            self.new_board(name)
        words = self.boards("one", "two", "three")
        lines = self.run_program("restore", "5.3.1", "--all", "-j", "2", "--yes", "--json",
                                 "--label", "1-2=middle", *words).lines
        reports = [line for line in lines if line["type"] == "osbundle-report"]
        self.assertEqual([report["outcome"] for report in reports], ["done"] * 3)
        self.assertEqual(sorted(str(report["label"]) for report in reports),
                         ["None", "None", "middle"])
        summary = lines[-1]
        self.assertEqual(summary["type"], "osbundle-summary")
        self.assertEqual((summary["boards"], summary["done"], summary["failed"]), (3, 3, 0))
        self.assertEqual([result["port"] for result in summary["results"]],
                         ["1-1", "1-2", "1-3"])
        devices = {line["device"] for line in lines
                   if line["type"] == "osbundle-event" and line["step"]}
        self.assertEqual(devices, {result["device"] for result in summary["results"]})
        again = self.run_program("restore", "5.3.1", "--all", "--yes", *words).out
        self.assertIn("3 boards: 3 with nothing to do", again)

    def test_a_board_that_fails_stops_no_other(self):
        self.new_board("good")
        words = self.boards("good", self.ruined_board("bad"))
        result = self.run_program("restore", "5.3.1", "--all", "--yes", "--json", *words, code=3)
        reports = {report["port"]: report for report in result.lines
                   if report["type"] == "osbundle-report"}
        self.assertEqual(reports["1-1"]["outcome"], "done")
        self.assertEqual(reports["1-2"]["outcome"], "failed")
        self.assertEqual(reports["1-2"]["error"]["code"], "not_found")
        self.assertEqual(result.last["type"], "osbundle-summary")
        self.assertEqual(result.last["failed"], 1)
        self.assert_two_line_error(result, "1 of 2 boards")

    def test_without_a_label_an_error_names_the_board_and_with_one_the_place(self):
        words = self.boards("p2@5.3.1", self.ruined_board("bad"))
        result = self.run_program("restore", "5.3.1", "--all", "--yes", *words,
                                  "--label", "usb:1-2=place-7", code=3)
        self.assertIn("osbundle: place-7", result.err)
        self.assertNotIn("osbundle: place-7: place-7", result.err)

    def test_each_board_can_have_an_application_of_its_own(self):
        self.new_board("one")
        self.new_board("two")
        with open(self.path("release/p2-tinker@5.3.1.bin"), "rb") as file:
            self.write("apps/left.bin", file.read())
        words = self.boards("one", "two")
        result = self.run_program("restore", "--app", "apps/{label}.bin", "--all", "--yes",
                                  "--json", "--label", "1-1=left", "--label", "1-2=right", *words,
                                  code=3)
        reports = {report["label"]: report for report in result.lines
                   if report["type"] == "osbundle-report"}
        self.assertEqual(reports["left"]["outcome"], "done")
        self.assertEqual(reports["left"]["goal"]["app"], "left.bin")
        self.assertEqual(reports["right"]["outcome"], "failed")
        self.assertIn("right.bin", reports["right"]["error"]["subject"])
        self.assert_two_line_error(self.run_program(
            "plan", "--app", "apps/{serial}.bin", "--sim", "one", code=2), "{serial}")

    def test_a_label_names_a_board_too(self):
        words = self.boards("p2@5.0.1", "p2@5.3.1")
        info = self.run_program("info", "right", "--label", "1-2=right", "--json", *words).json
        self.assertEqual(info["os_version"], "5.3.1")
        self.assertEqual(info["device"]["label"], "right")

    def test_two_boards_with_one_id_are_both_left_alone(self):
        for name in ("one", "two", "three"):
            self.new_board(name, "--id", "0a10aced2021002012345678" if name != "two" else
                           "0a10aced2021002087654321")
        words = self.boards("one", "two", "three")
        result = self.run_program("restore", "5.3.1", "--all", "--yes", "--json", *words, code=7)
        summary = result.last
        self.assertEqual([entry["outcome"] for entry in summary["results"]],
                         ["failed", "done", "failed"])
        self.assertEqual(summary["results"][0]["error"], "device")
        self.assertIn("usb:1-1 and usb:1-3", result.err)

    def test_waiting_for_boards_that_do_not_come_ends(self):
        words = self.boards("p2@5.3.1", "p2@5.3.1")
        self.run_program("info", "--all", "--wait", "2", *words)
        result = self.run_program("info", "--all", "--wait", "3", "--timeout", "5", *words, code=7)
        self.assert_two_line_error(result, "only 2 of 3 boards")
        self.assertIn("waiting for boards: 2 of 3", result.err)

    def test_control_c_ends_a_wait(self):
        told = self.interrupt_program("info", "--all", "--wait", "1", code=None,
                                      when="waiting for boards: 0 of 1").out
        if "waiting" in told:  # there is a USB to wait on
            self.assertIn("stopped while 0 of 1 boards were there", told)

    def test_control_c_stops_all_boards_and_resume_finishes_all(self):
        names = ("one", "two", "three")
        for name in names:
            self.new_board(name)
        words = ["--all", "--yes", *self.boards(*names)]
        stopped = self.interrupt_program("restore", "5.3.1", *words, when="[1/5] write").out
        self.assertIn("3 boards: 3 interrupted", stopped)
        self.assertIn("osbundle resume --all", stopped)
        self.assertIn("3 boards: 3 done", self.run_program("resume", *words).out)
        for name in names:
            info = self.run_program("info", "--sim", name, "--json").json
            self.assertEqual(info["os_version"], "5.3.1")
        self.assertIn("3 with nothing to do", self.run_program("resume", *words).out)

    def test_words_that_do_not_fit_together_are_usage_errors(self):
        board = self.boards("p2@5.0.1")
        for words in (["info", "--all", "-j", "0"], ["info", "--all", "-j", "two"],
                      ["info", "-j", "2"], ["info", "--timeout", "3"], ["info", "--wait", "x"],
                      ["info", "--all", "-d", "usb:1-1"], ["list", "--all"],
                      ["info", "usb:1-1", "--all"], ["plan", "5.3.1", "--all", "--graph"],
                      ["info", "--label", "1-1"], ["info", "--label", "1-1=a b"],
                      ["info", "--label", "1-1=a", "--label", "1-2=a"],
                      ["restore", "5.3.1", "--all"]):
            self.assert_two_line_error(self.run_program(*words, *board, code=2))

    def test_the_same_run_says_the_same(self):
        self.run_program("fetch", "5.3.1", "-p", "p2")
        words = ["restore", "5.3.1", "--all", "--yes", "--json",
                 *self.boards("p2@5.0.1", "p2@5.0.1", "p2@5.0.1")]
        first = self.run_program(*words).out
        self.assertEqual(self.run_program(*words).out, first)
        self.assertEqual(json.loads(first.splitlines()[-1])["done"], 3)

    def test_a_dry_run_shows_all_and_writes_nothing(self):
        self.new_board("one")
        before = self.run_program("sim", "info", "one", "--json").json["regions"]
        result = self.run_program("restore", "5.3.1", "--all", "-n", "--json",
                                  *self.boards("one", "p2@5.0.1"))
        kinds = [line["type"] for line in result.lines if line["type"] != "osbundle-event"]
        self.assertEqual(kinds, ["osbundle-plan"] * 2 + ["osbundle-report"] * 2 +
                         ["osbundle-summary"])
        self.assertEqual(result.last["checked"], 2)
        self.assertEqual(self.run_program("sim", "info", "one", "--json").json["regions"], before)


if __name__ == "__main__":
    unittest.main()
