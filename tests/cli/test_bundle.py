#!/usr/bin/env python3
"""bundle: one file with everything that a bench needs, the same bytes for the same content."""

import hashlib
import json
import os
import tarfile
import unittest

import kits
from program import ProgramTest

APP = "p2/p2-tinker@5.3.1.bin"


class Bundle(ProgramTest):
    """Starts with a release folder and a bundle of it, with a lock and an application."""

    def setUp(self):
        super().setUp()
        self.run_program("sim", "release", "p2@5.3.1", "p2")
        self.source = self.path("p2")
        self.run_program("lock", "5.3.1", "-p", "p2", "--app", APP, "-o", "osbundle.lock")

    def export(self, name, *words, code=0, **variables):
        return self.run_program("bundle", "export", "5.3.1", "-p", "p2", *words, "-o", name, code=code,
                                **variables)

    def bundle(self, name="kit.tar.zst"):
        """A bundle that has everything."""
        self.export(name, "--lock", "osbundle.lock", "--app", APP)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def assert_nothing_kept(self, cache="empty"):
        kept = [name for name in self.files_below(cache) if name.startswith(("objects/", "releases/"))]
        self.assertEqual(kept, [])

    def refuse(self, name, content, *parts, code=4):
        """The file is refused by verify and import alike, and nothing of it is kept."""
        path = self.write(name, content)
        for verb in ("verify", "import"):
            result = self.run_program("bundle", verb, path, "--cache", "empty", code=code)
            self.assert_two_line_error(result, *parts)
        self.assert_nothing_kept()


class Exporting(Bundle):
    def test_the_same_content_gives_the_same_bytes(self):
        os.makedirs(self.path("elsewhere", "home"))
        for name in ("kit.tar.zst", "kit.zip"):
            self.bundle(name)
            words = [os.environ["OSBUNDLE"], "bundle", "export", "-o", f"elsewhere/{name}", "--app",
                     self.path(APP), "--lock", self.path("osbundle.lock"), "-p", "p2", "5.3.1"]
            self.run_words(["sh", "-c", 'umask 077; exec "$@"', "sh", *words], 0,
                           TZ="Pacific/Kiritimati", HOME=self.path("elsewhere", "home"), USER="somebody",
                           LC_ALL="C", OSBUNDLE_CACHE=self.path("elsewhere", "cache"),
                           SOURCE_DATE_EPOCH="1700000000")
            self.assertEqual(self.read(name), self.read(f"elsewhere/{name}"), name)

    def test_the_order_of_words_does_not_matter(self):
        self.run_program("sim", "release", "p2@5.6.0", "newer")
        sources = ("--source", "p2", "--source", "newer")
        for name, versions in (("a.zip", ("5.3.1", "5.6.0")), ("b.zip", ("5.6.0", "5.3.1", "5.6.0"))):
            self.run_program("bundle", "export", *versions, "-p", "p2", "-o", name, *sources)
        self.assertEqual(self.read("a.zip"), self.read("b.zip"))

    def test_its_members_are_the_index_and_then_each_content_by_its_hash(self):
        for name in ("kit.tar.zst", "kit.zip"):
            members = kits.read(self.bundle(name))
            self.assertEqual(members[0][0], "index.json")
            contents = [content for _, content in members[1:]]
            self.assertEqual([member for member, _ in members[1:]],
                             sorted(kits.object_name(content) for content in contents))
            self.assertIn(self.read(APP), contents)
            self.assertIn(self.read("osbundle.lock"), contents)

    def test_members_have_no_owner_and_no_time(self):
        plain = self.path("kit.tar")
        self.run_words(["zstd", "-qd", self.bundle(), "-o", plain], 0)
        with tarfile.open(plain) as archive:
            for info in archive.getmembers():
                self.assertEqual((info.uid, info.gid, info.uname, info.gname, info.mtime, info.mode),
                                 (0, 0, "", "", 0, 0o444), info.name)

    def test_the_index_is_canonical_json(self):
        text = kits.read(self.bundle())[0][1].decode()
        index = json.loads(text)
        self.assertEqual(json.dumps(index, indent=2) + "\n", text)
        self.assertEqual(list(index),
                         ["type", "schema", "role", "releases", "platforms", "locks", "applications"])
        self.assertEqual(index["releases"][0]["modules"]["bootloader/0"]["file"],
                         "p2-bootloader@5.3.1.bin")

    def test_a_lock_alone_says_what_is_to_be_in_it(self):
        self.run_program("bundle", "export", "--lock", "osbundle.lock", "--app", APP, "-o", "kit.zip")
        self.assertEqual(self.read("kit.zip"), self.read(self.bundle("other.zip")))

    def test_what_a_lock_pins_has_to_be_in_it(self):
        result = self.export("kit.zip", "--lock", "osbundle.lock", "--cache", "other", code=3)
        self.assert_two_line_error(result, "p2-tinker@5.3.1.bin", "pinned by the lock")
        lock = json.loads(self.read("osbundle.lock"))
        lock["modules"]["bootloader/0"]["sha256"] = "0" * 64
        self.write("other.lock", json.dumps(lock).encode())
        result = self.export("kit.zip", "--lock", "other.lock", "--app", APP, code=4,
                             XDG_STATE_HOME=self.path("state"))
        self.assert_two_line_error(result, "p2-bootloader@5.3.1.bin", "other.lock")
        self.assertFalse(os.path.exists(self.path("kit.zip")))

    def test_an_application_has_to_be_for_one_of_the_boards(self):
        self.run_program("sim", "release", "argon@4.0.2", "other")
        result = self.export("kit.zip", "--app", "other/argon-tinker@4.0.2.bin", code=5)
        self.assert_two_line_error(result, "none of the boards")
        self.assert_two_line_error(self.export("kit.zip", "--app", "osbundle.lock", code=4), "osbundle.lock")

    def test_what_is_missing_on_the_command_line_is_told(self):
        self.assert_two_line_error(self.export("kit.tar.gz", code=2), "kit.tar.gz")
        for words in (("export", "5.3.1", "-o", "kit.zip"), ("export", "-p", "p2", "-o", "kit.zip"),
                      ("export", "5.3.1", "-p", "p2"), ("import",), ("verify", "a", "b"), ("unpack", "a"),
                      ("info", "kit.zip", "-o", "out")):
            self.run_program("bundle", *words, code=2)
        self.assert_two_line_error(self.export("missing/kit.zip", code=None), "missing/kit.zip")
        self.assertEqual([name for name in os.listdir(self.folder) if ".tmp" in name], [])


