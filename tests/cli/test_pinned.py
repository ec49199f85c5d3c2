#!/usr/bin/env python3
"""A genuine release that the catalog pins as a whole: its files are fetched without asking for a list."""

import os
import unittest

import genuine
from bad_server import Answer
from program import ProgramTest
from release_site import ReleaseSite

VERSION, PLATFORM = "4.0.2", "boron"
API = "/repos/"


class Pinned(ProgramTest):
    def setUp(self):
        super().setUp()
        folder = os.path.join(genuine.package("3.9.0"), "updates")
        self.files = {}
        for name in sorted(os.listdir(folder)):
            if name.startswith(f"{PLATFORM}-"):
                with open(os.path.join(folder, name), "rb") as file:
                    self.files[name] = file.read()
        self.site = ReleaseSite(self.path("site"))
        self.addCleanup(self.site.stop)
        self.site.add_release(VERSION, self.files)
        self.source = self.site.start()

    def test_nobody_is_asked(self):
        self.run_program("fetch", VERSION, "-p", PLATFORM)
        self.assertEqual(self.site.requests(API), [])
        self.assertEqual(len(self.site.requests("/particle-iot/")), 3)

    def test_files_that_lie_elsewhere_are_asked_for(self):
        for name, content in self.files.items():
            self.site.misbehave(VERSION, name, Answer(content))
            self.site.content_path(VERSION, name).unlink()
        self.run_program("fetch", VERSION, "-p", PLATFORM)
        self.assertEqual(len(self.site.requests(API)), 1)
        self.assertEqual([name for name in self.files_below("cache")
                          if name.startswith("tmp/part-")], [])

    def test_other_bytes_than_the_pinned_ones_are_refused(self):
        name = f"{PLATFORM}-system-part1@{VERSION}.bin"
        content = self.files[name]
        self.site.content_path(VERSION, name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        result = self.run_program("fetch", VERSION, "-p", PLATFORM, code=4)
        self.assert_two_line_error(result, name)
        self.assertEqual(self.cached_objects(), [])

    def test_a_release_that_is_not_there_is_not_found(self):
        for name in self.files:
            self.site.content_path(VERSION, name).unlink()
        (self.site.root / "www/repos" / self.site.repository / "releases/tags"
         / f"v{VERSION}").unlink()
        self.assert_two_line_error(self.run_program("fetch", VERSION, "-p", PLATFORM, code=3))

    def test_offline_says_so(self):
        result = self.run_program("fetch", VERSION, "-p", PLATFORM, "--offline", code=6)
        self.assert_two_line_error(result, VERSION)
        self.assertEqual(self.site.requests(), [])


if __name__ == "__main__":
    unittest.main()
