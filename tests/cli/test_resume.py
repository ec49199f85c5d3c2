#!/usr/bin/env python3
"""Interrupted restores and what finishes them: journals and resume."""

import json
import os
import unittest

from program import ProgramTest

DEVICE = "0a10aced20210020603a0c3e"


class ResumeTest(ProgramTest):
    """A P2 with 5.0.1 in a folder, and release 5.3.1 in another."""

    def setUp(self):
        super().setUp()
        self.run_program("sim", "release", "p2@5.3.1", "release")
        self.run_program("sim", "new", "p2@5.0.1", "board", "--id", DEVICE)
        self.source = self.path("release")

    def app(self):
        return self.path("release", "p2-tinker@5.3.1.bin")

    def restore(self, *words, **options):
        return self.run_program("restore", "5.3.1", "--sim", "board", "--yes", *words, **options)

    def resume(self, *words, **options):
        return self.run_program("resume", "--sim", "board", "--yes", "--json", *words, **options)

    def journal_path(self):
        return self.path(".local", "state", "osbundle", "journal", f"{DEVICE}.jsonl")

    def records(self):
        with open(self.journal_path(), encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def cut_journal(self, record):
        """As if the program had been killed right behind the first record of that kind."""
        with open(self.journal_path(), encoding="utf-8") as file:
            lines = file.readlines()
        for count, line in enumerate(lines, 1):
            if json.loads(line)["record"] == record:
                break
        with open(self.journal_path(), "w", encoding="utf-8") as file:
            file.writelines(lines[:count])

    def flash(self):
        return self.run_program("sim", "info", "board", "--json").json["regions"]


class Journal(ResumeTest):
    def test_it_pins_every_file_and_tells_each_step_twice(self):
        report = self.restore("--app", self.app(), "--json").last
        records = self.records()
        self.assertEqual([line["seq"] for line in records], list(range(1, len(records) + 1)))
        pinned = {module["sha256"] for module in records[0]["release"]["modules"].values()}
        pinned.add(records[0]["app"]["sha256"])
        written = {step["sha256"] for step in report["steps"] if step["op"] == "write"}
        self.assertEqual(written, pinned)
        kinds = [line["record"] for line in records]
        self.assertEqual(kinds, ["goal", "plan", *["begin", "proved"] * len(report["steps"]),
                                 "finished"])

    def test_a_dry_run_keeps_none(self):
        report = self.restore("--dry-run", "--json").last
        self.assertEqual(report["outcome"], "checked")
        self.assertEqual({step["outcome"] for step in report["steps"]}, {"checked"})
        self.assertFalse(os.path.exists(self.path(".local")))

    def test_a_dry_run_finds_a_damaged_file(self):
        self.run_program("fetch", "5.3.1", "-p", "p2")
        for name in self.cached_objects():
            if name.startswith("objects/"):
                os.chmod(self.path("cache", name), 0o644)
                with open(self.path("cache", name), "r+b") as file:
                    file.write(b"damage")
        self.restore("--dry-run", "--offline", "--source", self.path("nowhere"), code=None)

    def test_it_lies_in_the_state_folder_that_is_named(self):
        self.restore(XDG_STATE_HOME=self.path("state"))
        self.assertTrue(os.path.exists(self.path("state", "osbundle", "journal",
                                                 f"{DEVICE}.jsonl")))


class Resume(ResumeTest):
    def test_with_nothing_to_resume_it_exits_0(self):
        self.assertEqual(self.run_program("resume", "--sim", "board").code, 0)
        self.assertEqual(self.resume().last["outcome"], "nothing_to_do")
        self.restore()
        self.assertEqual(self.resume(DEVICE).last["outcome"], "nothing_to_do")

    def test_it_goes_on_to_the_same_files_without_source_or_application_file(self):
        self.restore("--app", self.app())
        expected = self.flash()
        self.run_program("sim", "new", "p2@5.0.1", "other", "--id", DEVICE)
        self.cut_journal("plan")
        os.rename(self.path("release"), self.path("gone"))
        report = self.run_program("resume", "--sim", "other", "--yes", "--json", "--offline").last
        self.assertEqual(report["outcome"], "done")
        self.assertEqual(report["goal"], {"version": "5.3.1", "app": "p2-tinker@5.3.1.bin"})
        regions = self.run_program("sim", "info", "other", "--json").json["regions"]
        self.assertEqual(regions, expected)
        self.assertEqual(self.records()[-1]["record"], "finished")

    def test_its_replay_leaves_the_journal_as_it_is(self):
        self.restore()
        self.run_program("sim", "new", "p2@5.0.1", "other", "--id", DEVICE)
        self.cut_journal("plan")
        unfinished = self.records()
        words = ["resume", "--yes", "--json"]
        report = self.run_program(*words, "--sim", "other", "--trace", "trace").last
        self.assertEqual(self.records()[-1]["record"], "finished")
        self.cut_journal("plan")
        self.assertEqual(self.run_program(*words, "--replay", "trace").last, report)
        self.assertEqual(self.records(), unfinished)

    def test_it_needs_yes_only_when_there_is_something_to_do(self):
        self.restore("--app", self.app())
        self.cut_journal("begin")
        result = self.run_program("resume", "--sim", "board", code=2)
        self.assert_two_line_error(result)
        self.assertEqual(self.records()[-1]["record"], "begin")

    def test_it_refuses_a_board_that_became_another_platform(self):
        self.restore()
        self.cut_journal("begin")
        self.run_program("sim", "new", "boron@4.0.2", "boron", "--id", DEVICE)
        before = self.run_program("sim", "info", "boron", "--json").json["regions"]
        result = self.run_program("resume", "--sim", "boron", "--yes", code=5)
        self.assert_two_line_error(result, DEVICE, "was a p2", "is a boron")
        self.assertEqual(self.run_program("sim", "info", "boron", "--json").json["regions"], before)

    def test_it_fetches_again_what_is_gone_from_the_cache(self):
        self.restore()
        self.cut_journal("begin")
        self.run_program("sim", "new", "p2@5.0.1", "other", "--id", DEVICE)
        os.rename(self.path("cache"), self.path("lost"))
        self.assertEqual(self.run_program("resume", "--sim", "other", "--yes", "--json").last[
            "outcome"], "done")

    def test_it_says_what_is_gone_for_good(self):
        self.restore("--app", self.app())
        self.cut_journal("begin")
        os.rename(self.path("cache"), self.path("lost"))
        result = self.resume(code=3)
        self.assert_two_line_error(result, "p2-tinker@5.3.1.bin", "gone")
        os.rename(self.path("release"), self.path("moved"))
        result = self.resume(code=3)
        self.assert_two_line_error(result, "gone")
        self.assertIn("restore 5.3.1", result.err)

    def test_it_names_the_board_that_is_not_there(self):
        self.restore()
        self.cut_journal("begin")
        result = self.run_program("resume", "--sim", "boron@4.0.2", "--yes", code=3)
        self.assert_two_line_error(result, DEVICE, "unfinished")

    def test_a_damaged_journal_is_refused_and_a_new_restore_needs_none(self):
        self.restore()
        self.cut_journal("begin")
        with open(self.journal_path(), "r+b") as file:
            file.seek(40)
            file.write(b"?")
        self.assert_two_line_error(self.resume(code=4), "damaged in line 1")
        self.restore()
        self.assertEqual(self.records()[-1]["record"], "finished")
        self.assertTrue(os.path.exists(self.journal_path() + ".damaged"))

    def test_a_new_goal_wins_and_says_so(self):
        self.restore("--app", self.app())
        self.cut_journal("begin")
        self.run_program("sim", "release", "p2@5.6.0", "newer")
        result = self.run_program("restore", "5.6.0", "--sim", "board", "--yes", "--source", "newer",
                                  "--allow-incomplete")
        self.assertIn("unfinished restore to 5.3.1 is given up", result.err)
        self.assertEqual(self.records()[0]["release"]["version"], "5.6.0")


if __name__ == "__main__":
    unittest.main()