class Importing(Bundle):
    def test_everything_gets_into_the_cache(self):
        for name in ("kit.tar.zst", "kit.zip"):
            path = self.bundle(name)
            self.run_program("bundle", "import", path, "--cache", name + "-cache")
            objects = {file for file in self.files_below(name + "-cache") if file.startswith("objects/")}
            self.assertEqual(objects, {member for member, _ in kits.read(path)[1:]})
            self.source = self.path("nowhere")
            shown = self.run_program("verify", "5.3.1", "--cache", name + "-cache").out
            self.assertIn("p2-system-part1@5.3.1.bin", shown)
            self.source = self.path("p2")

    def test_the_record_says_where_it_is_from(self):
        self.run_program("bundle", "import", self.bundle(), "--cache", "new")
        record = json.loads(self.read("new/releases/5.3.1/p2.json"))
        self.assertEqual(record["modules"]["bootloader/0"]["from"], "bundle:kit.tar.zst")

    def test_locks_and_applications_are_written_where_one_says(self):
        path = self.bundle()
        self.run_program("bundle", "import", path, "-o", "bench/files")
        self.assertEqual(self.read("bench/files/osbundle.lock"), self.read("osbundle.lock"))
        self.assertEqual(self.read("bench/files/p2-tinker@5.3.1.bin"), self.read(APP))
        self.run_program("bundle", "import", path, "-o", "bench/files")

    def test_no_other_file_is_overwritten(self):
        self.write("bench/osbundle.lock", b"precious")
        result = self.run_program("bundle", "import", self.bundle(), "-o", "bench", "--cache", "empty", code=5)
        self.assert_two_line_error(result, "bench/osbundle.lock")
        self.assertEqual(self.read("bench/osbundle.lock"), b"precious")
        self.assert_nothing_kept()

    def test_another_file_of_the_same_release_is_told(self):
        path = self.bundle()
        record = self.path("new/releases/5.3.1/p2.json")
        self.run_program("bundle", "import", path, "--cache", "new")
        kept = json.loads(self.read("new/releases/5.3.1/p2.json"))
        kept["modules"]["bootloader/0"]["sha256"] = kept["modules"]["system_part/1"]["sha256"]
        with open(record, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        result = self.run_program("bundle", "import", path, "--cache", "new", code=4)
        self.assert_two_line_error(result, "p2-bootloader@5.3.1.bin", "the cache holds another file")

    def test_a_bundle_can_be_used_in_place(self):
        for name in ("kit.tar.zst", "kit.zip"):
            self.source = self.bundle(name)
            self.run_program("fetch", "5.3.1", "-p", "p2", "--cache", name + "-cache", "--offline")
            shown = self.run_program("list", "--remote", "--json").json
            self.assertEqual([entry["version"] for entry in shown["releases"]], ["5.3.1"])
            self.run_program("sim", "new", "p2@5.3.0", f"board-{name}")
            report = self.run_program("restore", "5.3.1", "--sim", f"board-{name}", "--yes", "--json",
                                      "--cache", name + "-other").last
            self.assertEqual(report["outcome"], "done")
            self.assert_two_line_error(self.run_program("fetch", "5.3.0", "-p", "p2", code=3), "5.3.0")
            self.source = self.path("p2")

    def test_info_lists_what_is_in_it(self):
        told = self.run_program("bundle", "info", self.bundle(), "--json").json
        self.assertEqual((told["type"], told["schema"], told["objects"]), ("osbundle-bundle", 1, 6))
        self.assertEqual([entry["file"] for entry in told["locks"]], ["osbundle.lock"])
        self.assertEqual(told["applications"][0]["sha256"], hashlib.sha256(self.read(APP)).hexdigest())
        self.assertEqual((told["platforms"][0]["file"], told["platforms"][0]["here"]), ("p2.json", "same"))
        self.assertIn("5.3.1", self.run_program("bundle", "info", self.path("kit.tar.zst")).out)


class Hostile(Bundle):
    def setUp(self):
        super().setUp()
        self.members = kits.read(self.bundle())

    def test_an_honest_archive_of_other_tools_will_do(self):
        for name, content in (("a.tar.zst", kits.tar_zst(self.members)), ("a.zip", kits.make_zip(self.members))):
            self.run_program("bundle", "verify", self.write(name, content))

    def test_the_index_comes_first(self):
        first, *rest = self.members
        for members in ([*rest, first], rest, []):
            self.refuse("bad.tar.zst", kits.tar_zst(members), "first file in it is not index.json")
        self.refuse("bad.zip", kits.make_zip([*rest, first]), "first file in it is not index.json")

    def test_names_that_lead_elsewhere(self):
        for name in ("../../evil", "/etc/passwd", "objects/../../evil", "objects/sha256/zz/\x1b[2Jx"):
            for file, make in (("bad.tar.zst", kits.tar_zst), ("bad.zip", kits.make_zip)):
                self.refuse(file, make([*self.members, (name, b"x")]), "is not listed in its index")
        self.assertFalse(os.path.exists(self.path("evil")))

    def test_links_folders_and_devices(self):
        name, content = self.members[1]
        for fields in ({"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
                       {"type": tarfile.LNKTYPE, "linkname": "index.json"},
                       {"type": tarfile.CHRTYPE}, {"type": tarfile.FIFOTYPE}, {"type": tarfile.DIRTYPE}):
            info, _ = kits.tar_entry(name, b"", **fields)
            self.refuse("bad.tar.zst", kits.tar_zst([self.members[0], (info, b""), *self.members[2:]]),
                        "a link, a folder or a device")

    def test_members_twice_missing_out_of_place_or_too_many(self):
        first, one, two, *rest = self.members
        self.refuse("bad.tar.zst", kits.tar_zst([first, one, one, two, *rest]), "twice, or not in its place")
        self.refuse("bad.tar.zst", kits.tar_zst([first, two, one, *rest]), "twice, or not in its place")
        self.refuse("bad.tar.zst", kits.tar_zst([first, one, two, *rest[:-1]]), "1 of 6 files are missing")
        self.refuse("bad.tar.zst", kits.tar_zst([*self.members, rest[-1]]), "twice, or not in its place")
        self.refuse("bad.tar.zst", kits.tar_zst([*self.members, ("README", b"hello")]), "'README' in it is not listed")

    def test_contents_that_are_not_what_the_index_says(self):
        first, (name, content), *rest = self.members
        for changed, part in ((content + b"\0", "another size"), (content[:-1], "another size"),
                              (content[:-1] + b"\0", "does not have the bytes")):
            self.refuse("bad.tar.zst", kits.tar_zst([first, (name, changed), *rest]), part)
            self.refuse("bad.zip", kits.make_zip([first, (name, changed), *rest]))

    def test_a_bomb_is_stopped_at_the_first_byte_too_many(self):
        first, (name, _), *rest = self.members
        self.refuse("bad.zip", kits.make_zip([first, (name, bytes(300_000_000)), *rest]))
        self.refuse("bad.zip", kits.make_zip([("index.json", b" " * 5_000_000), *rest]), "larger than it may be")
        self.refuse("bad.tar.zst", kits.zstd(kits.tar(self.members), window=31), "memory to unpack")

    def test_an_index_that_is_none(self):
        def changes():
            yield lambda index: index.update(role="mirror", version=1), "mirror"
            yield lambda index: index.update(schema=2), "schema"
            yield lambda index: index.update(surprise=1), "not known"
            yield lambda index: index["releases"].append(index["releases"][0]), "twice"
            yield lambda index: index["releases"][0].update(version="../x"), "version"
            yield lambda index: index["releases"][0].update(platform=".."), "platform"
            yield lambda index: index["locks"][0].update(file="../x"), "plain name"
            yield lambda index: index["locks"][0].update(size=1 << 40), "size"
            yield lambda index: index["locks"][0].update(sha256="12"), "SHA-256"
            yield lambda index: index["locks"][0].update(size=1), "size"
            yield lambda index: index.update(releases={}), "releases"
        for change, part in changes():
            self.refuse("bad.tar.zst", kits.tar_zst(kits.with_index(self.members, change)), part)
        self.refuse("bad.tar.zst", kits.tar_zst([("index.json", b"<html>"), *self.members[1:]]), "JSON")

    def test_modules_pass_the_checks_of_a_download(self):
        def swap(index):
            modules = index["releases"][0]["modules"]
            modules["bootloader/0"], modules["bootloader/2"] = modules["bootloader/2"], modules["bootloader/0"]
        self.refuse("bad.tar.zst", kits.tar_zst(kits.with_index(self.members, swap)), "p2-")
        self.refuse("bad.tar.zst", kits.tar_zst(kits.with_index(
            self.members, lambda index: index["releases"][0].update(platform="argon"))), code=None)
        self.refuse("bad.tar.zst", kits.tar_zst(kits.with_index(
            self.members, lambda index: index["releases"][0].update(platform="toaster"))), "toaster", code=3)

    def test_a_release_that_lacks_a_module_needs_leave(self):
        digest = None

        def drop(index):
            nonlocal digest
            digest = index["releases"][0]["modules"].pop("bootloader/2")["sha256"]
            del index["locks"]
        members = kits.with_index(self.members, drop)
        lock = kits.object_name(self.read("osbundle.lock"))
        members = [member for member in members if member[0] != lock and digest[2:] not in member[0]]
        self.refuse("bad.tar.zst", kits.tar_zst(members), "bootloader/2 for p2 is missing", code=5)
        self.run_program("bundle", "verify", self.path("bad.tar.zst"), "--allow-incomplete")

    def test_a_bundle_that_is_cut_short(self):
        for name in ("kit.tar.zst", "kit.zip"):
            whole = self.read(self.bundle(name))
            for size in (0, 3, 40, len(whole) // 3, len(whole) * 9 // 10):
                self.refuse(f"cut-{name}", whole[:size], f"cut-{name}")

    def test_a_byte_that_changed_is_told_or_changes_nothing(self):
        for name in ("kit.tar.zst", "kit.zip"):
            whole = bytearray(self.read(self.bundle(name)))
            for place in (*range(5, 700, 99), *range(0, len(whole), len(whole) // 7)):
                whole[place] ^= 0x20
                self.write(f"flipped-{name}", whole)
                whole[place] ^= 0x20
                result = self.run_program("bundle", "import", f"flipped-{name}", "--cache", "flipped", code=None)
                self.assertIn(result.code, (0, 4), (name, place))
            found = self.files_below("flipped")
            for file in (name for name in found if name.startswith("objects/")):
                self.assertIn(file, {member for member, _ in self.members})

    def test_what_is_no_bundle_at_all(self):
        for content in (b"", b"PK", b"#!/bin/sh\n", b"PK\x05\x06" + bytes(18), b"\x28\xb5\x2f\xfd", bytes(1000)):
            self.refuse("bad.zip", content, "bad.zip")
        self.run_program("bundle", "import", self.path("p2"), code=2)
        self.run_program("bundle", "import", self.path("nowhere.zip"), code=3)


if __name__ == "__main__":
    unittest.main()
