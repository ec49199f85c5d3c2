#!/usr/bin/env python3
"""What the program knows of releases: list, show, the words that name one, and own manifests."""

import json
import unittest
from pathlib import Path

from jsonschema import Draft7Validator

from program import ProgramTest

HERE = Path(__file__).parent
MANIFESTS = HERE.parents[1] / "manifests" / "releases"


def validator(name):
    schema = json.loads((HERE / "schema" / f"{name}.json").read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


class ReleaseTest(ProgramTest):
    """Releases of synthetic modules in a folder, which serves as the source."""

    def make(self, *boards):
        for board in boards:
            self.run_program("sim", "release", board, self.path("site"))
        self.source = self.path("site")

    def valid(self, *words):
        """The JSON of a command, which its schema describes."""
        answer = self.run_program(*words, "--json").json
        validator(answer["type"]).validate(answer)
        return answer

    def show(self, words, platform, *more):
        return self.valid("show", words, "-p", platform, *more)

    def refusal(self, *words, code=3):
        """The two lines that an error is."""
        lines = self.run_program(*words, code=code).err.splitlines()
        self.assertEqual(len(lines), 2, lines)
        return lines[0].removeprefix("osbundle: ")


class Show(ReleaseTest):
    def test_every_answer_is_as_its_schema_says(self):
        for name, platforms in (("0.4.0", ["photon"]), ("0.5.2", ["electron"]), ("1.4.0", ["argon"]),
                                ("3.2.1-p2.4", ["p2"]), ("6.1.2", ["boron"]), ("6.4.0", ["p2", "tracker"])):
            for platform in platforms:
                self.assertEqual(self.show(name, platform)["version"], name)

    def test_every_manifest_can_be_shown(self):
        for path in sorted(MANIFESTS.glob("*.json"))[::25]:
            for platform in json.loads(path.read_text(encoding="utf-8"))["platforms"]:
                self.show(path.stem, platform)

    def test_tells_what_is_never_written_and_why(self):
        boot = {module["slot"]: module for module in self.show("5.3.1", "p2")["modules"]}
        self.assertEqual(boot["bootloader/1"]["route"], "never")
        self.assertIn("belongs to this one board", boot["bootloader/1"]["reason"])
        self.assertIn("bootloader/1 is never written: ", self.run_program("show", "5.3.1", "-p", "p2").out)

    def test_tells_needs_with_the_release_that_first_met_them(self):
        system = self.show("4.0.2", "tracker")["modules"][2]
        self.assertEqual([need["since"] for need in system["needs"]], ["4.0.0", None])
        self.assertIn("bootloader/0 >= 1101 (4.0.0), ncp_firmware/0 >= 7",
                      self.run_program("show", "4.0.2", "-p", "tracker").out)

    def test_tells_needs_that_are_not_known_from_none(self):
        modules = {module["slot"]: module["needs"] for module in self.show("1.4.0", "argon")["modules"]}
        self.assertIsNone(modules["radio_stack/0"])
        self.assertEqual(modules["bootloader/0"], [])

    def test_tells_what_a_release_lacks_and_where_it_comes_from(self):
        self.assertEqual(self.show("0.9.0", "boron")["missing"],
                         [{"slot": "radio_stack/0", "name": "softdevice", "older": None}])
        added = {"type": "osbundle-release", "schema": 1, "version": "5.3.3", "channel": None, "lts": False,
                 "prerelease": False, "platforms": {"boron": {"modules": [
                     {"slot": "system_part/1", "file": "boron-system-part1@5.3.3.bin", "version": 5303,
                      "dependencies": []}]}}}
        self.write("own/releases/5.3.3.json", json.dumps(added).encode())
        shown = self.run_program("show", "5.3.3", "-p", "boron", OSBUNDLE_MANIFESTS=self.path("own")).out
        self.assertIn("radio_stack/0 (softdevice) is not in it: it is taken from 5.3.2", shown)
        self.assertIn("Device OS 5.3.3 for boron: channel unknown", shown)

    def test_says_whether_it_is_cached_and_where_from(self):
        self.make("p2@5.3.1")
        self.assertFalse(self.show("5.3.1", "p2")["cached"])
        self.run_program("fetch", "5.3.1", "-p", "p2")
        cached = self.show("5.3.1", "p2")
        self.assertTrue(cached["cached"])
        self.assertTrue(all(module["from"].startswith(self.path("site")) for module in cached["modules"]))
        self.assertEqual(cached["pinned"], 0)  # synthetic modules are nobody's


class Words(ReleaseTest):
    def test_name_the_newest_for_a_platform(self):
        for words, platform, version in (("latest", "p2", "6.3.4"), ("latest", "tracker", "6.1.1"),
                                         ("lts", "photon", "2.3.1"), ("5.3", "p2", "5.3.2"),
                                         ("5", "boron", "5.9.0"), ("v5.3.1", "p2", "5.3.1")):
            self.assertEqual(self.show(words, platform)["version"], version)

    def test_name_pre_releases_only_when_asked_to(self):
        self.assertEqual(self.show("3", "p2", "--prerelease")["version"], "3.2.1-p2.3")
        self.assertIn("newest for p2 is 6.3.4", self.refusal("show", "3", "-p", "p2", "--offline"))

    def test_that_name_nothing_lead_to_the_nearest(self):
        for words, platform, nearest in (
                ("5.3.9", "p2", "no such release; newest 5.3.x for p2 is 5.3.2"),
                ("5.33.1", "p2", "no such release; newest 5.x for p2 is 5.9.0"),
                ("77", "p2", "no such release; newest for p2 is 6.3.4"),
                ("5.3.1", "photon", "was not made for photon; newest for it is 3.3.1"),
                ("lts", "xenon", "there is no LTS release for xenon; newest for it is 1.5.2")):
            self.assertEqual(self.refusal("show", words, "-p", platform, "--offline"), f"{words}: {nearest}")

    def test_that_no_source_has_lead_to_the_nearest_too(self):
        self.make("p2@5.3.1")
        self.assertEqual(self.refusal("fetch", "5.3.9", "-p", "p2"),
                         "5.3.9: no such release; newest 5.3.x for p2 is 5.3.2")

    def test_name_releases_of_the_cache_and_of_sources_that_the_catalog_does_not_know(self):
        self.make("p2@5.9.0")
        site = Path(self.path("site"))
        for path in list(site.rglob("*@5.9.0.bin")):
            path.rename(path.with_name(path.name.replace("5.9.0", "7.0.1")))
        fetched = self.run_program("fetch", "7", "-p", "p2", "--json").last
        self.assertEqual([release["version"] for release in fetched["releases"]], ["7.0.1"])
        self.source = None
        self.assertEqual(self.show("7.0", "p2", "--offline")["version"], "7.0.1")
        self.assertEqual(self.show("latest", "p2", "--offline")["version"], "6.3.4")


class List(ReleaseTest):
    def test_shows_what_is_cached(self):
        self.assertEqual(self.valid("list")["releases"], [])
        self.make("p2@5.3.1", "boron@4.0.2")
        self.run_program("fetch", "5.3.1", "-p", "p2")
        self.run_program("fetch", "4.0.2", "-p", "boron", code=4)  # the catalog pins others
        release, = self.valid("list")["releases"]
        self.assertEqual((release["version"], release["channel"], release["pinned"]), ("5.3.1", "ga", 0))
        self.assertRegex(self.run_program("list").out, r"5\.3\.1 +p2 +release +3 +0 ")

    def test_shows_what_sources_offer_with_what_the_catalog_knows(self):
        self.make("p2@6.3.4", "photon@3.3.1")
        self.run_program("fetch", "6.3.4", "-p", "p2", code=None)
        offered = {release["version"]: release for release in self.valid("list", "--remote")["releases"]}
        self.assertEqual(list(offered), ["6.3.4", "3.3.1"])
        self.assertIn("photon", offered["3.3.1"]["latest_for"])
        self.assertEqual(offered["6.3.4"]["channel"], "lts")
        self.assertRegex(self.run_program("list", "--remote").out, r"3\.3\.1 +release +- +photon p1 electron")


class Manifests(ReleaseTest):
    def own(self, **files):
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            self.write(f"own/{name.replace('__', '/')}.json", text.encode())
        return {"OSBUNDLE_MANIFESTS": self.path("own")}

    def release(self, **changed):
        module = {"slot": "system_part/1", "file": "p2-system-part1@5.3.1.bin", "version": 5399, "dependencies": []}
        return {"type": "osbundle-release", "schema": 1, "version": "5.3.1", "channel": "ga", "lts": False,
                "prerelease": False, "platforms": {"p2": {"modules": [module | changed]}}}

    def test_take_the_place_of_built_in_ones(self):
        own = self.own(releases__any=self.release())
        shown = self.run_program("show", "5.3.1", "-p", "p2", "--json", **own).json
        self.assertEqual([module["version"] for module in shown["modules"]], [5399])

    def test_add_platforms(self):
        board = json.loads((MANIFESTS.parent / "platforms" / "p2.json").read_text(encoding="utf-8"))
        board |= {"id": 77, "name": "ours", "display_name": "Ours"}
        board["usb"] |= {"product": "0xc04d", "dfu_product": "0xd04d"}
        own = self.own(platforms__ours=board,
                       releases__new=self.release() | {"version": "9.0.0", "platforms": {"ours": {"modules": [
                           {"slot": "system_part/1", "file": "ours-system-part1@9.0.0.bin", "version": 9000,
                            "dependencies": None}]}}})
        self.assertIn("Device OS 9.0.0 for ours: ga, the latest",
                      self.run_program("show", "latest", "-p", "ours", **own).out)

    def test_that_are_wrong_are_named(self):
        for content, message in (("{", "not valid JSON"), (self.release(version=-1), "version"),
                                 (self.release() | {"type": "other"}, "not a release manifest"),
                                 (self.release() | {"platforms": {"p3": {"modules": []}}}, "no platform p3")):
            own = self.own(releases__bad=content)
            refused = self.run_program("show", "5.3.1", "-p", "p2", code=4, **own)
            lines = refused.err.splitlines()
            self.assertEqual(len(lines), 2, lines)
            self.assertIn("own/releases/bad.json: ", lines[0])
            self.assertIn(message, lines[0])

    def test_in_a_folder_that_is_not_there_are_an_error(self):
        refused = self.run_program("list", code=3, OSBUNDLE_MANIFESTS=self.path("nowhere"))
        self.assertIn("there is no such folder of manifests", refused.err)


if __name__ == "__main__":
    unittest.main()
