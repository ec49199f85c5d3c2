#!/usr/bin/env python3
"""The program through the real libusb, with its sanitizers, on boards that umockdev plugs in."""

import os
import shutil
import sys
import unittest
from pathlib import Path

import genuine
from program import ProgramTest

SKIPPED = 77
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
RELEASES = {"p2": "5.0.1", "boron": "2.2.0", "photon": "2.3.1"}
APPLICATION = {"p2": 0x085A0000, "boron": 0xD4000, "photon": 0x080A0000}


class MockTest(ProgramTest):
    """Boards that keep their flash in folders, and programs that find them on the machine's USB."""

    def setUp(self):
        super().setUp()
        # The dynamic linker loads umockdev before the sanitizer's library, which minds it.
        options = os.environ.get("ASAN_OPTIONS", "")
        self.sanitizer = {"ASAN_OPTIONS": f"{options}:verify_asan_link_order=0".lstrip(":")}

    def new_board(self, platform, version=None):
        """A board as the factory made it; its name is the folder's."""
        self.run_program("sim", "new", f"{platform}@{version or RELEASES[platform]}", platform)
        return platform

    def new_release(self, *boards):
        """Synthetic modules to restore from: "p2@5.3.1"."""
        for board in boards:
            self.run_program("sim", "release", board, "release")
        self.source = self.path("release")

    def mocked(self, boards, words, trouble=(), code=0):
        """Runs any program on a machine with these boards."""
        words = ["umockdev-wrapper", os.environ["MOCK_USB"], *trouble, *boards, "--", *words]
        return self.run_words(words, code, **self.sanitizer)

    def osbundle(self, boards, *words, trouble=(), code=0):
        return self.mocked(boards, [os.environ["OSBUNDLE"], *words], trouble, code)

    def info(self, board, *trouble):
        return self.osbundle([board], "info", "--json", trouble=trouble).json

    def restore(self, board, version, *trouble, code=0):
        return self.osbundle([board], "restore", version, "--yes", "--json", trouble=trouble,
                             code=code)

    def device_id(self, board):
        return self.run_program("sim", "info", board, "--json").json["device_id"]


class Healthy(MockTest):
    def test_boards_of_every_family_tell_what_they_are(self):
        boards = [self.new_board(platform) for platform in RELEASES]
        for board in boards:
            told = self.osbundle(boards, "info", self.device_id(board), "--json").json
            self.assertEqual(told["device"]["platform"], board)
            self.assertEqual((told["os_version"], told["mode"]), (RELEASES[board], "normal"))
            self.assertEqual({module["verdict"] for module in told["modules"]} - {"unknown"}, {"ok"})

    def test_boards_in_dfu_mode_tell_what_is_in_their_flash(self):
        for platform in RELEASES:
            told = self.info(self.new_board(platform), "--dfu")
            self.assertEqual((told["device"]["platform"], told["mode"]), (platform, "dfu"))
            slots = {f"{module['function']['name']}/{module['index']}" for module in told["modules"]}
            self.assertIn("system_part/1", slots)

    def test_all_boards_are_listed_when_none_is_named(self):
        boards = [self.new_board(platform) for platform in RELEASES]
        refused = self.osbundle(boards, "info", code=2)
        for board in boards:
            self.assertIn(self.device_id(board), refused.err)

    def test_a_p2_is_restored(self):
        self.new_release("p2@5.3.1")
        board = self.new_board("p2")
        self.assertEqual(self.restore(board, "5.3.1").last["outcome"], "done")
        told = self.info(board)
        self.assertEqual((told["os_version"], told["mode"]), ("5.3.1", "normal"))
        self.assertEqual(self.restore(board, "5.3.1").last["outcome"], "nothing_to_do")

    def test_a_boron_is_restored_with_genuine_modules(self):
        folder = Path(self.path("modules"))
        folder.mkdir()
        for package in ("2.16.0", "3.9.0"):
            for file in (Path(genuine.package(package)) / "updates").glob("boron-*"):
                shutil.copy(file, folder)
        self.source = str(folder)
        self.run_program("fetch", "2.2.0", "4.0.2", "-p", "boron")
        board = self.new_board("boron")
        self.assertEqual(self.restore(board, "4.0.2").last["outcome"], "done")
        flash = Path(self.path(board, "internal.flash")).read_bytes()
        part = (folder / "boron-system-part1@4.0.2.bin").read_bytes()
        self.assertEqual(flash[0x30000:0x30000 + len(part)], part)

    def test_dfu_util_agrees(self):
        content = os.urandom(30000)
        self.write("down", content)
        for platform, address in APPLICATION.items():
            board = self.new_board(platform)
            for words in ([f"{address:#x}", "-D", "down"],
                          [f"{address:#x}:{len(content)}", "-U", f"up-{board}"]):
                self.mocked([board], ["dfu-util", "-a", "0", "-s", *words], ["--dfu"])
            self.assertEqual(Path(self.path(f"up-{board}")).read_bytes(), content)

    def test_a_run_is_recorded_and_replayed(self):
        self.new_release("p2@5.3.1")
        board = self.new_board("p2")
        words = ["restore", "5.3.1", "--yes", "--json"]
        report = self.osbundle([board], *words, "--trace", "trace").last
        self.assertEqual(self.run_program(*words, "--replay", "trace").last, report)


