#!/usr/bin/env python3
"""A site that speaks GitHub's API: what it does when that is rationed, and answers that are wrong."""

import json
import os
import time
import unittest

from program import ProgramTest
from release_site import ReleaseSite

API = "/repos/particle-iot/device-os/releases"


class SiteTest(ProgramTest):
    made = {}  # board -> name -> content, for all tests

    def release(self, board, version=None):
        """Synthetic modules of a release, called after another version where one is given."""
        if board not in self.made:
            folder = self.path("made", board)
            self.run_program("sim", "release", board, folder)
            self.made[board] = {}
            for name in os.listdir(folder):
                with open(os.path.join(folder, name), "rb") as file:
                    self.made[board][name] = file.read()
        own = board.split("@")[1]
        return {name.replace(own, version or own): content
                for name, content in self.made[board].items()}

    def setUp(self):
        super().setUp()
        self.site = ReleaseSite(self.path("site"))

    def fetch(self, version="5.3.1", platform="p2", code=0):
        return self.run_program("fetch", version, "-p", platform, "--source", self.site.url,
                                code=code)

    def files_of(self, version, platform):
        with open(self.path("cache", "releases", version, f"{platform}.json"),
                  encoding="utf-8") as file:
            return json.load(file)["modules"]


class Rationed(SiteTest):
    """The API refuses more questions; files can be had all the same."""

    def ration(self, *versions, status=403):
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 3000)}
        for version in versions:
            for mark in ("v", ""):
                self.site.answer(f"{API}/tags/{mark}{version}", status, headers, "{}")
        self.enterContext(self.site)

    def test_a_release_is_fetched_by_the_addresses_of_its_files(self):
        for status in (403, 429):
            with self.subTest(status=status):
                self.site = ReleaseSite(self.path(f"site{status}"))
                self.site.add_release("5.3.1", self.release("p2@5.3.1"))
                self.ration("5.3.1", status=status)
                self.run_program("fetch", "5.3.1", "-p", "p2", "--source", self.site.url,
                                 OSBUNDLE_CACHE=self.path(f"cache{status}"))
                self.assertEqual(len(self.site.requests("/particle-iot/")), 3)
                self.assertEqual(len(self.site.requests(API)), 1)

    def test_that_is_told(self):
        self.site.add_release("5.3.1", self.release("p2@5.3.1"))
        self.ration("5.3.1")
        self.assertIn("rate limit is used up", self.fetch().err)

    def test_names_with_plus_and_at_are_found(self):
        self.site.add_release("3.3.1", self.release("photon@3.3.1"))
        self.ration("3.3.1")
        self.fetch("3.3.1", "photon")
        self.assertEqual(self.files_of("3.3.1", "photon")["bootloader/0"]["from"],
                         f"{self.site.origin}/particle-iot/device-os/releases/download/v3.3.1/"
                         "photon-bootloader%403.3.1%2Blto.bin")

    def test_a_release_that_no_catalog_knows_is_found_by_how_files_are_named(self):
        self.site.add_release("77.1.0", self.release("p2@5.3.1", "77.1.0"))
        self.site.add_release("77.1.0-rc.1", self.release("photon@3.3.1", "77.1.0-rc.1"))
        self.ration("77.1.0", "77.1.0-rc.1")
        self.fetch("77.1.0", "p2")
        self.fetch("77.1.0-rc.1", "photon")

    def test_what_is_not_there_comes_from_an_older_release(self):
        files = self.release("boron@5.3.1")
        del files["boron-softdevice@5.3.1.bin"]
        self.site.add_release("5.3.1", files)
        self.site.add_release("5.3.0", self.release("boron@5.3.0"))
        self.ration("5.3.1", "5.3.0")
        self.assertIn("taken from 5.3.0", self.fetch("5.3.1", "boron").out)

    def test_a_release_that_is_not_there_is_not_found(self):
        self.ration("5.3.1")
        self.assert_two_line_error(self.fetch(code=3), "5.3.1", "p2")

    def test_a_file_that_is_not_there_is_named(self):
        files = self.release("p2@5.3.1")
        del files["p2-system-part1@5.3.1.bin"]
        self.site.add_release("5.3.1", files)
        self.ration("5.3.1")
        self.assert_two_line_error(self.fetch(code=5), "p2-system-part1@5.3.1.bin")
        self.assertEqual(self.cached_objects(), [])

    def test_a_web_page_in_the_place_of_a_file_is_no_module(self):
        files = self.release("p2@5.3.1")
        files["p2-bootloader@5.3.1.bin"] = b"<html>log in</html>"
        self.site.add_release("5.3.1", files)
        self.ration("5.3.1")
        self.fetch(code=None)
        self.assertEqual(self.cached_objects(), [])

    def test_another_refusal_is_no_rationing(self):
        self.site.add_release("5.3.1", self.release("p2@5.3.1"))
        self.site.answer(f"{API}/tags/v5.3.1", 403, {}, "{}")
        self.enterContext(self.site)
        self.assert_two_line_error(self.fetch(code=6), "403")
        self.assertEqual(self.site.requests("/particle-iot/"), [])


