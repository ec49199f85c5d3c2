#!/usr/bin/env python3
"""Protected boards: nothing goes in until service mode is open, and then only what protects them."""

import hashlib
import json
import struct
import unittest
import zlib

from program import ProgramTest

BOOTLOADER = 0xF4000
PREFIX = 0x200
SECURITY_MODE = bytes((0x13, 0, 5, 0, 1)) + bytes((0, 0, 4, 0))  # protected, no certificate; END
TAIL = 40  # of a suffix with product data, and
CRC = 4


def protected(file):
    """A Boron's bootloader that switches protection on, as module-format says it is made."""
    start, end = struct.unpack_from("<II", file, PREFIX)
    end += len(SECURITY_MODE)
    body = bytearray(file[:-TAIL - CRC] + SECURITY_MODE + file[-TAIL - CRC:-TAIL - CRC + 6])
    struct.pack_into("<II", body, PREFIX, start, end)
    body += hashlib.sha256(body).digest() + struct.pack("<H", TAIL + len(SECURITY_MODE))
    return bytes(body) + struct.pack(">I", zlib.crc32(body))


class Protection(ProgramTest):
    def setUp(self):
        super().setUp()
        for release in ("6.1.1", "6.2.0"):
            self.run_program("sim", "release", f"boron@{release}", f"releases/{release}")
        self.source = self.path("releases")
        old = self.write("old.bin", protected(self.released("6.1.1")))
        self.run_program("sim", "new", "boron@6.1.1", "board", "--flash", old)

    def released(self, version):
        """The release's own bootloader."""
        with open(self.path("releases", version, f"boron-bootloader@{version}.bin"), "rb") as file:
            return file.read()

    def open_service_mode(self):
        """As the vendor's cloud does it."""
        path = self.path("board", "board.json")
        with open(path, encoding="utf-8") as file:
            board = json.load(file)
        board.update(service_starts=20, service_end_ms=board["time_ms"] + 24 * 60 * 60 * 1000)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(board, file)

    def assert_updated(self):
        """The board has 6.2.0, and a bootloader that protects it."""
        with open(self.path("board", "internal.flash"), "rb") as file:
            flash = file.read()
        wanted = protected(self.released("6.2.0"))
        self.assertEqual(flash[BOOTLOADER:BOOTLOADER + len(wanted)], wanted)
        info = self.run_program("info", "--sim", "board", "--json").json
        self.assertEqual((info["os_version"], info["protection"]), ("6.2.0", "service"))
        again = self.run_program("restore", "6.2.0", "--sim", "board", "--yes", "--json").last
        self.assertEqual((again["outcome"], again["bytes_written"]), ("nothing_to_do", 0))

    def test_nothing_goes_in_before_service_mode(self):
        refused = self.run_program("restore", "6.2.0", "--sim", "board", "--yes", code=5)
        self.assert_two_line_error(refused, "the board is protected")
        self.assertIn("in service mode", refused.err)

    def test_the_release_s_bootloader_is_given_the_board_s_protection(self):
        self.open_service_mode()
        plan = self.run_program("plan", "6.2.0", "--sim", "board", "--json").json
        step = next(step for step in plan["steps"] if step["slot"] == "bootloader/0")
        self.assertEqual(step["sha256"], hashlib.sha256(protected(self.released("6.2.0"))).hexdigest())
        self.assertIn("its bytes are not the release's own", " ".join(step["why"]))
        report = self.run_program("restore", "6.2.0", "--sim", "board", "--yes", "--json").last
        self.assertEqual(report["outcome"], "done")
        self.assert_updated()

    def test_a_file_that_would_leave_it_open_is_refused(self):
        self.open_service_mode()
        file = self.path("releases", "6.2.0", "boron-bootloader@6.2.0.bin")
        refused = self.run_program("restore", "-m", file, "--sim", "board", "--yes", code=5)
        self.assert_two_line_error(refused, "takes only a bootloader that protects it")
        own = self.write("own.bin", protected(self.released("6.2.0")))
        report = self.run_program("restore", "-m", own, "--sim", "board", "--yes", "--json").last
        self.assertEqual(report["outcome"], "done")

    def test_a_resume_and_a_saved_plan_make_the_same_file_again(self):
        self.open_service_mode()
        self.run_program("plan", "6.2.0", "--sim", "board", "-o", "saved.json")
        self.interrupt_program("restore", "--plan", "saved.json", "--sim", "board", "--yes",
                               "--json", when='"write"')
        report = self.run_program("resume", "--sim", "board", "--yes", "--json").last
        self.assertEqual(report["outcome"], "done")
        self.assert_updated()

    def test_a_lock_of_the_release_lets_it_through(self):
        self.open_service_mode()
        self.run_program("lock", "6.2.0", "-p", "boron", "-o", "lock.json")
        report = self.run_program("restore", "--lock", "lock.json", "--sim", "board", "--yes", "--json").last
        self.assertEqual(report["outcome"], "done")
        self.assert_updated()


if __name__ == "__main__":
    unittest.main()