class Troubled(MockTest):
    """What goes wrong on the bus has a name, ends in time, and is made good by the next run."""

    def setUp(self):
        super().setUp()
        self.new_release("p2@5.3.1")
        self.board = self.new_board("p2")

    def restore_with(self, trouble, number):
        return self.restore(self.board, "5.3.1", trouble, str(number), code=None)

    def assert_made_good(self):
        resumed = self.osbundle([self.board], "resume", "--yes", "--json").last
        self.assertEqual(resumed["outcome"], "done")
        self.assertEqual(self.info(self.board)["os_version"], "5.3.1")

    def test_a_refused_transfer_is_told_and_made_good(self):
        result = self.restore_with("--stall", 300)
        self.assertEqual((result.code, result.last["code"]), (7, "stall"))
        self.assert_two_line_error(result, self.device_id(self.board), "refused the transfer")
        self.assert_made_good()

    def test_a_transfer_that_never_ends_is_given_up(self):
        result = self.restore_with("--hang", 500)
        self.assertEqual((result.code, result.last["code"]), (7, "timeout"))
        self.assert_two_line_error(result, self.device_id(self.board), "did not answer in time")
        self.assert_made_good()

    def test_a_board_that_vanishes_is_told_and_made_good(self):
        result = self.restore_with("--vanish", 300)
        self.assertEqual((result.code, result.last["code"]), (7, "disconnected"))
        self.assert_two_line_error(result, self.device_id(self.board), "left the bus")
        self.assert_made_good()

    def test_a_board_that_vanishes_while_it_is_asked_is_told(self):
        result = self.osbundle([self.board], "info", trouble=["--vanish", "3"], code=7)
        self.assert_two_line_error(result, "left the bus")

    def test_a_lack_of_permission_is_told_with_its_cure(self):
        if os.geteuid() == 0 and not shutil.which("setpriv"):
            self.skipTest("root may open everything, and there is no setpriv")
        user = NOBODY if os.geteuid() == 0 else []
        os.chmod(self.folder, 0o777)
        words = [*user, os.environ["OSBUNDLE"], "info", "usb:1-1"]
        refused = self.mocked([self.board], words, ["--forbidden"], code=7)
        self.assert_two_line_error(refused, "1-1", "no permission")
        self.assertIn("udev", refused.err)

    def test_a_board_that_somebody_else_holds_is_told(self):
        refused = self.osbundle([self.board], "info", trouble=["--dfu", "--held"], code=7)
        self.assert_two_line_error(refused, self.device_id(self.board), "another program")


if __name__ == "__main__":
    if "MOCK_USB" not in os.environ or not shutil.which("umockdev-wrapper"):
        print("skipped: there is no umockdev here (Debian: libumockdev-dev, umockdev)")
        sys.exit(SKIPPED)
    unittest.main()
