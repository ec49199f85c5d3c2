#!/usr/bin/env python3
"""What plan can be asked for besides a release: healing only, and a picture."""

import unittest

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
        plan = self.run_program("plan", "--heal", "--sim", "board", "--json").last
        self.assertEqual(plan["goal"]["version"], "5.3.1")
        self.assertEqual(self.writes(plan), ["bootloader/2", "bootloader/0"])
        self.run_program("restore", "--heal", "--sim", "board", "--yes")
        again = self.run_program("plan", "--heal", "--sim", "board", "--json").last
        self.assertEqual(again["steps"], [])

    def test_graph_is_a_document_for_dot(self):
        picture = self.run_program("plan", "5.3.1", "--graph", "--sim", "board").out
        self.assertTrue(picture.startswith("digraph plan {\n"), picture)
        self.assertTrue(picture.endswith("}\n"), picture)
        self.assertIn('"system_part/1" -> "bootloader/0" [label="at least 2101"]', picture)


if __name__ == "__main__":
    unittest.main()
