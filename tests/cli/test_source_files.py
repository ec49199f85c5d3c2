#!/usr/bin/env python3
"""Releases in folders and archives on this machine: as release sites and other tools leave them, and
as nobody ought to."""

import io
import json
import os
import tarfile
import unittest
import zipfile

import genuine
from program import ProgramTest


class FilesTest(ProgramTest):
    made = {}  # board -> name -> content, for all tests

    def release(self, board):
        """Synthetic modules of a release: name -> content."""
        if board not in self.made:
            self.run_program("sim", "release", board, self.path("made", board))
            self.made[board] = {}
            for name in os.listdir(self.path("made", board)):
                with open(self.path("made", board, name), "rb") as file:
                    self.made[board][name] = file.read()
        return self.made[board]

    def restore_names(self, board):
        """The files as Device Restore calls them: system-part1.bin and so on."""
        return {name[name.index("-") + 1:name.index("@")] + ".bin": content
                for name, content in self.release(board).items()}

    def zip(self, name, files, method=zipfile.ZIP_DEFLATED):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with zipfile.ZipFile(self.path(name), "w", method) as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        return self.path(name)

    def tar(self, name, files, mode):
        with tarfile.open(self.path(name), mode) as archive:
            for path, content in files.items():
                entry = tarfile.TarInfo(path)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return self.path(name)

    def fetch(self, version, platform, source, code=0):
        return self.run_program("fetch", version, "-p", platform, "--source", source, code=code)

    def fetched(self, version, platform, source):
        """Slot -> what the record says, once the release was fetched into a new cache."""
        cache = self.path(f"cache-{len(os.listdir(self.folder))}")
        self.run_program("fetch", version, "-p", platform, "--source", source,
                         OSBUNDLE_CACHE=cache)
        with open(os.path.join(cache, "releases", version, f"{platform}.json"),
                  encoding="utf-8") as file:
            return json.load(file)["modules"]

    def listed(self, source):
        result = self.run_program("list", "--remote", "--source", source, "--json").json
        return [release["version"] for release in result["releases"]]


class Archives(FilesTest):
    def test_a_release_zip_is_a_source_with_and_without_folders(self):
        for place in ("", "p2/release/"):
            path = self.zip("particle_device-os@5.3.1+p2.zip",
                            {place + name: content
                             for name, content in self.release("p2@5.3.1").items()})
            files = self.fetched("5.3.1", "p2", path)
            self.assertEqual(sorted(files), ["bootloader/0", "bootloader/2", "system_part/1"])
            self.assertEqual(files["bootloader/0"]["from"],
                             f"{path}#{place}p2-bootloader@5.3.1.bin")
            self.assertEqual(self.listed(path), ["5.3.1"])

    def test_a_file_url_may_name_it(self):
        path = self.zip("my zip.zip", self.release("p2@5.3.1"))
        self.fetched("5.3.1", "p2", "file://" + path.replace(" ", "%20"))

    def test_what_else_is_in_it_is_passed_over(self):
        files = dict(self.release("p2@5.3.1"))
        files["p2-system-part1@5.3.1.elf"] = bytes(20_000_000)
        files["p2-bootloader@5.3.1+debug.bin"] = bytes(20_000_000)
        files["README"] = b"text"
        self.fetched("5.3.1", "p2", self.zip("all.zip", files))

    def test_tar_archives_are_sources_too(self):
        files = {"./5.3.1/" + name: content for name, content in self.release("p2@5.3.1").items()}
        for ending, mode in ((".tar", "w"), (".tar.gz", "w:gz"), (".tgz", "w:gz"),
                             (".tar.xz", "w:xz"), (".tar.bz2", "w:bz2")):
            with self.subTest(ending=ending):
                path = self.tar("release" + ending, files, mode)
                self.assertEqual(len(self.fetched("5.3.1", "p2", path)), 3)

    def test_a_device_restore_zip_is_told_by_its_headers(self):
        for name in ("5.3.1/p2.zip", "p2.zip"):  # by its folder, or else by the catalog
            path = self.zip(name, self.restore_names("p2@5.3.1"))
            files = self.fetched("5.3.1", "p2", path)
            self.assertEqual(files["bootloader/2"]["file"], "p2-prebootloader-part1@5.3.1.bin")
            self.assertEqual(self.listed(path), ["5.3.1"])

    def test_electron_parts_go_where_their_headers_say(self):
        files = self.fetched("3.3.1", "electron",
                             self.zip("electron.zip", self.restore_names("electron@3.3.1")))
        self.assertEqual({slot: file["file"] for slot, file in files.items()}, {
            "bootloader/0": "electron-bootloader@3.3.1+lto.bin",
            "system_part/3": "electron-system-part1@3.3.1.bin",
            "system_part/1": "electron-system-part2@3.3.1.bin",
            "system_part/2": "electron-system-part3@3.3.1.bin"})

    def test_a_release_that_no_catalog_knows_is_told_by_the_folder(self):
        files = self.fetched("77.1.0", "p2",
                             self.zip("77.1.0/p2.zip", self.restore_names("p2@5.3.1")))
        self.assertEqual(files["system_part/1"]["file"], "p2-system-part1@77.1.0.bin")

    def test_what_a_release_never_had_is_not_missed(self):
        path = self.zip("old.zip", self.release("boron@0.9.0"))
        self.assertEqual(sorted(self.fetched("0.9.0", "boron", path)),
                         ["bootloader/0", "system_part/1"])

    def test_another_release_is_not_in_it(self):
        self.fetch("5.3.0", "p2", self.zip("p2.zip", self.release("p2@5.3.1")), code=3)


