#!/usr/bin/env python3
"""Plans that were saved: done as they are, or refused once they fit no more."""

import json
import os
import unittest

from test_resume import DEVICE, ResumeTest


class SavedPlans(ResumeTest):
    def save(self, *words):
        self.run_program("plan", "5.3.1", "--sim", "board", "-o", "plan.json", *words)

    def restore_plan(self, *words, **options):
        return self.run_program("restore", "--plan", "plan.json", "--sim", "board", "--yes", *words,
                                **options)

    def test_a_saved_plan_is_done_as_it_is(self):
        self.save("--app", self.app())
        os.rename(self.path("release"), self.path("gone"))
        with open(self.path("plan.json"), encoding="utf-8") as file:
            plan = json.load(file)
        report = self.restore_plan("--json").last
        self.assertEqual(report["outcome"], "done")
        self.assertEqual([step["op"] for step in report["steps"]],
                         [step["op"] for step in plan["steps"]])

    def test_a_plan_is_refused_once_the_board_has_changed(self):
        self.save()
        self.restore()
        before = self.flash()
        result = self.restore_plan(code=5)
        self.assert_two_line_error(result, DEVICE, "not as it was")
        self.assertIn("make a new plan", result.err)
        self.assertEqual(self.flash(), before)

    def test_a_plan_for_another_board_is_refused(self):
        self.save()
        self.run_program("sim", "new", "p2@5.0.1", "other", "--id", DEVICE[:-1] + "f")
        result = self.run_program("restore", "--plan", "plan.json", "--sim", "other", "--yes",
                                  code=5)
        self.assert_two_line_error(result, "another board")

    def test_a_plan_that_somebody_changed_is_refused(self):
        self.save()
        with open(self.path("plan.json"), encoding="utf-8") as file:
            plan = json.load(file)
        before = self.flash()
        writes = [step for step in plan["steps"] if step["op"] == "write"]
        writes[0]["sha256"], writes[1]["sha256"] = writes[1]["sha256"], writes[0]["sha256"]
        self.write("plan.json", json.dumps(plan).encode())
        self.restore_plan(code=5)
        plan["steps"] = plan["steps"][1:]
        self.write("plan.json", json.dumps(plan).encode())
        self.restore_plan(code=None)
        self.assertEqual(self.flash(), before)

    def test_a_saved_plan_resumes_to_its_own_goal(self):
        self.save("--app", self.app())
        self.restore_plan()
        expected = self.flash()
        self.cut_journal("begin")
        self.run_program("sim", "new", "p2@5.0.1", "other", "--id", DEVICE)
        os.rename(self.path("release"), self.path("gone"))
        result = self.run_program("resume", "--sim", "other", "--yes", "--json", "--offline")
        self.assertEqual(result.last["outcome"], "done")
        regions = self.run_program("sim", "info", "other", "--json").json["regions"]
        self.assertEqual(regions, expected)

    def test_it_has_its_own_goal(self):
        self.save()
        self.assert_two_line_error(self.restore_plan("--app", self.app(), code=2))
        self.assert_two_line_error(self.restore_plan("5.3.1", code=2))


if __name__ == "__main__":
    unittest.main()
