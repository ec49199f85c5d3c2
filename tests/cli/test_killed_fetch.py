#!/usr/bin/env python3
"""A fetch that is killed at some moment, and then run again.

The ordinary run takes a few moments; `cmake --build build/dev --target kills` takes 200.
"""

import os
import random
import shutil
import subprocess
import sys
import time
import unittest

from bad_server import Answer, BadServer
from test_network import VERSION, NetworkTest

ORDINARY, WHOLE = 6, 200
HEADER_LINES = 4  # of a part, before its bytes: cache/README.md


class Killed(NetworkTest):
    """All files come slowly from a server that can go on from anywhere."""

    moments = ORDINARY
    unclean = ("damaged/",)

    def setUp(self):
        super().setUp()
        self.bad = BadServer()
        self.addCleanup(self.bad.stop)
        for name in self.wanted:
            url = self.bad.serve(f"/{name}", Answer(self.files[name], etag='"a"',
                                                    drip=(16 * 1024, 0.004)))
            self.site.asset(VERSION, name)["browser_download_url"] = url
        self.site.publish(VERSION)
        self.source = self.site.start()

    def start(self):
        words = [os.environ["OSBUNDLE"], "fetch", VERSION, "-p", "p2", "-q"]
        return subprocess.Popen(words, cwd=self.folder, env=self.environment(),
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def duration(self):
        begin = time.monotonic()
        self.assertEqual(self.start().wait(60), 0)
        return time.monotonic() - begin

    def kill_after(self, seconds):
        running = self.start()
        time.sleep(seconds)
        running.kill()
        running.wait(60)

    def kept_bytes(self):
        """The sizes of all parts that have any bytes, by their URL."""
        kept = {}
        for name in self.parts():
            with open(self.path("cache", name), "rb") as file:
                lines = file.read().split(b"\n", HEADER_LINES)
            if len(lines) > HEADER_LINES and lines[HEADER_LINES]:
                kept[lines[1].decode()] = len(lines[HEADER_LINES])
        return kept

    def published(self):
        """The sizes of the published objects."""
        return [os.path.getsize(self.path("cache", name)) for name in self.cached_objects()
                if name.startswith("objects/")]

    def assert_asked_only_for_the_rest(self, kept, published):
        """The second run asked for each file from where the first was killed, or not at all."""
        for name in self.wanted:
            size = len(self.files[name])
            url = f"http://127.0.0.1:{self.bad.port}/{name.replace('@', '%40')}"
            have = size if size in published else kept.get(url, 0)
            asked = [headers.get("Range") for headers in self.bad.asked(f"/{name}")]
            expected = [] if have == size else [f"bytes={have}-"] if have else [None]
            self.assertEqual(asked, expected, name)

    def assert_nothing_is_left_to_fetch(self):
        """All was published; a part may be left for `cache prune`."""
        self.run_program("fetch", VERSION, "-p", "p2")
        self.assertEqual(self.bad.requests, [])

    def test_the_next_fetch_goes_on_from_there(self):
        usual_s = self.duration()
        gone_on = 0
        for number in range(self.moments):
            with self.subTest(number=number):
                shutil.rmtree(self.path("cache"))
                self.kill_after(usual_s * (number + random.random()) / self.moments)
                self.assert_cache_is_clean()
                kept, published = self.kept_bytes(), self.published()
                self.bad.forget()
                if len(self.cached_objects()) > len(self.wanted):
                    self.assert_nothing_is_left_to_fetch()
                    continue
                self.fetch()
                self.assert_asked_only_for_the_rest(kept, published)
                gone_on += bool(kept)
        print(f"{self.moments} fetches killed, {gone_on} of them gone on from parts", file=sys.stderr)
        self.assertGreater(gone_on, 0)


if __name__ == "__main__":
    if "--whole" in sys.argv:
        sys.argv.remove("--whole")
        Killed.moments = WHOLE
    unittest.main()
