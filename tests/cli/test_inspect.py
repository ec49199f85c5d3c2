#!/usr/bin/env python3
"""inspect: one file in full, many as a table, folders, and what is no module."""

import os
import resource
import struct
import unittest
import zipfile
import zlib

from program import ProgramTest

CONTRACT = """type schema file file_size module_size prefix_offset platform function index version start end
    mcu_target flags dependencies suffix extensions crc32 sha256 os_version trailing_bytes""".split()


def monolithic(platform, offset, start=0x08005000):
    """A sealed module of one piece, whose header stands behind a vector table."""
    size = offset + 24 + 400 + 40
    prefix = struct.pack("<IIBBHHBB8x", start, start + size, 0, 0, 207, platform, 3, 0)
    suffix = struct.pack("<HHH32xH", 0xffff, 0xffff, 0, 40)
    body = bytes(offset) + prefix + bytes(400) + suffix
    return body + struct.pack(">I", zlib.crc32(body))


class Inspect(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("sim", "release", "p2@5.3.1", "p2")

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def module(self, name):
        return self.read(f"p2/p2-{name}@5.3.1.bin")

    def lines(self, *words):
        """The lines about one file, as a table of label and what follows."""
        text = self.run_program("inspect", *words).out.splitlines()[1:]
        return [line.strip().split(None, 1) for line in text]


class OneFile(Inspect):
    def test_json_is_one_object_with_the_members_of_the_contract(self):
        document = self.run_program("inspect", "p2/p2-bootloader@5.3.1.bin", "--json").json
        self.assertEqual(list(document)[:len(CONTRACT)], CONTRACT)

    def test_needs_name_the_release_that_first_met_them(self):
        lines = self.lines("p2/p2-bootloader@5.3.1.bin")
        self.assertIn(["needs", "bootloader/2 >= 5, shipped since 5.3.0"], lines)
        document = self.run_program("inspect", "p2/p2-bootloader@5.3.1.bin", "--json").json
        self.assertEqual(document["needs"], [{"slot": "bootloader/2", "version": 5, "since": "5.3.0",
                                              "name": "prebootloader-part1", "or_earlier": False}])

    def test_a_need_of_the_first_known_release_may_be_older(self):
        self.run_program("sim", "release", "boron@4.0.2", "boron")
        lines = self.lines("boron/boron-system-part1@4.0.2.bin")
        oldest = [text for label, text in lines if label == "needs" and "radio_stack" in text]
        self.assertRegex(oldest[0], r"^radio_stack/0 >= 202, shipped since \S+ or earlier$")

    def test_it_belongs_to_a_release_or_to_several(self):
        document = self.run_program("inspect", "p2/p2-system-part1@5.3.1.bin", "--json").json
        self.assertEqual((document["os_version"], document["releases"]), ("5.3.1", ["5.3.1"]))
        several = self.run_program("inspect", "p2/p2-prebootloader-part1@5.3.1.bin", "--json").json
        self.assertIsNone(several["os_version"])
        self.assertEqual(several["releases"], ["5.3.0", "5.3.1", "5.3.2"])
        self.assertIn("5.3.0 to 5.3.2", self.run_program(
            "inspect", "p2/p2-prebootloader-part1@5.3.1.bin").out)

    def test_an_application_belongs_to_no_release(self):
        document = self.run_program("inspect", "p2/p2-tinker@5.3.1.bin", "--json").json
        self.assertEqual((document["os_version"], document["releases"]), (None, []))

    def test_place_and_route(self):
        document = self.run_program("inspect", "p2/p2-system-part1@5.3.1.bin", "--json").json
        self.assertEqual(document["place"]["name"], "system-part1")
        self.assertEqual(document["place"]["route"], "dfu")
        self.assertEqual((document["flashable"], document["refusal"]), (True, None))

    def test_what_is_never_flashed_says_why(self):
        document = self.run_program("inspect", "p2/p2-prebootloader-mbr@5.3.1.bin", "--json").json
        self.assertEqual(document["place"]["route"], "never")
        self.assertFalse(document["flashable"])
        self.assertIn("never flashed", document["refusal"])
        labels = dict(self.lines("p2/p2-prebootloader-mbr@5.3.1.bin"))
        self.assertEqual(labels["refused"], document["refusal"])

    def test_boards_that_are_not_served_have_a_name_all_the_same(self):
        for platform, offset, name in ((0, 0x10c, "Core"), (103, 0xc0, "Bluz"), (129, 0x200, None)):
            self.write("other.bin", monolithic(platform, offset))
            document = self.run_program("inspect", "other.bin", "--json").json
            self.assertEqual(document["platform"], {"id": platform, "name": None})
            self.assertEqual((document["platform_title"], document["prefix_offset"]), (name, offset))
            self.assertIn(f"for {name or 'an unknown platform'} (platform {platform})",
                          self.run_program("inspect", "other.bin").out)
        self.assertEqual(self.run_program("inspect", "p2/p2-tinker@5.3.1.bin", "--json").json[
            "platform_title"], "P2 / Photon 2")

    def test_names_are_not_believed(self):
        self.write("tinker-for-boron.txt", self.module("bootloader"))
        document = self.run_program("inspect", "tinker-for-boron.txt", "--json").json
        self.assertEqual(document["platform"]["name"], "p2")
        self.assertEqual(document["function"]["name"], "bootloader")

    def test_bytes_behind_the_module_change_nothing(self):
        plain = self.run_program("inspect", "p2/p2-bootloader@5.3.1.bin", "--json").json
        self.write("padded.bin", self.module("bootloader") + bytes(1000))
        padded = self.run_program("inspect", "padded.bin", "--json").json
        self.assertEqual(padded.pop("trailing_bytes"), 1000)
        for member in ("file", "file_size", "sha256", "path"):
            plain.pop(member), padded.pop(member)
        plain.pop("trailing_bytes")
        self.assertEqual(padded, plain)


class ManyFiles(Inspect):
    def test_a_table_has_a_line_a_file(self):
        names = ["p2/p2-bootloader@5.3.1.bin", "p2/p2-system-part1@5.3.1.bin"]
        rows = self.run_program("inspect", *names).out.splitlines()
        self.assertEqual(rows[0].split()[:5], "FILE PLATFORM SLOT VERSION DEVICE".split())
        self.assertEqual([row.split()[0] for row in rows[1:]], names)
        self.assertEqual(rows[1].split()[1:5], ["p2", "bootloader/0", "2101", "5.3.1"])
        self.assertIn("bootloader/2 >= 5 (5.3.0)", rows[1])

    def test_json_is_an_array_in_the_order_of_the_words(self):
        names = [f"p2/p2-{name}@5.3.1.bin" for name in ("tinker", "bootloader", "system-part1")]
        documents = self.run_program("inspect", *names, "--json").json
        alone = [self.run_program("inspect", name, "--json").json for name in names]
        self.assertEqual(documents, alone)

    def test_a_folder_is_all_files_below_it_in_order(self):
        for name in ("set/b/deep.bin", "set/a.bin", "set/c.bin", "set/.hidden.bin"):
            self.write(name, self.module("tinker"))
        os.symlink(self.path("set"), self.path("set", "loop"))
        documents = self.run_program("inspect", "set", "--json").json
        self.assertEqual([document["path"] for document in documents],
                         ["set/a.bin", "set/b/deep.bin", "set/c.bin"])
        rows = self.run_program("inspect", "set").out.splitlines()
        self.assertEqual([row.split()[0] for row in rows], ["FILE", "a.bin", "b/deep.bin", "c.bin"])

    def test_a_folder_with_one_file_is_an_array_too(self):
        self.write("set/a.bin", self.module("tinker"))
        self.assertEqual(len(self.run_program("inspect", "set/", "--json").json), 1)

    def test_each_folder_has_its_own_table(self):
        self.write("one/a.bin", self.module("tinker"))
        self.write("two/b.bin", self.module("tinker"))
        text = self.run_program("inspect", "one", "two", "one/a.bin").out
        self.assertEqual([line.split()[0] for line in text.splitlines() if line],
                         ["one:", "FILE", "a.bin", "two:", "FILE", "b.bin", "FILE", "one/a.bin"])

    def test_more_files_than_a_table_holds(self):
        content = self.module("prebootloader-mbr")
        names = [f"set/{number:04}.bin" for number in range(600)]
        for name in names:
            self.write(name, content)
        rows = self.run_program("inspect", "set").out.splitlines()
        self.assertEqual([row.split()[0] for row in rows if row.split()[0] != "FILE"],
                         [os.path.basename(name) for name in names])
        documents = self.run_program("inspect", *names, "--json").json
        self.assertEqual([document["path"] for document in documents], names)

    def test_an_empty_folder_is_not_found(self):
        os.mkdir(self.path("empty"))
        self.assert_two_line_error(self.run_program("inspect", "empty", code=3), "empty")


class BadFiles(Inspect):
    def spoil(self):
        """A folder with good files between bad ones."""
        content = bytearray(self.module("bootloader"))
        content[1000] ^= 1
        self.write("set/a-empty.bin", b"")
        self.write("set/b-good.bin", self.module("tinker"))
        self.write("set/c-damaged.bin", bytes(content))
        self.write("set/d-good.bin", self.module("bootloader"))
        self.write("set/e-cut.bin", self.module("bootloader")[:-100])

    def test_they_hide_no_good_ones(self):
        self.spoil()
        result = self.run_program("inspect", "set", code=4)
        rows = [row.split()[0] for row in result.out.splitlines()]
        self.assertEqual(rows, ["FILE", "b-good.bin", "d-good.bin"])
        for name in ("a-empty.bin", "c-damaged.bin", "e-cut.bin"):
            self.assertIn(f"osbundle: set/{name}: ", result.err)
        self.assert_two_line_error(result)

    def test_json_has_them_in_their_places(self):
        self.spoil()
        documents = self.run_program("inspect", "set", "--json", code=4).json
        self.assertEqual([document["type"] for document in documents],
                         ["osbundle-error", "osbundle-module"] * 2 + ["osbundle-error"])
        self.assertEqual([document["code"] for document in documents[::2]],
                         ["not_a_module", "integrity", "integrity"])
        self.assertEqual(documents[2]["path"], "set/c-damaged.bin")

    def test_a_missing_one_hides_nothing(self):
        result = self.run_program("inspect", "nowhere.bin", "p2/p2-tinker@5.3.1.bin", code=3)
        self.assert_two_line_error(result, "nowhere.bin")
        self.assertIn("user_part/1", result.out)

    def test_a_damaged_module_still_says_what_it_was(self):
        self.spoil()
        for name in ("set/c-damaged.bin", "set/e-cut.bin"):
            result = self.run_program("inspect", name, code=4)
            self.assert_two_line_error(result, name, "bootloader/0", "2101", "p2")

    def test_strays_in_a_folder_are_passed_over(self):
        self.write("set/good.bin", self.module("tinker"))
        self.write("set/README.md", b"# about\n")
        result = self.run_program("inspect", "set")
        self.assertIn("passed over 1 file", result.err)
        documents = self.run_program("inspect", "set", "--json").json
        self.assertEqual([document.get("stray", False) for document in documents], [True, False])
        self.run_program("inspect", "set/README.md", code=4)

    def test_a_damaged_module_is_no_stray(self):
        self.write("set/firmware", self.module("bootloader")[:-100])
        self.run_program("inspect", "set", code=4)

    def test_each_kind_has_its_own_words(self):
        vectors = struct.pack("<8I", 0x2003FFE0, 0x00012345, *[0x00012389] * 6)
        kinds = {
            "is empty": b"",
            "web page": b"<!DOCTYPE html><html><body>404 Not Found</body></html>\n" * 20,
            "text file": "Grüße an alle\n".encode() * 50,
            "Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
            "gzip archive": b"\x1f\x8b\x08" + bytes(100),
            "ELF": b"\x7fELF" + bytes(100),
            "raw machine code": vectors + bytes(range(256)) * 100,
            "raw Realtek image": bytes.fromhex("999996963fcc66fc") + bytes(range(256)) * 100,
            "nothing but one byte": b"\xff" * 65536,
            "no Device OS module header": bytes([0xA5]),
        }
        for words, content in kinds.items():
            with self.subTest(kind=words):
                self.write("file.bin", content)
                result = self.run_program("inspect", "file.bin", code=4)
                self.assert_two_line_error(result, "file.bin", words)
                error = self.run_program("inspect", "file.bin", "--json", code=4).json
                self.assertEqual((error["type"], error["code"]), ("osbundle-error", "not_a_module"))

    def test_archives_that_are_no_bundle(self):
        self.write("broken.zip", b"PK\x03\x04" + bytes(100))
        self.assert_two_line_error(self.run_program("inspect", "broken.zip", code=4), "broken.zip")
        with zipfile.ZipFile(self.path("text.zip"), "w") as archive:
            archive.writestr("README.md", "# about\n")
        error = self.run_program("inspect", "text.zip", "--json", code=4).json
        self.assertEqual(error["code"], "not_a_module")

    def test_four_gigabytes_of_zeros_cost_nothing(self):
        with open(self.path("huge.bin"), "wb") as file:
            file.truncate(4 << 30)
        result = self.run_program("inspect", "huge.bin", code=4)
        self.assert_two_line_error(result, "huge.bin", "larger than any Device OS module")
        kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        self.assertLess(kilobytes, 512 * 1024)

    def test_names_are_shown_without_control_characters(self):
        self.write("set/\x1b[31mred.bin", self.module("tinker"))
        self.write("set/gr\u00fcn.bin", self.module("tinker"))
        self.write("set/\x1b[31mempty.bin", b"")
        result = self.run_program("inspect", "set", code=4)
        self.assertNotIn("\x1b", result.out + result.err)
        self.assertIn("gr\u00fcn.bin", result.out)

    def test_names_that_are_no_utf8_are_still_json(self):
        self.write("set/caf\udce9.bin", b"text\n")
        self.write("set/na\udcefve.bin", self.module("tinker"))
        result = self.run_program("inspect", "set", "--json", code=4)
        self.assertEqual([document["type"] for document in result.json],
                         ["osbundle-error", "osbundle-module"])
        self.assert_two_line_error(result, "caf?.bin")


if __name__ == "__main__":
    unittest.main()
