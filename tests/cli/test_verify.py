#!/usr/bin/env python3
"""verify: every check on its own line, for files, folders, cached releases and the whole cache."""

import hashlib
import os
import struct
import unittest
import zlib

from program import ProgramTest

CHECKS = ["length", "CRC-32", "published size", "published hash", "name", "platform", "slot range",
          "catalog", "pinned hash", "SHA-256 in suffix", "lock"]


def seal(body):
    """The body with its CRC-32 behind it."""
    return bytes(body) + struct.pack(">I", zlib.crc32(body))


def compressed(module):
    """A module without a vector table, packed as for an update over the air."""
    suffix_size = struct.unpack_from("<H", module, len(module) - 6)[0]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(module) + packer.flush()
    head = bytearray(module[:24]) + struct.pack("<HBBI", 8, 0, 15, len(module))
    body = head + data + module[-4 - suffix_size:-4]
    start = struct.unpack_from("<I", body)[0]
    struct.pack_into("<I", body, 4, start + len(body))
    body[9] |= 0x02
    body[-34:-2] = hashlib.sha256(body[:-34]).digest()
    return seal(body)


class Verify(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("sim", "release", "p2@5.3.1", "p2")

    def module(self, name):
        with open(self.path("p2", f"p2-{name}@5.3.1.bin"), "rb") as file:
            return file.read()

    def results(self, *words, code=0):
        """Check -> result of one file."""
        document = self.run_program("verify", *words, "--json", code=code).json
        self.assertEqual(document["type"], "osbundle-verify")
        self.assertEqual(document["ok"], code == 0)
        self.assertEqual([line["check"] for line in document["checks"]], CHECKS)
        return {line["check"]: line["result"] for line in document["checks"]}


class Files(Verify):
    def test_every_check_has_a_line(self):
        lines = self.run_program("verify", "p2/p2-bootloader@5.3.1.bin").out.splitlines()
        self.assertEqual(lines[0], "p2/p2-bootloader@5.3.1.bin")
        self.assertEqual([line[10:28].strip() for line in lines[1:]], CHECKS)
        marks = {line[10:28].strip(): line.split()[0] for line in lines[1:]}
        self.assertEqual(marks["CRC-32"], "ok")
        self.assertEqual(marks["published size"], "-")

    def test_a_sound_file(self):
        results = self.results("p2/p2-bootloader@5.3.1.bin")
        for check in ("length", "CRC-32", "name", "platform", "slot range", "catalog",
                      "SHA-256 in suffix"):
            self.assertEqual(results[check], "passed", check)
        for check in ("published size", "published hash", "pinned hash"):
            self.assertEqual(results[check], "not_checkable", check)

    def test_a_flipped_bit(self):
        content = bytearray(self.module("bootloader"))
        content[5000] ^= 1
        self.write("p2-bootloader@5.3.1.bin", bytes(content))
        results = self.results("p2-bootloader@5.3.1.bin", code=4)
        self.assertEqual((results["length"], results["CRC-32"]), ("passed", "failed"))
        result = self.run_program("verify", "p2-bootloader@5.3.1.bin", code=4)
        self.assertRegex(result.out, r"\n  FAILED  CRC-32 ")
        self.assert_two_line_error(result, "p2-bootloader@5.3.1.bin", "CRC-32")

    def test_a_cut_file(self):
        self.write("p2-bootloader@5.3.1.bin", self.module("bootloader")[:-1])
        self.assertEqual(self.results("p2-bootloader@5.3.1.bin", code=4)["length"], "failed")

    def test_a_name_that_promises_another_slot(self):
        self.write("p2-system-part1@5.3.1.bin", self.module("bootloader"))
        self.assertEqual(self.results("p2-system-part1@5.3.1.bin", code=4)["name"], "failed")

    def test_a_name_that_promises_another_platform(self):
        self.write("msom-bootloader@5.3.1.bin", self.module("bootloader"))
        self.assertEqual(self.results("msom-bootloader@5.3.1.bin", code=4)["platform"], "failed")

    def test_a_name_that_promises_another_release(self):
        self.write("p2-bootloader@5.3.0.bin", self.module("bootloader"))
        self.assertEqual(self.results("p2-bootloader@5.3.0.bin", code=4)["catalog"], "failed")

    def test_a_genuine_name_without_the_genuine_bytes(self):
        self.run_program("sim", "release", "boron@4.0.2", "boron")
        results = self.results("boron/boron-bootloader@4.0.2.bin", code=4)
        self.assertEqual((results["catalog"], results["pinned hash"]), ("passed", "failed"))

    def test_a_name_without_promises_is_judged_by_its_header(self):
        self.write("firmware.bin", self.module("bootloader"))
        results = self.results("firmware.bin")
        self.assertEqual((results["name"], results["catalog"]), ("not_checkable", "passed"))

    def test_what_is_never_flashed_is_still_sound(self):
        self.assertEqual(self.results("p2/p2-prebootloader-mbr@5.3.1.bin")["slot range"],
                         "not_checkable")
        self.write("p2-bootloader@5.3.1.bin", self.module("prebootloader-mbr"))
        results = self.results("p2-bootloader@5.3.1.bin", code=4)
        self.assertEqual((results["name"], results["slot range"]), ("failed", "failed"))

    def test_never_flashed_excuses_nothing_else(self):
        self.write("msom-prebootloader-mbr@5.3.1.bin", self.module("prebootloader-mbr"))
        self.assertEqual(self.results("msom-prebootloader-mbr@5.3.1.bin", code=4)["platform"], "failed")

    def test_what_is_packed_for_an_update_over_the_air_is_sound(self):
        self.write("update.bin", compressed(self.module("system-part1")))
        document = self.run_program("verify", "update.bin", "--json").json
        self.assertEqual({line["check"]: line["result"] for line in document["checks"]
                          if line["check"] in ("contents", "slot range", "CRC-32")},
                         {"contents": "passed", "slot range": "not_checkable", "CRC-32": "passed"})
        packed = bytearray(compressed(self.module("system-part1"))[:-4])
        packed[100:110] = bytes(10)
        self.write("update.bin", seal(packed))
        self.assertIn("FAILED  contents", self.run_program("verify", "update.bin", code=4).out)

    def test_what_is_no_module(self):
        self.write("page.bin", b"<!DOCTYPE html>\n")
        self.assertEqual(self.results("page.bin", code=4)["length"], "failed")

    def test_what_is_not_there(self):
        self.assert_two_line_error(self.run_program("verify", "nowhere.bin", code=3), "nowhere.bin")
        error = self.run_program("verify", "nowhere.bin", "--json", code=3).json
        self.assertEqual(error["type"], "osbundle-error")


class Folders(Verify):
    def test_all_files_in_order(self):
        for number in range(300):
            self.write(f"set/{number:03}.bin", self.module("prebootloader-mbr"))
        self.write("set/150.bin", self.module("prebootloader-mbr")[:-1] + b"?")
        documents = self.run_program("verify", "set", "--json", code=4).json
        self.assertEqual([document["path"] for document in documents],
                         [f"set/{number:03}.bin" for number in range(300)])
        self.assertEqual([document["file"] for document in documents if not document["ok"]],
                         ["150.bin"])

    def test_the_sum(self):
        result = self.run_program("verify", "p2")
        self.assertEqual(result.out.splitlines()[-1], "5 files, 5 sound, 0 failed")
        self.write("p2/p2-tinker@5.3.1.bin", b"")
        result = self.run_program("verify", "p2", code=4)
        self.assertEqual(result.out.splitlines()[-1], "5 files, 4 sound, 1 failed")
        self.assert_two_line_error(result, "1 of 5 files failed")

    def test_strays_are_no_failure(self):
        self.write("p2/README.md", b"# about\n")
        result = self.run_program("verify", "p2")
        self.assertIn("passed over 1 file", result.err)
        documents = self.run_program("verify", "p2", "--json").json
        self.assertEqual([document["file"] for document in documents if document.get("stray")],
                         ["README.md"])


class Cache(Verify):
    def setUp(self):
        super().setUp()
        self.run_program("fetch", "5.3.1", "-p", "p2", "--source", "p2")

    def objects(self):
        return sorted(self.path("cache", path) for path in self.cached_objects()
                      if path.startswith("objects/"))

    def test_without_words_the_whole_cache(self):
        documents = self.run_program("verify", "--json").json
        self.assertEqual([document["path"] for document in documents],
                         ["5.3.1/p2/p2-bootloader@5.3.1.bin",
                          "5.3.1/p2/p2-prebootloader-part1@5.3.1.bin",
                          "5.3.1/p2/p2-system-part1@5.3.1.bin"])
        for document in documents:
            results = {line["check"]: line["result"] for line in document["checks"]}
            self.assertEqual((results["published size"], results["published hash"]),
                             ("passed", "passed"))

    def test_a_release_by_its_version(self):
        whole = self.run_program("verify").out
        for words in ("5.3.1", "5.3", "5"):
            self.assertEqual(self.run_program("verify", words).out, whole)
        self.assert_two_line_error(self.run_program("verify", "5.3.0", code=3), "5.3.0")

    def test_a_file_of_that_name_comes_first(self):
        self.write("5.3.1", self.module("bootloader"))
        self.assertIsInstance(self.run_program("verify", "5.3.1", "--json").json, dict)

    def test_a_damaged_object(self):
        path = self.objects()[0]
        os.chmod(path, 0o644)
        with open(path, "r+b") as file:
            file.write(b"damage")
        documents = self.run_program("verify", "--json", code=4).json
        failed = [document for document in documents if not document["ok"]]
        self.assertEqual(len(failed), 1)
        self.assertEqual(failed[0]["checks"][0]["check"], "cached object")
        self.assertIsNone(failed[0]["sha256"])

    def test_a_missing_object(self):
        os.unlink(self.objects()[0])
        result = self.run_program("verify", code=4)
        self.assertRegex(result.out, r"\n  FAILED  cached object ")
        self.assertEqual(result.out.splitlines()[-1], "3 files, 2 sound, 1 failed")

    def test_an_empty_cache_is_sound(self):
        self.assertIn("no releases", self.run_program("verify", "--cache", "other").out)
        self.assertEqual(self.run_program("verify", "--cache", "other", "--json").json, [])


if __name__ == "__main__":
    unittest.main()
