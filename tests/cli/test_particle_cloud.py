#!/usr/bin/env python3
"""Particle's cloud API as a source, and answers of it that are wrong."""

import json
import os
import unittest

from particle_cloud import ParticleCloud, module
from program import ProgramTest


class CloudTest(ProgramTest):
    made = {}  # board -> modules, for all tests

    def modules(self, board):
        """Synthetic modules of a release, as the cloud has them."""
        if board not in self.made:
            folder = self.path("made", board)
            self.run_program("sim", "release", board, folder)
            told = self.run_program("inspect", "--json",
                                    *(os.path.join(folder, name) for name in os.listdir(folder)))
            modules = []
            for one in told.json:
                with open(os.path.join(folder, one["file"]), "rb") as file:
                    modules.append(module(file.read(), one))
            self.made[board] = modules
        return self.made[board]

    def cloud(self, *boards, **settings):
        cloud = ParticleCloud(**settings)
        for version in sorted({board.split("@")[1] for board in boards}):
            cloud.add_release(version, [json_copy(one) for board in boards
                                        if board.endswith(version)
                                        for one in self.modules(board)])
        return self.enterContext(cloud)

    def fetch(self, cloud, version="5.3.1", platform="p2", code=0, **variables):
        return self.run_program("fetch", version, "-p", platform, "--source", cloud.url,
                                code=code, **variables)

    def told(self, cloud, name, version="5.3.1"):
        """The cloud's own entry for a module, to be changed."""
        return next(entry for entry in cloud.releases[version]["modules"]
                    if entry["filename"] == name)


def json_copy(one):
    content, told = one
    return content, json.loads(json.dumps(told))


class Releases(CloudTest):
    def test_a_release_is_fetched_for_the_platform_that_is_asked_for(self):
        cloud = self.cloud("p2@5.3.1", "boron@5.3.1")
        self.fetch(cloud)
        self.assertIn(("/v1/device-os/versions/5.3.1?platform_id=32", ""), cloud.requests)
        with open(self.path("cache/releases/5.3.1/p2.json"), encoding="utf-8") as file:
            modules = json.load(file)["modules"]
        self.assertEqual(sorted(modules), ["bootloader/0", "bootloader/2", "system_part/1"])
        self.assertEqual(modules["bootloader/0"]["from"],
                         f"{cloud.origin}/v1/firmware/device-os/v5.3.1/p2-bootloader%405.3.1.bin")

    def test_what_it_has_not_is_not_found(self):
        cloud = self.cloud("p2@5.3.1")
        self.assert_two_line_error(self.fetch(cloud, "5.3.0", code=3), "5.3.0", "p2")
        self.assert_two_line_error(self.fetch(cloud, platform="boron", code=3), "5.3.1", "boron")

    def test_its_releases_are_listed(self):
        cloud = self.cloud("p2@5.3.0", "p2@5.3.1")
        cloud.releases["6.0.0-rc.1"] = {"version": "6.0.0-rc.1", "release_state": "archived"}
        listed = self.run_program("list", "--remote", "--source", cloud.url, "--json").json
        self.assertEqual([(one["version"], one["prerelease"]) for one in listed["releases"]],
                         [("6.0.0-rc.1", True), ("5.3.1", False), ("5.3.0", False)])

    def test_what_a_release_lacks_comes_from_an_older_one(self):
        cloud = self.cloud("boron@5.3.0", "boron@5.3.1")
        cloud.releases["5.3.1"]["modules"].remove(self.told(cloud, "boron-softdevice@5.3.1.bin"))
        self.assertIn("taken from 5.3.0", self.fetch(cloud, platform="boron").out)

    def test_the_token_goes_to_the_api_and_not_to_files(self):
        cloud = self.cloud("p2@5.3.1", token="secret")
        self.fetch(cloud, PARTICLE_TOKEN="secret", GITHUB_TOKEN="another")
        self.assertEqual({(path.startswith("/v1/firmware/"), authorization)
                          for path, authorization in cloud.requests},
                         {(False, "Bearer secret"), (True, "")})

    def test_a_missing_token_is_told(self):
        result = self.fetch(self.cloud("p2@5.3.1", token="secret"), code=6)
        self.assert_two_line_error(result, "401")
        self.assertIn("token", result.err.splitlines()[-1])


