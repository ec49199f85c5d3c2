#!/usr/bin/env python3
"""devices: boards at a glance, and who comes and goes."""

import json
import unittest
from pathlib import Path

from jsonschema import Draft7Validator

from program import ProgramTest

SCHEMA = Path(__file__).parent / "schema" / "osbundle-devices.json"


class Devices(ProgramTest):
    boards = ("--sim", "p2@5.3.1", "--sim", "photon@2.3.1", "--sim", "boron@6.1.1")

    def valid(self, answer):
        Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(answer)
        return answer["devices"]

    def test_lists_boards_with_what_they_say(self):
        found = self.valid(self.run_program("devices", *self.boards, "--json").json)
        self.assertEqual([(board["platform"], board["mode"], board["os_version"]) for board in found],
                         [("p2", "normal", "5.3.1"), ("photon", "normal", "2.3.1"), ("boron", "normal", "6.1.1")])
        self.assertTrue(all(board["simulated"] and board["serial"] and not board["problem"] for board in found))
        self.assertEqual(len({board["id"] for board in found}), 3)

    def test_shows_a_line_a_board(self):
        lines = self.run_program("devices", *self.boards).out.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertRegex(lines[0], r"DEVICE +PLATFORM +MODE +USB PORT +SERIAL PORT +DEVICE OS")
        self.assertRegex(lines[2], r"[0-9a-f]{24}  photon +normal .* 2\.3\.1$")

    def test_tells_the_label_of_a_port(self):
        port, = (board["port"] for board in self.valid(
            self.run_program("devices", "--sim", "p2@5.3.1", "--json").json))
        labelled = self.run_program("devices", "--sim", "p2@5.3.1", "--label", f"{port}=left", "--json").json
        self.assertEqual(self.valid(labelled)[0]["label"], "left")

    def test_says_when_there_is_none(self):
        self.run_program("sim", "new", "p2@5.3.1", self.path("board"))
        self.assertEqual(len(self.valid(self.run_program("devices", "--sim", self.path("board"), "--json").json)), 1)

    def test_watching_tells_who_is_there_and_ends_with_the_list(self):
        *events, result = self.run_program("devices", "--watch", *self.boards, "--json").lines
        self.assertEqual([(event["type"], event["event"]) for event in events],
                         [("osbundle-device-event", "there")] * 3)
        self.assertEqual([event["device"] for event in events], self.valid(result))
        shown = self.run_program("devices", "--watch", *self.boards).out.splitlines()
        self.assertRegex(shown[0], r"^there +[0-9a-f]{24}  p2  usb:.* normal mode, Device OS 5\.3\.1$")


if __name__ == "__main__":
    unittest.main()
