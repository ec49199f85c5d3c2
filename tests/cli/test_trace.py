#!/usr/bin/env python3
"""--trace and --replay: a whole restore is written down, and replayed where there is no board."""

import json
import os
import random
import stat
import unittest

import genuine
from program import ProgramTest
from release_site import ReleaseSite


def documents(text):
    return [json.loads(line) for line in text.splitlines()]


class TraceTest(ProgramTest):
    def record(self, *words, board="board", code=0):
        """Runs a command on the board and keeps the trace in "trace"."""
        return self.run_program(*words, "--json", "--sim", board, "--trace", "trace", code=code)

    def replay(self, *words, code=0, trace="trace", **variables):
        return self.run_program(*words, "--json", "--replay", trace, code=code, **variables)

    def lines(self):
        with open(self.path("trace"), encoding="ascii") as file:
            return file.read().splitlines(keepends=True)

    def cut(self, text):
        """A trace of this text instead."""
        return self.write("cut", text.encode("ascii"))

    def assert_replayed(self, recorded, replayed):
        """Whatever was told of the board is told again; downloads are not of the board."""
        told, again = ([line for line in documents(result.out) if line.get("phase") != "download"]
                       for result in (recorded, replayed))
        self.assertEqual(again, told)


class Whole(TraceTest):
    def restore_twice(self, version):
        words = ["restore", version, "--yes"]
        recorded = self.record(*words)
        self.assertEqual(recorded.last["outcome"], "done")
        state = self.path("other-state")
        replayed = self.replay(*words, "--trace", "again", XDG_STATE_HOME=state)
        self.assertEqual(self.files_below("other-state"), [])  # no journal: no board was written to
        self.assert_replayed(recorded, replayed)
        with open(self.path("again"), encoding="ascii") as file:
            self.assertEqual(file.read(), "".join(self.lines()))
        for line in documents("".join(self.lines())):
            self.assertEqual(list(line)[:2], ["type", "schema"] if "type" in line else ["n", "ms"])

    def test_a_restore_of_a_p2_is_replayed_without_it(self):
        for version in ("5.0.1", "5.3.1"):
            self.run_program("sim", "release", f"p2@{version}", "release")
        self.source = self.path("release")
        self.run_program("sim", "new", "p2@5.0.1", "board")
        self.restore_twice("5.3.1")

    def test_a_restore_of_a_boron_with_genuine_modules_is_replayed_without_it(self):
        site = ReleaseSite(self.path("site"))
        for version, package in (("2.2.0", "2.16.0"), ("4.0.2", "3.9.0")):
            folder = os.path.join(genuine.package(package), "updates")
            files = {}
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), "rb") as file:
                    files[name] = file.read()
            site.add_release(version, files)
        self.source = site.start()
        self.addCleanup(site.stop)
        self.run_program("fetch", "2.2.0", "4.0.2", "-p", "boron")
        self.run_program("sim", "new", "boron@2.2.0", "board")
        self.restore_twice("4.0.2")

    def test_restores_of_several_boards_at_once_are_replayed_at_once(self):
        self.run_program("sim", "release", "p2@5.3.1", "release")
        self.source = self.path("release")
        for number in range(2):
            self.run_program("sim", "new", "p2@5.0.1", f"board-{number}", "--id", f"{number:024x}")
        words = ["restore", "5.3.1", "--all", "--yes", "--json"]
        recorded = self.run_program(*words, "--sim", "board-0", "--sim", "board-1", "--trace", "trace")
        replayed = self.replay(*words)
        told, again = (sorted((line for line in result.lines if "results" in line or "steps" in line
                               and line["type"] == "osbundle-report"), key=str)
                       for result in (recorded, replayed))
        self.assertEqual(len(told), 3)  # a report for each, and the summary
        self.assertEqual(again, told)

    def test_a_failed_restore_fails_again(self):
        for version in ("5.0.1", "5.3.1"):
            self.run_program("sim", "release", f"p2@{version}", "release")
        self.source = self.path("release")
        self.run_program("sim", "new", "p2@5.0.1", "board")
        self.record("restore", "5.3.1", "--yes")
        lines = self.lines()
        place = next(i for i, line in enumerate(lines) if '"setup":"2101' in line and i > 300)
        line = json.loads(lines[place])
        line.update(status="timeout", error={"subject": "1-1", "message": "a recorded failure",
                                             "hint": "nothing"})
        lines[place] = json.dumps(line) + "\n"
        trace = self.cut("".join(lines[:place + 1]))
        told = self.replay("restore", "5.3.1", "--yes", trace=trace, code=7)
        # What the program does about the failure was not recorded: it is told up to there.
        self.assertEqual(told.last["code"], "replay")
        self.assertIn("a recorded failure", json.dumps(documents(told.out)))


