#!/usr/bin/env python3
"""mirror: a folder that any web server can serve, added to while it is read."""

import json
import os
import shutil
import unittest

import kits
from program import ProgramTest
from release_site import ReleaseSite


class Mirror(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("sim", "release", "p2@5.3.1", "p2")
        self.run_program("sim", "release", "p2@5.6.0", "newer")

    def mirror(self, *words, folder="mirror", source="p2", code=0):
        return self.run_program("mirror", folder, *words, "--source", source, code=code)

    def add(self, version="5.3.1", source="p2", **more):
        return self.mirror(version, "-p", "p2", source=source, **more)

    def index(self, folder="mirror"):
        with open(self.path(folder, "index.json"), encoding="utf-8") as file:
            return json.load(file)

    def objects(self, folder="mirror"):
        return [name for name in self.files_below(folder) if name.startswith("objects/")]

    def fetch(self, source, version="5.3.1", code=0, cache="client"):
        return self.run_program("fetch", version, "-p", "p2", "--source", source, "--cache", cache, code=code)


class Making(Mirror):
    def test_it_is_an_index_and_each_file_by_its_hash(self):
        self.add()
        index = self.index()
        self.assertEqual((index["type"], index["role"], index["version"]), ("osbundle-index", "mirror", 1))
        modules = index["releases"][0]["modules"]
        self.assertEqual(list(modules), ["bootloader/0", "bootloader/2", "system_part/1"])
        expected = []
        for module in modules.values():
            with open(self.path("p2", module["file"]), "rb") as file:
                expected.append(kits.object_name(file.read()))
        self.assertEqual(self.objects(), sorted(expected))
        self.assertEqual(oct(os.stat(self.path("mirror", expected[0])).st_mode & 0o777), "0o444")

    def test_only_what_is_new_is_written_and_what_was_there_stays(self):
        self.add()
        before = {name: os.stat(self.path("mirror", name)).st_mtime_ns for name in self.objects()}
        told = self.run_program("mirror", "mirror", "5.6.0", "-p", "p2", "--source", "newer", "--json").json
        self.assertEqual((told["type"], told["version"], told["added_objects"]), ("osbundle-mirror", 2, 3))
        for name, time in before.items():
            self.assertEqual(os.stat(self.path("mirror", name)).st_mtime_ns, time)
        self.assertEqual([entry["version"] for entry in self.index()["releases"]], ["5.3.1", "5.6.0"])

    def test_with_nothing_to_add_nothing_changes(self):
        self.add()
        before = os.stat(self.path("mirror/index.json"))
        self.assertIn("nothing to add", self.add().out)
        after = os.stat(self.path("mirror/index.json"))
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))

    def test_a_file_that_was_damaged_is_put_right(self):
        self.add()
        path = self.path("mirror", self.objects()[0])
        with open(path, "rb") as file:
            whole = file.read()
        os.chmod(path, 0o644)
        with open(path, "wb") as file:
            file.write(whole[:-1] + b"\0")
        self.assert_two_line_error(self.fetch("mirror", code=4), "p2-")
        self.add()
        self.fetch("mirror")

    def test_a_release_never_changes(self):
        self.add()
        index = self.index()
        modules = index["releases"][0]["modules"]
        modules["bootloader/0"]["sha256"] = modules["bootloader/2"]["sha256"]
        modules["bootloader/0"]["size"] = modules["bootloader/2"]["size"]
        self.write("mirror/index.json", json.dumps(index).encode())
        self.assert_two_line_error(self.add(code=4), "p2-bootloader@5.3.1.bin", "another file")

    def test_prune_removes_what_is_not_listed_and_nothing_else(self):
        self.add()
        self.write("mirror/objects/sha256/ab/" + "c" * 62, b"old")
        self.write("mirror/objects/sha256/ab/README", b"mine")
        self.write("mirror/robots.txt", b"mine")
        self.write("mirror/signatures/" + "a" * 64 + ".minisig", b"old")
        self.write("mirror/index.json.1.tmp", b"half")
        listed = set(self.objects())
        told = self.run_program("mirror", "mirror", "--prune", "--json").json
        self.assertEqual((told["changed"], told["removed_files"]), (False, 3))
        self.assertEqual(set(self.objects()), listed - {"objects/sha256/ab/" + "c" * 62})
        self.assertTrue(os.path.exists(self.path("mirror/robots.txt")))
        self.fetch("mirror")

    def test_other_folders_are_left_alone(self):
        self.assert_two_line_error(self.add(folder="p2", code=5), "is no mirror")
        self.assert_two_line_error(self.mirror(code=2), "name a release")
        self.run_program("bundle", "export", "5.3.1", "-p", "p2", "-o", "kit.zip", "--source", "p2")
        shutil.unpack_archive(self.path("kit.zip"), self.path("unpacked"))
        self.assert_two_line_error(self.add(folder="unpacked", code=5), "an unpacked bundle")
        self.write("broken/index.json", b"<html>")
        self.assert_two_line_error(self.add(folder="broken", code=4), "broken/index.json")

    def test_without_a_platform_it_is_for_all_that_have_the_release(self):
        result = self.mirror("5.3.1", code=3)
        self.assert_two_line_error(result, "5.3.1")
        self.assertFalse(os.path.exists(self.path("mirror/index.json")))
        self.assert_two_line_error(self.mirror("9.9.9", code=3), "9.9.9")


