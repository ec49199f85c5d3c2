#!/usr/bin/env python3
"""Libraries that most commands do without: opened when they are needed, missed in plain words."""

import json
import os
import re
import subprocess
import unittest
import zipfile

from program import ProgramTest

LAZY = {"libcurl.so.4": "libcurl4", "libarchive.so.13": "libarchive13",
        "libsodium.so.23": "libsodium23"}  # soname -> Debian package


def readelf(*words):
    return subprocess.run(["readelf", *words, os.environ["OSBUNDLE"]], capture_output=True,
                          check=True).stdout


class Linking(unittest.TestCase):
    def test_the_program_starts_without_them(self):
        needed = re.findall(rb"\(NEEDED\).*\[(.+)\]", readelf("--wide", "--dynamic"))
        self.assertIn(b"libc.so.6", needed)
        self.assertFalse({soname.encode() for soname in LAZY} & set(needed))

    def test_packaging_tools_can_see_them(self):
        dump = readelf("--string-dump=.note.dlopen").decode()
        notes = [json.loads(text)[0] for text in re.findall(r"(\[\{.*\}\])", dump)]
        self.assertEqual({note["soname"][0] for note in notes}, set(LAZY))
        for note in notes:
            self.assertTrue(note["feature"] and note["description"] and note["priority"])


class Missing(ProgramTest):
    """A file of that name which is no library stands where the system looks first."""

    def setUp(self):
        super().setUp()
        for soname in LAZY:
            self.write(f"broken/{soname}", b"no library")
        self.without = {"LD_LIBRARY_PATH": self.path("broken")}

    def assert_told(self, soname, *words):
        result = self.run_program(*words, code=1, **self.without)
        self.assert_two_line_error(result, soname)
        self.assertIn(f"  install the Debian package {LAZY[soname]}\n", result.err)

    def test_an_archive_needs_libarchive(self):
        with zipfile.ZipFile(self.path("app.zip"), "w") as bundle:
            bundle.writestr("app.bin", b"")
        self.assert_told("libarchive.so.13", "inspect", "app.zip")
        self.assert_told("libarchive.so.13", "verify", "app.zip")

    def test_a_url_needs_libcurl(self):
        self.assert_told("libcurl.so.4", "fetch", "5.3.1", "-p", "p2")
        self.assert_told("libcurl.so.4", "list", "--remote")

    def test_a_key_needs_libsodium(self):
        self.assert_told("libsodium.so.23", "key", "generate", "--no-password")
        self.assertFalse(os.path.exists(self.path("osbundle.key")))

    def test_nothing_else_misses_them(self):
        self.run_program("sim", "release", "p2@5.3.1", "release", **self.without)
        self.run_program("inspect", "release", **self.without)
        self.run_program("verify", "release", **self.without)
        self.run_program("fetch", "5.3.1", "-p", "p2", OSBUNDLE_SOURCE=self.path("release"), **self.without)
        self.run_program("fetch", "5.3.1", "-p", "p2", **self.without)  # from the cache
        self.run_program("plan", "5.3.1", "--sim", "p2@5.3.0", "--offline", **self.without)


if __name__ == "__main__":
    unittest.main()
