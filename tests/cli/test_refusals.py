#!/usr/bin/env python3
"""What is wrong never gets into the cache and never onto a board."""

import unittest

from bad_server import Answer
from program import ProgramTest
from release_site import ReleaseSite


def read(path):
    with open(path, "rb") as file:
        return file.read()


class WrongFiles(ProgramTest):
    """A synthetic P2 release, spoiled in one way a test, at a release site on loopback."""

    def setUp(self):
        super().setUp()
        names = self.run_program("sim", "release", "p2@5.3.1", "good", "--json").json["files"]
        self.files = {name: read(self.path("good", name)) for name in names}
        self.run_program("sim", "new", "p2@5.0.1", "board")
        self.board_before = self.board()
        self.site = ReleaseSite(self.path("site"))
        self.addCleanup(self.site.stop)

    def board(self):
        return {name: read(self.path("board", name)) for name in self.files_below("board")
                if name.endswith(".flash")}

    def serve(self, files, **options):
        self.site.add_release("5.3.1", files, **options)
        self.source = self.site.start()

    def assert_refused(self, code, *parts):
        """Neither fetch nor restore gets anywhere, and nothing is kept or written."""
        for words in (("fetch", "5.3.1", "-p", "p2"),
                      ("restore", "5.3.1", "--sim", "board", "--yes")):
            result = self.run_program(*words, code=code)
            self.assert_two_line_error(result, *parts)
            self.assertEqual(self.cached_objects(), [])
        self.assertEqual(self.board(), self.board_before)

    def test_the_good_release_is_accepted(self):
        self.serve(self.files)
        self.run_program("fetch", "5.3.1", "-p", "p2")
        self.assertEqual(len([file for file in self.cached_objects()
                              if file.startswith("objects/")]), 3)

    def test_a_download_that_is_always_cut_short(self):
        self.serve(self.files)
        name = "p2-system-part1@5.3.1.bin"
        self.site.misbehave("5.3.1", name, Answer(self.files[name], cut_at=5000))
        self.assert_refused(6, "p2-system-part1")

    def test_a_download_that_is_cut_short_once(self):
        self.serve(self.files)
        name = "p2-system-part1@5.3.1.bin"
        self.site.misbehave("5.3.1", name, Answer(self.files[name], cut_at=5000),
                            Answer(self.files[name]))
        self.run_program("fetch", "5.3.1", "-p", "p2")

    def test_a_file_cut_short(self):
        files = dict(self.files)
        files["p2-bootloader@5.3.1.bin"] = files["p2-bootloader@5.3.1.bin"][:-100]
        self.serve(files)
        self.assert_refused(4, "p2-bootloader@5.3.1.bin")

    def test_one_flipped_bit_that_the_site_does_not_notice(self):
        files = dict(self.files)
        spoiled = bytearray(files["p2-system-part1@5.3.1.bin"])
        spoiled[len(spoiled) // 2] ^= 0x10
        files["p2-system-part1@5.3.1.bin"] = bytes(spoiled)
        self.serve(files)
        self.assert_refused(4, "p2-system-part1@5.3.1.bin")

    def test_one_flipped_bit_on_the_way(self):
        self.serve(self.files)
        served = self.site.content_path("5.3.1", "p2-system-part1@5.3.1.bin")
        content = served.read_bytes()
        served.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        self.assert_refused(4, "p2-system-part1@5.3.1.bin")

    def test_a_release_that_lacks_a_part(self):
        files = dict(self.files)
        del files["p2-prebootloader-part1@5.3.1.bin"]
        self.serve(files)
        self.assert_refused(5, "prebootloader-part1")

    def test_a_module_of_another_platform(self):
        self.run_program("sim", "release", "boron@4.0.2", "other")
        files = dict(self.files)
        files["p2-bootloader@5.3.1.bin"] = read(self.path("other", "boron-bootloader@4.0.2.bin"))
        self.serve(files)
        self.assert_refused(5, "p2-bootloader@5.3.1.bin", "platform 13")

    def test_an_mbr_under_another_name(self):
        files = dict(self.files)
        files["p2-prebootloader-part1@5.3.1.bin"] = files["p2-prebootloader-mbr@5.3.1.bin"]
        self.serve(files)
        result = self.run_program("restore", "5.3.1", "--sim", "board", "--yes", code=None)
        self.assertIn(result.code, (4, 5))
        self.assert_two_line_error(result, "p2-prebootloader-part1@5.3.1.bin")
        self.assertEqual(self.cached_objects(), [])
        self.assertEqual(self.board(), self.board_before)

    def test_an_mbr_as_application(self):
        self.serve(self.files)
        result = self.run_program("restore", "5.3.1", "--sim", "board", "--yes", "--app",
                                  "good/p2-prebootloader-mbr@5.3.1.bin", code=5)
        self.assert_two_line_error(result, "prebootloader-mbr@5.3.1.bin")
        self.assertEqual(self.board(), self.board_before)

    def test_an_application_of_another_platform(self):
        self.serve(self.files)
        self.run_program("sim", "release", "boron@4.0.2", "other")
        result = self.run_program("restore", "5.3.1", "--sim", "board", "--yes", "--app",
                                  "other/boron-bootloader@4.0.2.bin", code=5)
        self.assert_two_line_error(result, "boron-bootloader@4.0.2.bin")
        self.assertEqual(self.board(), self.board_before)

    def test_a_release_that_nobody_has(self):
        self.serve(self.files)
        result = self.run_program("fetch", "9.9.9", "-p", "p2", code=3)
        self.assert_two_line_error(result, "9.9.9")

    def test_offline_without_cache(self):
        self.serve(self.files)
        result = self.run_program("fetch", "5.3.1", "-p", "p2", "--offline", code=6)
        self.assert_two_line_error(result)
        self.assertEqual(self.cached_objects(), [])


if __name__ == "__main__":
    unittest.main()
