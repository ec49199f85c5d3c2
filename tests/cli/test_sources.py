#!/usr/bin/env python3
"""Several sources: their order, what they do not agree about, and what a release lacks."""

import hashlib
import json
import os
import shutil
import unittest

from program import ProgramTest
from release_site import ReleaseSite, free_port


def flip_a_bit(path):
    with open(path, "r+b") as file:
        file.seek(2000)
        byte = file.read(1)[0]
        file.seek(2000)
        file.write(bytes([byte ^ 4]))


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class SourcesTest(ProgramTest):
    made = {}  # board -> name -> content, for all tests

    def make(self, board, folder):
        """Synthetic modules of a release in a folder; more than one release may lie in it."""
        if board not in self.made:
            self.run_program("sim", "release", board, self.path("made"))
            self.made[board] = {name: self.read("made", name)
                                for name in os.listdir(self.path("made"))}
            shutil.rmtree(self.path("made"))
        for name, content in self.made[board].items():
            self.write(os.path.join(folder, name), content)
        return self.path(folder)

    def read(self, *parts):
        with open(self.path(*parts), "rb") as file:
            return file.read()

    def rename(self, folder, before, after):
        """Calls the files of one release those of another."""
        for name in os.listdir(self.path(folder)):
            if f"@{before}." in name:
                os.rename(self.path(folder, name),
                          self.path(folder, name.replace(f"@{before}.", f"@{after}.")))

    def remove(self, folder, name):
        os.remove(self.path(folder, name))

    def fetch(self, version, platform, *sources, code=0, words=()):
        named = [word for source in sources for word in ("--source", source)]
        return self.run_program("fetch", version, "-p", platform, *named, *words, code=code)

    def files_of(self, version, platform):
        """Slot -> what the cache's record says of the module."""
        with open(self.path("cache", "releases", version, f"{platform}.json"),
                  encoding="utf-8") as file:
            return json.load(file)["modules"]


class Order(SourcesTest):
    def setUp(self):
        super().setUp()
        self.first = self.make("p2@5.3.1", "first")
        self.second = self.make("p2@5.3.1", "second")

    def test_the_first_that_has_it_gives_it(self):
        self.fetch("5.3.1", "p2", self.first, self.second)
        self.assertEqual({os.path.dirname(file["from"])
                          for file in self.files_of("5.3.1", "p2").values()}, {self.first})

    def test_what_one_lacks_the_next_gives(self):
        self.remove("first", "p2-bootloader@5.3.1.bin")
        self.fetch("5.3.1", "p2", self.first, self.second)
        files = self.files_of("5.3.1", "p2")
        self.assertEqual(os.path.dirname(files["bootloader/0"]["from"]), self.second)
        self.assertEqual(os.path.dirname(files["system_part/1"]["from"]), self.first)

    def test_one_that_is_down_is_passed_over_aloud(self):
        down = f"github+http://127.0.0.1:{free_port()}/repos/o/n"
        result = self.fetch("5.3.1", "p2", down, self.first)
        self.assertIn(f"{down} is passed over", result.err)
        self.assertEqual(len(self.files_of("5.3.1", "p2")), 3)

    def test_one_that_does_not_deliver_is_passed_over_aloud(self):
        with ReleaseSite(self.path("site")) as site:
            site.add_folder("5.3.1", self.first)
            os.remove(site.content_path("5.3.1", "p2-bootloader@5.3.1.bin"))
            result = self.fetch("5.3.1", "p2", site.url, self.second)
        self.assertIn(f"{site.url} is passed over", result.err)
        self.assertEqual(os.path.dirname(self.files_of("5.3.1", "p2")["bootloader/0"]["from"]),
                         self.second)

    def test_when_none_answers_it_is_the_network(self):
        down = [f"github+http://127.0.0.1:{free_port()}/repos/o/{name}" for name in "ab"]
        self.assert_two_line_error(self.fetch("5.3.1", "p2", *down, code=6), "5.3.1", "o/b")
        self.assertEqual(self.cached_objects(), [])

    def test_when_none_has_it_that_is_said(self):
        self.assert_two_line_error(
            self.fetch("5.4.0", "p2", self.first, self.second, code=3), "none of 2 sources")