class BadArchives(FilesTest):
    def assert_refused(self, source, code, *parts):
        self.assert_two_line_error(self.fetch("5.3.1", "p2", source, code=code), *parts)

    def test_what_is_none_is_said(self):
        self.assert_refused(self.write("a.zip", b"no archive"), 4, "a.zip")
        self.assert_refused(self.write("a.tar.gz", b"no archive"), 4, "a.tar.gz")
        self.assert_refused(self.write("a.txt", b"text"), 2, "a.txt")

    def test_one_that_is_cut_short_is_refused(self):
        for name in ("p2.zip", "p2.tgz"):
            path = self.zip(name, self.release("p2@5.3.1")) if name.endswith("zip") \
                else self.tar(name, self.release("p2@5.3.1"), "w:gz")
            with open(path, "r+b") as file:
                file.truncate(os.path.getsize(path) * 2 // 3)
            self.assert_refused(path, 4, name)

    def test_names_that_lead_elsewhere_are_refused(self):
        for name in ("../p2-bootloader@5.3.1.bin", "/p2-bootloader@5.3.1.bin", "a/../../b.bin"):
            self.assert_refused(self.zip("a.zip", {name: b"x"}), 5, "b")
            self.assert_refused(self.tar("a.tar", {name: b"x"}, "w"), 5, "b")

    def test_a_link_in_the_place_of_a_module_is_refused(self):
        with tarfile.open(self.path("a.tar"), "w") as archive:
            entry = tarfile.TarInfo("p2-bootloader@5.3.1.bin")
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(entry)
        self.assert_refused(self.path("a.tar"), 5, "link")

    def test_what_unpacks_to_far_too_much_is_refused(self):
        self.assert_refused(self.zip("a.zip", {"p2-bootloader@5.3.1.bin": bytes(17 * 1024 * 1024)}),
                            5, "16 MB")
        self.assert_refused(self.zip("b.zip", {f"{n}.bin": bytes(16 * 1024 * 1024 - 1)
                                               for n in range(17)}), 5, "256 MB")
        with tarfile.open(self.path("c.tar"), "w") as archive:
            entry = tarfile.TarInfo("big.elf")
            entry.size = 5 << 30
            archive.fileobj.write(entry.tobuf())
        self.assert_refused(self.path("c.tar"), 5, "too much beside")

    def test_two_files_of_one_name_that_differ_are_refused(self):
        files = dict(self.release("p2@5.3.1"))
        files["again/p2-bootloader@5.3.1.bin"] = files["p2-bootloader@5.3.1.bin"]
        self.fetched("5.3.1", "p2", self.zip("same.zip", files))
        files["again/p2-bootloader@5.3.1.bin"] += b"x"
        self.assert_refused(self.zip("other.zip", files), 4, "twice", "again/p2-bootloader@5.3.1")


class Folders(FilesTest):
    def write_all(self, folder, files):
        for name, content in files.items():
            self.write(os.path.join(folder, name), content)
        return self.path(folder)

    def test_another_tools_cache_is_a_source_at_any_of_its_levels(self):
        for version in ("5.3.0", "5.3.1"):
            for platform in ("p2", "boron"):
                self.write_all(f"device-os-flash/binaries/{version}/{platform}",
                               self.release(f"{platform}@{version}"))
        for folder in ("device-os-flash", "device-os-flash/binaries",
                       "device-os-flash/binaries/5.3.1", "device-os-flash/binaries/5.3.1/p2"):
            files = self.fetched("5.3.1", "p2", self.path(folder))
            self.assertTrue(files["bootloader/0"]["from"].endswith(
                "device-os-flash/binaries/5.3.1/p2/p2-bootloader@5.3.1.bin"))
        self.assertEqual(self.listed(self.path("device-os-flash")), ["5.3.1", "5.3.0"])

    def test_an_empty_file_that_another_tool_left_is_no_module(self):
        folder = self.write_all("binaries/5.3.1/p2", self.release("p2@5.3.1"))
        self.write("binaries/5.3.1/p2/p2-bootloader@5.3.1.bin", b"")
        self.assert_two_line_error(self.fetch("5.3.1", "p2", folder, code=4),
                                   "p2-bootloader@5.3.1.bin")

    def test_an_unpacked_device_restore_zip_is_told_by_its_headers(self):
        folder = self.write_all("restore/5.3.1/p2", self.restore_names("p2@5.3.1"))
        self.assertEqual(len(self.fetched("5.3.1", "p2", folder)), 3)
        self.assertEqual(len(self.fetched("5.3.1", "p2", self.path("restore"))), 3)

    def test_modules_of_several_platforms_keep_apart(self):
        self.write_all("all/5.3.1/p2", self.restore_names("p2@5.3.1"))
        self.write_all("all/5.3.1/boron", self.restore_names("boron@5.3.1"))
        self.assertEqual(sorted(self.fetched("5.3.1", "boron", self.path("all"))),
                         ["bootloader/0", "radio_stack/0", "system_part/1"])

    def test_a_loop_of_links_ends(self):
        folder = self.write_all("loop", self.release("p2@5.3.1"))
        os.symlink(folder, os.path.join(folder, "again"))
        self.assertEqual(len(self.fetched("5.3.1", "p2", folder)), 3)

    def test_a_file_that_is_no_module_hides_no_other(self):
        folder = self.write_all("mixed", self.release("p2@5.3.1"))
        self.write("mixed/notes.bin", b"x" * 3000)
        self.write("mixed/empty.bin", b"")
        self.assertEqual(len(self.fetched("5.3.1", "p2", folder)), 3)


class Genuine(FilesTest):
    """What particle-cli's packages carry, read in place."""

    def test_an_old_package_of_gen_3_is_a_source(self):
        folder = str(genuine.package("2.6.0"))
        self.assertEqual(self.listed(folder), ["1.5.2", "1.4.4"])
        files = self.fetched("1.5.2", "boron", folder)
        self.assertEqual(sorted(files), ["bootloader/0", "radio_stack/0", "system_part/1"])
        self.assert_two_line_error(self.fetch("1.5.2", "electron", folder, code=5), "bootloader/0")

    def test_the_same_as_a_zip(self):
        folder = genuine.package("3.9.0")
        path = self.zip("assets.zip", {str(file.relative_to(folder)): file.read_bytes()
                                       for file in folder.rglob("*") if file.is_file()})
        self.assertEqual(self.listed(path), self.listed(str(folder)))
        for platform in ("argon", "boron", "tracker"):
            files = self.fetched("4.0.2", platform, path)
            self.assertTrue(files["system_part/1"]["from"].startswith(f"{path}#updates/"))

    def test_files_with_names_of_the_old_form_are_told_by_their_headers(self):
        folder = str(genuine.package("1.16.0"))
        self.assertEqual(self.listed(folder)[0], "0.5.2")
        self.run_program("fetch", "0.5.2", "-p", "photon", "--source", folder,
                         "--allow-incomplete")
        self.run_program("fetch", "0.5.2", "-p", "electron", "--source", folder,
                         "--allow-incomplete")
        with open(self.path("cache/releases/0.5.2/electron.json"), encoding="utf-8") as file:
            files = json.load(file)["modules"]
        self.assertEqual(files["system_part/1"]["from"],
                         f"{folder}/updates/system-part1-0.5.2-electron.bin")

    def test_they_can_be_imported_as_a_whole(self):
        folder = str(genuine.package("1.16.0"))
        result = self.run_program("cache", "import", folder, code=5)
        self.assertIn("no bootloader-0.5.2-photon.bin", result.err + result.out)
        self.run_program("cache", "import", "--allow-incomplete", folder)
        self.assertEqual(self.files_below("cache/releases/0.5.2"),
                         ["electron.json", "p1.json", "photon.json"])


if __name__ == "__main__":
    unittest.main()
