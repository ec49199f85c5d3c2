#!/usr/bin/env python3
"""The program itself: help, usage, exit codes, errors, JSON, boards that are not there."""

import json
import unittest

from program import ProgramTest

COMMANDS = "fetch list show inspect verify lock info diagnose plan restore resume sim version help".split()


class Words(ProgramTest):
    def test_help_lists_every_command(self):
        text = self.run_program("help").out
        for command in COMMANDS:
            self.assertIn(f"\n  {command} ", text)

    def test_every_command_has_its_own_help(self):
        for command in COMMANDS:
            text = self.run_program("help", command).out
            self.assertTrue(text.startswith(f"Usage: osbundle {command}"), text)
            self.assertEqual(self.run_program(command, "--help").out, text)

    def test_version_is_one_line(self):
        self.assertRegex(self.run_program("version").out, r"^osbundle \d+\.\d+\.\d+\n$")
        self.assertEqual(self.run_program("version", "--json").json["type"], "osbundle-version")

    def test_options_stand_before_and_after_the_command(self):
        self.assertEqual(self.run_program("--json", "list").json, self.run_program(
            "list", "--json").json)

    def test_wrong_words_are_usage_errors(self):
        for words in (["frobnicate"], ["list", "--frobnicate"], ["list", "--yes"], ["show"],
                      ["show", "5.3.1"], ["sim", "new"], ["fetch"], ["inspect"],
                      ["version", "extra"], ["list", "--sim"]):
            self.assert_two_line_error(self.run_program(*words, code=2))

    def test_an_error_is_json_too(self):
        result = self.run_program("show", "5.3.1", "-p", "nothing", "--json", code=3)
        error = result.json
        self.assertEqual(error["type"], "osbundle-error")
        self.assertEqual(error["schema"], 1)
        self.assertEqual(error["code"], "not_found")
        self.assertEqual(error["subject"], "nothing")
        self.assertTrue(error["hint"])
        self.assert_two_line_error(result, "nothing")


class Files(ProgramTest):
    def test_inspect_tells_what_a_module_is(self):
        self.run_program("sim", "release", "p2@5.3.1", "release")
        module = self.run_program("inspect", "release/p2-bootloader@5.3.1.bin", "--json").json
        self.assertEqual(module["type"], "osbundle-module")
        self.assertEqual(module["platform"], {"id": 32, "name": "p2"})
        self.assertEqual(module["function"], {"id": 2, "name": "bootloader"})
        self.assertEqual((module["index"], module["version"]), (0, 2101))
        self.assertEqual(module["prefix_offset"], 32)
        self.assertEqual(module["dependencies"],
                         [{"function": {"id": 2, "name": "bootloader"}, "index": 2, "version": 5}])
        self.assertTrue(module["crc32"]["ok"])
        self.assertTrue(module["synthetic"])
        self.assertEqual(module["os_version"], "5.3.1")

    def test_inspect_shows_the_good_ones_beside_the_bad(self):
        self.run_program("sim", "release", "p2@5.3.1", "release")
        self.write("text.bin", b"no module at all\n" * 100)
        result = self.run_program("inspect", "text.bin", "release/p2-tinker@5.3.1.bin", code=4)
        self.assert_two_line_error(result, "text.bin")
        self.assertIn("user_part/1", result.out)

    def test_what_is_no_module_says_so(self):
        self.write("empty.bin", b"")
        self.write("page.bin", b"<!DOCTYPE html><html>404</html>")
        self.write("noise.bin", bytes(range(256)) * 64)
        for name in ("empty.bin", "page.bin", "noise.bin"):
            result = self.run_program("inspect", name, "--json", code=4)
            self.assertEqual(result.last["code"], "not_a_module")
        self.run_program("inspect", "nowhere.bin", code=3)

    def test_show_knows_releases_that_are_not_cached(self):
        release = self.run_program("show", "5.3.1", "-p", "p2", "--json").json
        versions = {module["slot"]: module["version"] for module in release["modules"]}
        self.assertEqual(versions["system_part/1"], 5301)
        self.assertEqual(versions["bootloader/0"], 2101)
        self.assertEqual(versions["bootloader/2"], 5)
        self.assertIn("bootloader/2 >= 5", self.run_program("show", "5.3.1", "-p", "p2").out)


