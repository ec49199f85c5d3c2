#!/usr/bin/env python3
"""Serial ports: the list, who answers there, and boards that can be reached in no other way."""

import unittest

from older import age_photon
from program import ProgramTest


class SerialTest(ProgramTest):
    def old_photon(self):
        self.run_program("sim", "new", "photon@2.2.0", "old")
        age_photon(self.path("old"))

    def test_ports_are_listed_with_their_boards(self):
        boards = ("--sim", "photon@2.3.1", "--sim", "p2@6.2.0")
        ports = self.run_program("serial", "list", "--json", *boards).json["ports"]
        self.assertEqual([port["platform"] for port in ports], ["photon", "p2"])
        self.assertEqual([port["usb_port"] for port in ports], ["1-1", "1-2"])
        self.assertEqual([port["usb"] for port in ports], ["2b04:c006", "2b04:c020"])
        text = self.run_program("serial", "list", *boards).out
        self.assertEqual(text.splitlines()[0].split(), ["PORT", "PLATFORM", "DEVICE", "USB"])
        for port in ports:
            self.assertIn(port["device_id"], text)

    def test_a_board_tells_who_it_is_in_listening_mode_only(self):
        refused = self.run_program("serial", "identify", "--sim", "photon@2.3.1", code=7)
        self.assertIn("listening mode", refused.err)
        words = ("serial", "identify", "--listening", "--json", "--sim")
        told = self.run_program(*words, "photon@2.3.1").json
        self.assertEqual((told["platform"], told["os_version"], told["imei"]), ("photon", "2.3.1", None))
        self.assertEqual(len(told["device_id"]), 24)
        told = self.run_program(*words, "boron@4.2.0").json
        self.assertEqual(len(told["imei"]), 15)
        self.run_program(*words, "p2@6.2.0", code=7)  # knows no such rate any more

    def test_a_board_is_out_of_listening_mode_afterwards(self):
        self.run_program("sim", "new", "photon@2.3.1", "board")
        self.run_program("serial", "identify", "--listening", "--sim", "board")
        self.assertEqual(self.run_program("sim", "info", "board", "--json").json["mode"], "normal")

    def test_ports_are_chosen_as_boards_are(self):
        boards = ("--sim", "photon@2.3.1", "--sim", "photon@2.2.0")
        self.assertIn("sim:1-2", self.run_program("serial", "identify", *boards, code=2).err)
        ids = [port["device_id"] for port in
               self.run_program("serial", "list", "--json", *boards).json["ports"]]
        for name in ("sim:1-2", "serial:sim:1-2", "usb:1-2", ids[1]):
            told = self.run_program("serial", "identify", name, "--listening", "--json", *boards).json
            self.assertEqual((told["path"], told["os_version"]), ("sim:1-2", "2.2.0"))
        self.run_program("serial", "identify", "/dev/no-such-port", *boards, code=3)
        self.run_program("serial", "identify", "usb:1-7", *boards, code=3)

    def test_a_serial_port_names_its_board(self):
        boards = ("--sim", "photon@2.3.1", "--sim", "photon@2.2.0")
        info = self.run_program("info", "serial:sim:1-2", "--json", *boards).json
        self.assertEqual(info["os_version"], "2.2.0")
        refused = self.run_program("info", "serial:/dev/no-such-port", *boards, code=3)
        self.assertIn("no such serial port", refused.err)

    def test_wrong_words_are_a_usage_error(self):
        for words in (["serial"], ["serial", "flash"], ["serial", "list", "--listening"],
                      ["serial", "list", "sim:1-1"], ["serial", "identify", "a", "b"]):
            self.run_program(*words, "--sim", "photon@2.3.1", code=2)

    def test_what_is_said_on_a_port_can_be_replayed(self):
        words = ("serial", "identify", "--listening", "--json")
        told = self.run_program(*words, "--sim", "boron@4.2.0", "--trace", "trace").json
        self.assertEqual(self.run_program(*words, "--replay", "trace").json, told)

    def test_a_board_that_cannot_be_asked_is_not_planned_for_blindly(self):
        self.old_photon()
        info = self.run_program("info", "--json", "--sim", "old").json
        self.assertEqual((info["modules"], info["modules_known"]), ([], False))
        refused = self.run_program("plan", "2.3.1", "--sim", "old", code=5)
        self.assertIn("too old to be asked", refused.err)
        self.assertIn("DFU mode", refused.err)

    def test_a_board_that_was_only_looked_at_is_started_again(self):
        self.old_photon()
        failed = self.run_program("restore", "2.3.1", "--yes", "-v", "--sim", "old", "--offline", code=6)
        self.assertIn("looking in DFU mode", failed.err)
        self.assertIn("14400 baud", failed.err)
        self.assertNotEqual(self.run_program("sim", "info", "old", "--json").json["mode"], "dfu")


if __name__ == "__main__":
    unittest.main()