class Differences(TraceTest):
    def setUp(self):
        super().setUp()
        self.record("info", board="p2@5.3.1")

    def test_another_command_is_told_with_its_line(self):
        self.run_program("sim", "release", "p2@5.3.1", "release")
        self.source = self.path("release")
        result = self.replay("restore", "5.3.1", "--yes", code=7)
        self.assertEqual(result.last["code"], "replay")
        self.assert_two_line_error(result, "trace", "line ", "recorded close, now control")

    def test_what_was_recorded_and_not_asked_for_is_told(self):
        text = "".join(self.lines())
        more = {"n": len(self.lines()), "ms": 10**6, "op": "list", "devices": [], "status": "ok"}
        result = self.replay("info", trace=self.cut(text + json.dumps(more) + "\n"))
        self.assertIn(f"from line {len(self.lines()) + 1} on", result.err)

    def test_a_trace_cut_anywhere_is_an_error(self):
        lines = self.lines()
        for count in range(0, len(lines), 5):  # every line: tests/unit/together/test_replay.c
            result = self.replay("info", trace=self.cut("".join(lines[:count])), code=None)
            self.assertIn(result.code, (4, 7))
            self.assert_two_line_error(result, "cut")
            half = "".join(lines[:count]) + lines[count][:len(lines[count]) // 2]
            self.assert_two_line_error(self.replay("info", trace=self.cut(half), code=4), "cut")

    def test_mutated_traces_never_crash(self):
        chance = random.Random(4)
        text = "".join(self.lines())
        for _ in range(20):
            place = chance.randrange(len(text))
            other = text[:place] + chance.choice('0f9"}\n{-') + text[place + 1:]
            self.replay("info", trace=self.cut(other), code=None)

    def test_a_file_that_is_no_trace_is_refused(self):
        path = self.write("other", b"\x7fELF")
        self.assert_two_line_error(self.replay("info", trace=path, code=4), "is no trace")
        self.assert_two_line_error(self.replay("info", trace="nowhere", code=3), "nowhere")


class Options(TraceTest):
    def test_only_its_owner_may_read_a_trace(self):
        self.record("info", board="p2@5.3.1")
        self.assertEqual(stat.S_IMODE(os.stat(self.path("trace")).st_mode), 0o600)

    def test_replay_and_simulated_boards_exclude_each_other(self):
        self.record("info", board="p2@5.3.1")
        result = self.replay("info", "--sim", "p2@5.3.1", code=2)
        self.assert_two_line_error(result, "trace")
        self.replay("info", OSBUNDLE_SIM="p2@5.3.1")  # what the environment says does not count

    def test_a_trace_that_cannot_be_made_stops_before_the_board(self):
        result = self.run_program("info", "--sim", "p2@5.3.1", "--trace", "no/folder/trace", code=3)
        self.assert_two_line_error(result, "no/folder/trace")

    @unittest.skipUnless(os.path.exists("/dev/full"), "no full device")
    def test_a_full_disk_ends_the_trace_and_not_the_work(self):
        result = self.run_program("info", "--sim", "p2@5.3.1", "--trace", "/dev/full", "--json")
        self.assertEqual(result.json["type"], "osbundle-snapshot")
        self.assertIn("the trace ends here", result.err)


if __name__ == "__main__":
    unittest.main()