class Agreement(SourcesTest):
    NAME = "p2-bootloader@5.3.1.bin"

    def setUp(self):
        super().setUp()
        self.first = self.make("p2@5.3.1", "first")
        self.second = self.make("p2@5.3.1", "second")

    def assert_stopped(self, one, other, hashes):
        result = self.fetch("5.3.1", "p2", one, other, code=4)
        self.assert_two_line_error(result, self.NAME, "disagree", one, other, *hashes)
        self.assertEqual(self.cached_objects(), [])

    def test_two_folders_that_hold_different_files_stop_it(self):
        flip_a_bit(self.path("second", self.NAME))
        self.assert_stopped(self.first, self.second,
                            [sha256_of(self.path(name, self.NAME)) for name in ("first", "second")])

    def test_a_published_digest_that_differs_stops_it(self):
        flip_a_bit(self.path("second", self.NAME))
        with ReleaseSite(self.path("site")) as site:
            site.add_folder("5.3.1", self.second)
            self.assert_stopped(
                self.first, site.url,
                [sha256_of(self.path(name, self.NAME)) for name in ("first", "second")])
            self.assertEqual(site.requests("/particle-iot/device-os/releases/download/"), [])

    def test_a_published_size_that_differs_stops_it(self):
        with open(self.path("second", self.NAME), "ab") as file:
            file.write(b"\0")
        with ReleaseSite(self.path("site")) as site:
            site.add_folder("5.3.1", self.second, digest=False)
            self.assert_stopped(self.first, site.url, ["bytes"])

    def test_another_build_of_the_same_module_is_no_disagreement(self):
        flip_a_bit(self.path("second", self.NAME))
        os.rename(self.path("second", self.NAME),
                  self.path("second", self.NAME.replace(".bin", "+debug.bin")))
        self.fetch("5.3.1", "p2", self.first, self.second)

    def test_what_only_another_platform_has_plays_no_part(self):
        self.make("boron@5.3.1", "first")
        self.make("boron@5.3.1", "second")
        flip_a_bit(self.path("second", "boron-bootloader@5.3.1.bin"))
        self.fetch("5.3.1", "p2", self.first, self.second)


class Older(SourcesTest):
    """Releases that lack a module."""

    def setUp(self):
        super().setUp()
        for version in ("5.2.0", "5.3.0", "5.3.1"):
            self.site = self.make(f"boron@{version}", "site")
        self.remove("site", "boron-softdevice@5.3.1.bin")

    def older(self, version="5.3.1", platform="boron"):
        return {slot: file["older"] for slot, file in self.files_of(version, platform).items()
                if "older" in file}

    def test_it_comes_from_the_newest_older_release_and_that_is_said(self):
        result = self.fetch("5.3.1", "boron", self.site)
        self.assertIn("it lacks radio_stack/0, which is taken from 5.3.0: "
                      "boron-softdevice@5.3.0.bin", result.out)
        self.assertEqual(self.older(), {"radio_stack/0": "5.3.0"})
        again = self.run_program("fetch", "5.3.1", "-p", "boron", "--offline", "--json").last
        files = {file["slot"]: file for file in again["releases"][0]["files"]}
        self.assertEqual(files["radio_stack/0"]["older"], "5.3.0")
        self.assertNotIn("older", files["bootloader/0"])

    def test_a_plan_says_it_too(self):
        self.source = self.site
        for _ in range(2):  # also when it comes from the cache
            result = self.run_program("plan", "5.3.1", "--sim", "boron@5.2.0")
            self.assertIn("5.3.1 for boron lacks radio_stack/0, which is taken from 5.3.0",
                          result.err)

    def test_it_may_come_from_another_source(self):
        self.remove("site", "boron-softdevice@5.3.0.bin")
        other = self.make("boron@5.3.0", "other")
        self.fetch("5.3.1", "boron", self.site, other)
        self.assertEqual(self.older(), {"radio_stack/0": "5.3.0"})
        self.assertEqual(os.path.dirname(self.files_of("5.3.1", "boron")["radio_stack/0"]["from"]),
                         other)

    def test_one_that_has_none_either_is_passed_over(self):
        self.remove("site", "boron-softdevice@5.3.0.bin")
        self.fetch("5.3.1", "boron", self.site)
        self.assertEqual(self.older(), {"radio_stack/0": "5.2.0"})

    def test_it_never_comes_from_a_newer_release_or_a_prerelease(self):
        for version in ("5.2.0", "5.3.0"):
            self.remove("site", f"boron-softdevice@{version}.bin")
        self.make("boron@5.4.0", "site")
        self.make("boron@5.3.0", "other")
        self.rename("other", "5.3.0", "5.3.0-rc.1")
        result = self.fetch("5.3.1", "boron", self.site, self.path("other"), code=5)
        self.assert_two_line_error(result, "radio_stack/0", "boron-softdevice@5.3.1.bin")
        self.assertIn("--allow-incomplete", result.err)
        self.assertEqual(self.cached_objects(), [])

    def test_what_nothing_older_has_may_be_done_without(self):
        for version in ("5.2.0", "5.3.0"):
            self.remove("site", f"boron-softdevice@{version}.bin")
        self.fetch("5.3.1", "boron", self.site, words=["--allow-incomplete"])
        self.assertEqual(sorted(self.files_of("5.3.1", "boron")), ["bootloader/0", "system_part/1"])

    def test_a_system_part_is_never_taken_from_another_release(self):
        self.remove("site", "boron-system-part1@5.3.1.bin")
        self.assert_two_line_error(self.fetch("5.3.1", "boron", self.site, code=5),
                                   "system_part/1", "boron-system-part1@5.3.1.bin")

    def test_what_the_catalog_knows_to_be_another_is_not_taken(self):
        site = self.make("p2@5.3.0", "site")
        self.make("p2@5.3.1", "site")
        self.remove("site", "p2-bootloader@5.3.1.bin")
        self.assert_two_line_error(self.fetch("5.3.1", "p2", site, code=5), "bootloader/0")

    def test_it_is_found_at_a_release_site_with_few_questions(self):
        with ReleaseSite(self.path("web")) as site:
            for version in ("5.2.0", "5.3.0", "5.3.1"):
                site.add_release(version, {
                    name: self.read("site", name)
                    for name in os.listdir(self.site) if f"@{version}." in name})
            self.fetch("5.3.1", "boron", site.url)
            self.assertLessEqual(len(site.requests("/repos/")), 4)
        self.assertEqual(self.older(), {"radio_stack/0": "5.3.0"})