class Using(Mirror):
    def test_a_folder_is_a_source(self):
        self.add()
        for number, source in enumerate(("mirror", "file://" + self.path("mirror"), self.path("mirror/"))):
            self.fetch(source, cache=f"client-{number}")
        shown = self.run_program("list", "--remote", "--source", "mirror", "--json").json
        self.assertEqual([entry["version"] for entry in shown["releases"]], ["5.3.1"])
        self.assert_two_line_error(self.fetch("mirror", version="5.6.0", code=3), "5.6.0")

    def test_an_unpacked_bundle_is_one_too(self):
        self.run_program("bundle", "export", "5.3.1", "-p", "p2", "-o", "kit.zip", "--source", "p2")
        shutil.unpack_archive(self.path("kit.zip"), self.path("unpacked"))
        self.fetch("unpacked")

    def test_it_is_served_by_a_web_server(self):
        site = ReleaseSite(self.path("site"))
        self.add(folder="site/www/releases")
        with site:
            url = f"mirror+{site.origin}/releases"
            self.fetch(url)
            self.assertEqual(len(site.requests("/releases/objects/")), 3)
            record = self.path("client/releases/5.3.1/p2.json")
            with open(record, encoding="utf-8") as file:
                self.assertIn(f"{site.origin}/releases/objects/", file.read())
            self.run_program("sim", "new", "p2@5.3.0", "board")
            report = self.run_program("restore", "5.3.1", "--sim", "board", "--yes", "--json",
                                      "--source", url, "--cache", "bench").last
            self.assertEqual(report["outcome"], "done")

    def test_what_a_server_may_answer_instead(self):
        site = ReleaseSite(self.path("site"))
        self.add(folder="site/www/releases")
        shutil.copytree(self.path("site/www/releases"), self.path("site/www/damaged"))
        for name in self.objects("site/www/damaged"):
            os.chmod(self.path("site/www/damaged", name), 0o644)
            with open(self.path("site/www/damaged", name), "r+b") as file:
                file.write(b"\xff" * 9)
        site.answer("/page/index.json", 200, body="<!DOCTYPE html>")
        site.answer("/other/index.json", 200, body='{"releases": []}')
        with site:
            for path, code in (("/nowhere", 3), ("/page", 6), ("/other", 4), ("/damaged", 4)):
                self.fetch(f"mirror+{site.origin}{path}", code=code)
                self.assertEqual([name for name in self.files_below("client") if name.startswith("releases/")], [])

    def test_it_may_be_added_to_while_it_is_read(self):
        site = ReleaseSite(self.path("site"))
        self.add(folder="site/www/releases")
        with site:
            url = f"mirror+{site.origin}/releases"
            self.fetch(url)
            self.add("5.6.0", "newer", folder="site/www/releases")
            self.fetch(url, version="5.6.0")
            self.fetch(url, cache="another")

    def test_plain_http_is_for_this_machine_unless_allowed(self):
        self.assert_two_line_error(self.fetch("mirror+http://192.0.2.1/x", code=5), "192.0.2.1")
        self.fetch("mirror+ftp://192.0.2.1/x", code=2)
        self.fetch("mirror+https://192.0.2.1/x?y", code=2)
        result = self.run_program("fetch", "5.3.1", "-p", "p2", "--source", "mirror+https://192.0.2.1/x",
                                  "--offline", code=6)
        self.assert_two_line_error(result, "offline")


if __name__ == "__main__":
    unittest.main()