class Answers(SiteTest):
    def test_drafts_do_not_exist(self):
        self.site.add_release("5.3.1", self.release("p2@5.3.1"), draft=True)
        self.enterContext(self.site)
        self.fetch(code=3)
        listed = self.run_program("list", "--remote", "--source", self.site.url, "--json").json
        self.assertEqual(listed["releases"], [])

    def test_a_published_digest_that_does_not_fit_stops_it(self):
        self.site.add_release("5.3.1", self.release("p2@5.3.1"))
        self.site.asset("5.3.1", "p2-bootloader@5.3.1.bin")["digest"] = "sha256:" + "ab" * 32
        self.site.publish("5.3.1")
        self.enterContext(self.site)
        self.assert_two_line_error(self.fetch(code=4), "p2-bootloader@5.3.1.bin", "published hash")
        self.assertEqual(self.cached_objects(), [])

    def test_a_file_that_is_listed_twice_stops_it(self):
        self.site.add_release("5.3.1", self.release("p2@5.3.1"))
        assets = self.site.releases[0]["assets"]
        assets.append(dict(assets[0]))
        self.site.publish("5.3.1")
        self.enterContext(self.site)
        self.assert_two_line_error(self.fetch(code=4), assets[0]["name"], "twice")

    def test_names_that_lead_elsewhere_stop_it(self):
        self.site.add_release("5.3.1", self.release("p2@5.3.1"))
        self.enterContext(self.site)
        for name in ("../x.bin", "a/b.bin", "..", "", "x\x1b[2J.bin", "n" * 300, 7, None):
            self.site.releases[0]["assets"][0]["name"] = name
            self.site.publish("5.3.1")
            result = self.fetch(code=4)
            self.assert_two_line_error(result, "the listing is broken")
            self.assertNotIn("\x1b", result.err)

    def test_members_of_other_types_are_no_crash(self):
        self.site.add_release("5.3.1", self.release("p2@5.3.1"))
        self.enterContext(self.site)
        for value in (7, "text", {}, [7, None, "text", []], None):
            self.site.releases[0]["assets"] = value
            self.site.publish("5.3.1")
            self.fetch(code=None)
        self.assertEqual(self.cached_objects(), [])

    def test_a_page_that_lists_far_too_much_is_refused(self):
        page = json.dumps([{"tag_name": f"v1.{n}.0"} for n in range(17000)])
        (self.site.root / "www" / "lists" / "releases.json").write_text(page)
        self.enterContext(self.site)
        result = self.run_program("list", "--remote", "--source", self.site.url, code=4)
        self.assert_two_line_error(result, "far more releases")

    def test_pages_that_go_in_circles_end(self):
        self.site.add_release("5.3.1", {})
        for name in ("releases.json", "empty.json"):
            (self.site.root / "www" / "lists" / name).write_text('[{"tag_name": "v5.3.1"}]')
        self.enterContext(self.site)
        listed = self.run_program("list", "--remote", "--source", self.site.url, "--json").json
        self.assertEqual([one["version"] for one in listed["releases"]], ["5.3.1"])
        self.assertLessEqual(len(self.site.requests(API)), 10)


if __name__ == "__main__":
    unittest.main()