class WrongAnswers(CloudTest):
    NAME = "p2-bootloader@5.3.1.bin"

    def setUp(self):
        super().setUp()
        self.api = self.cloud("p2@5.3.1")

    def assert_stopped(self, *parts, code=4):
        self.assert_two_line_error(self.fetch(self.api, code=code), *parts)
        self.assertEqual(self.cached_objects(), [])

    def test_each_promise_is_held_against_what_arrives(self):
        for where, member, value, what in (
                ("crc", None, {"storedCrc": "12345678", "actualCrc": "12345678"}, "CRC-32"),
                ("suffixInfo", "fwUniqueId", "ab" * 32, "SHA-256 in the suffix"),
                ("prefixInfo", "moduleVersion", 2102, "number"),
                ("prefixInfo", "moduleIndex", 1, "index"),
                ("prefixInfo", "moduleFunction", "system-part", "function"),
                ("prefixInfo", "depModuleVersion", 6, "dependency")):
            with self.subTest(member=member):
                told = self.told(self.api, self.NAME)
                before = json.loads(json.dumps(told))
                if member:
                    told[where][member] = value
                else:
                    told[where] = value
                self.assert_stopped(self.NAME, what)
                told.clear()
                told.update(before)

    def test_promises_that_are_broken_themselves_are_told(self):
        for where, member, value in (("crc", "storedCrc", "xyz"), ("crc", "actualCrc", "00000000"),
                                     ("suffixInfo", "fwUniqueId", "short")):
            told = self.told(self.api, self.NAME)
            before, told[where][member] = told[where][member], value
            self.assert_stopped("the listing is broken", self.NAME)
            told[where][member] = before

    def test_what_it_does_not_tell_is_not_missed(self):
        told = self.told(self.api, self.NAME)
        del told["crc"], told["suffixInfo"]
        told["prefixInfo"] = {"moduleFunction": ["bootloader"], "platformID": 32}
        self.fetch(self.api)

    def test_names_that_lead_elsewhere_are_refused(self):
        told = self.told(self.api, self.NAME)
        for name in ("../p2-bootloader@5.3.1.bin", "a/b", "", "x\n\x1b[2J", "n" * 300, 7):
            told["filename"] = name
            self.assert_stopped("the listing is broken")

    def test_a_file_that_is_listed_twice_is_refused(self):
        self.api.releases["5.3.1"]["modules"].append(self.told(self.api, self.NAME))
        self.assert_stopped(self.NAME, "twice")

    def test_far_too_many_files_are_refused(self):
        self.api.releases["5.3.1"]["modules"] += [{"filename": f"{n}.bin"} for n in range(9000)]
        self.assert_stopped("far more files")

    def test_an_answer_about_another_release_is_refused(self):
        self.api.releases["5.3.1"]["version"] = "5.3.0"
        self.assert_stopped("another release")

    def test_a_base_url_that_is_none_is_refused(self):
        for base in ("", "nowhere", 7, None, self.api.origin + "/x?y="):
            self.api.releases["5.3.1"]["base_url"] = base
            self.assert_stopped("base_url")
        self.api.releases["5.3.1"]["base_url"] = "http://192.0.2.1/firmware"
        self.assert_stopped("192.0.2.1", code=5)

    def test_members_of_other_types_are_no_crash(self):
        for value in (7, "text", {}, [7, None, "text", []], None):
            self.api.releases["5.3.1"]["modules"] = value
            self.fetch(self.api, code=None)
        self.assertEqual(self.cached_objects(), [])

    def test_pages_that_go_in_circles_end(self):
        page = {"versions": [{"version": "5.3.1"}, {"version": 7}, 7]}
        self.api.pages = [page]
        listed = self.run_program("list", "--remote", "--source", self.api.url, "--json").json
        self.assertEqual([one["version"] for one in listed["releases"]], ["5.3.1"])
        self.assertEqual(len(self.api.requests), 2)
        self.api.pages = [page, {"versions": [{"version": "5.3.0"}]}] * 1000
        self.run_program("list", "--remote", "--source", self.api.url)
        self.assertLess(len(self.api.requests), 30)

    def test_a_list_that_is_none_is_told(self):
        for page in ({"versions": {}}, [], {"versions": [{"version": f"1.{n}.0"}
                                                         for n in range(17000)]}):
            self.api.pages = [page]
            self.run_program("list", "--remote", "--source", self.api.url, code=4)

    def test_a_wrong_address_is_a_usage_error(self):
        for url in ("particle+https://api.particle.io", "particle+https://api.particle.io/v1?x=1",
                    "particle+https://a:b@host/v1", "particle+ftp://host/v1"):
            self.run_program("fetch", "5.3.1", "-p", "p2", "--source", url, code=2)


if __name__ == "__main__":
    unittest.main()