class Boards(ProgramTest):
    def test_without_a_board_commands_say_what_to_do(self):
        for command in ("info", "diagnose"):
            result = self.run_program(command, code=None)
            self.assertIn(result.code, (3, 7))
            self.assert_two_line_error(result)

    def test_two_boards_need_a_choice(self):
        words = ["--sim", "p2@5.0.1", "--sim", "p2@5.3.1"]
        self.assert_two_line_error(self.run_program("info", *words, code=2))
        boards = json.loads(self.run_program("info", "usb:1-2", *words, "--json").out)
        self.assertEqual(boards["os_version"], "5.3.1")

    def test_info_of_a_fresh_board(self):
        info = self.run_program("info", "--sim", "p2@5.0.1", "--json").json
        self.assertEqual(info["type"], "osbundle-snapshot")
        self.assertEqual(info["device"]["platform"], "p2")
        self.assertEqual(info["os_version"], "5.0.1")
        self.assertEqual(info["mode"], "normal")
        verdicts = {module["verdict"] for module in info["modules"]}
        self.assertEqual(verdicts, {"ok"})

    def test_diagnose_works_from_a_saved_snapshot(self):
        self.run_program("sim", "release", "p2@5.3.1", "release")
        self.run_program("sim", "new", "p2@5.0.1", "board", "--flash",
                         "release/p2-system-part1@5.3.1.bin", "--flash",
                         "release/p2-tinker@5.3.1.bin")
        self.write("saved.json", self.run_program("info", "--sim", "board",
                                                  "--json").out.encode())
        live = self.run_program("diagnose", "--sim", "board", "--json").json
        saved = self.run_program("diagnose", "--from", "saved.json", "--json").json
        self.assertEqual(live, saved)
        self.assertEqual(live["led"], "blinking dark blue")
        self.assertEqual(live["findings"][0]["code"], "unmet_need")
        self.assertIn("bootloader/0 >= 2101", live["findings"][0]["what"])
        self.assertIn("restore 5.3.1", live["cure"])

    def test_diagnose_names_the_release_that_the_application_needs(self):
        self.run_program("sim", "release", "p2@5.5.0", "release")
        self.run_program("sim", "new", "p2@5.0.1", "board", "--flash",
                         "release/p2-tinker@5.5.0.bin")
        told = self.run_program("diagnose", "--sim", "board", "--json").json
        self.assertIn("system_part/1 >= 5501", told["findings"][0]["what"])
        self.assertIn("osbundle restore 5.5.0", told["cure"])
        self.run_program("restore", "5.5.0", "--source", "release", "--sim", "board", "--yes")
        self.assertEqual(self.run_program("diagnose", "--sim", "board", "--json").json["findings"], [])

    def test_restore_without_a_terminal_needs_yes(self):
        result = self.run_program("restore", "5.3.1", "--sim", "p2@5.0.1", code=2)
        self.assert_two_line_error(result)

    def test_plan_exit_code_tells_whether_there_is_something_to_do(self):
        self.run_program("sim", "release", "p2@5.3.1", "release")
        words = ["--source", "release", "--exit-code"]
        self.run_program("plan", "5.3.1", "--sim", "p2@5.0.1", *words, code=10)
        self.run_program("plan", "5.3.1", "--sim", "p2@5.3.1", *words, code=0)

    def test_dry_run_writes_nothing(self):
        self.run_program("sim", "release", "p2@5.3.1", "release")
        self.run_program("sim", "new", "p2@5.0.1", "board")
        before = self.run_program("sim", "info", "board", "--json").json["regions"]
        self.run_program("restore", "5.3.1", "--sim", "board", "--source", "release", "-n")
        self.assertEqual(self.run_program("sim", "info", "board", "--json").json["regions"],
                         before)

    def test_the_application_alone_chooses_the_oldest_release_that_will_do(self):
        self.run_program("sim", "release", "p2@5.3.1", "release")
        plan = self.run_program("plan", "--app", "release/p2-tinker@5.3.1.bin", "--sim",
                                "p2@5.0.1", "--source", "release", "--json").last
        self.assertEqual(plan["goal"]["version"], "5.3.1")

    def test_plans_are_canonical(self):
        self.run_program("sim", "release", "p2@5.3.1", "release")
        self.run_program("sim", "new", "p2@5.0.1", "board")
        words = ["plan", "5.3.1", "--sim", "board", "--source", "release", "-o"]
        self.run_program(*words, "one.json")
        self.run_program(*words, "two.json")
        with open(self.path("one.json"), "rb") as one, open(self.path("two.json"), "rb") as two:
            self.assertEqual(one.read(), two.read())


if __name__ == "__main__":
    unittest.main()
