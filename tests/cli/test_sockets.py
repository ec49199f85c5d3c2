#!/usr/bin/env python3
"""What opens a connection, as the kernel sees it: nothing that can do without, or was told to."""

import os
import re
import shutil
import subprocess
import unittest

from program import ProgramTest
from release_site import free_port

NETWORK = re.compile(r"AF_(INET6?|PACKET|VSOCK|BLUETOOTH)")


def why_not():
    """Why no program can be watched on this machine; None where one can."""
    if not shutil.which("strace"):
        return "strace is not installed"
    tried = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True,
                           check=False)
    return None if tried.returncode == 0 else tried.stderr.strip()


@unittest.skipIf(why_not(), f"no program can be watched here: {why_not()}")
class Sockets(ProgramTest):
    """The cache holds what is needed, and the source is a server that nobody runs."""

    def setUp(self):
        super().setUp()
        self.run_program("sim", "release", "p2@5.3.1", "good")
        self.run_program("fetch", "5.3.1", "-p", "p2", "--source", "good")
        self.run_program("sim", "new", "p2@5.0.1", "board")
        self.source = f"github+http://127.0.0.1:{free_port()}/repos/o/n"

    def watch(self, *words, code=0):
        """Runs the program; returns the calls for sockets of the network's families."""
        log = self.path("calls")
        # A process that is watched cannot look for leaks by watching itself.
        leaks = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        self.run_words(["strace", "-f", "-qq", "-e", "trace=network", "-o", log,
                        os.environ["OSBUNDLE"], *words], code, ASAN_OPTIONS=leaks)
        with open(log, encoding="ascii", errors="replace") as file:
            return [line for line in file if NETWORK.search(line)]

    def test_a_plan_of_what_is_cached_opens_none(self):
        self.assertEqual(self.watch("plan", "5.3.1", "--sim", "board"), [])

    def test_a_restore_offline_opens_none(self):
        self.assertEqual(self.watch("restore", "5.3.1", "--sim", "board", "--yes", "--offline"), [])

    def test_what_is_not_cached_opens_none_offline(self):
        for words in (("fetch", "5.0.1", "-p", "p2"), ("list", "--remote")):
            self.assertEqual(self.watch(*words, "--offline", code=6), [])

    def test_a_fetch_opens_one(self):
        self.assertTrue(self.watch("fetch", "5.0.1", "-p", "p2", "--retry", "0", code=6))


if __name__ == "__main__":
    unittest.main()