class Unknown(SourcesTest):
    """A release that the catalog does not know works from what its files say."""

    def setUp(self):
        super().setUp()
        self.make("boron@5.3.0", "site")
        self.rename("site", "5.3.0", "77.1.0")
        self.make("boron@5.3.1", "site")
        self.rename("site", "5.3.1", "77.2.0")
        self.site = self.path("site")

    def test_it_is_fetched_and_planned_for(self):
        self.source = self.site
        self.run_program("fetch", "77.2.0", "-p", "boron")
        plan = self.run_program("plan", "77.2.0", "--sim", "boron@5.2.0", "--json").json
        self.assertEqual(plan["after"]["system_part/1"], 5301)

    def test_what_it_lacks_comes_from_an_older_one_that_suffices(self):
        self.remove("site", "boron-softdevice@77.2.0.bin")
        self.fetch("77.2.0", "boron", self.site)
        self.assertEqual(self.files_of("77.2.0", "boron")["radio_stack/0"]["older"], "77.1.0")

    def test_its_system_part_never_comes_from_another_one(self):
        self.remove("site", "boron-system-part1@77.2.0.bin")
        self.assert_two_line_error(self.fetch("77.2.0", "boron", self.site, code=5),
                                   "system_part/1", "boron-system-part1@77.2.0.bin")

    def test_what_would_not_suffice_is_refused_by_number(self):
        for version, older in (("5.9.0", "5.2.0"),):
            self.make(f"p2@{older}", "p2")
            self.rename("p2", older, "77.1.0")
            self.make(f"p2@{version}", "p2")
            self.rename("p2", version, "77.2.0")
        self.remove("p2", "p2-bootloader@77.2.0.bin")
        result = self.fetch("77.2.0", "p2", self.path("p2"), code=5)
        self.assert_two_line_error(result, "bootloader/0", "77.1.0 is too old: 2002", "2700")
        self.fetch("77.2.0", "p2", self.path("p2"), words=["--allow-incomplete"])
        self.assertNotIn("bootloader/0", self.files_of("77.2.0", "p2"))


if __name__ == "__main__":
    unittest.main()
