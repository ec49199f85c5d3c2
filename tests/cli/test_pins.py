#!/usr/bin/env python3
"""The pins of the catalog against the very files that the vendor's command-line tool shipped, and
what becomes of a file that is not the pinned one."""

import binascii
import json
import os
import struct
import unittest
from pathlib import Path

import genuine
import pins
from program import ProgramTest

RELEASES = pins.ROOT / "manifests" / "releases"


class Catalog(ProgramTest):
    def test_says_of_every_shipped_file_what_it_is(self):
        differences, compared = pins.compare(os.environ["OSBUNDLE"])
        self.assertEqual(differences, [])
        self.assertGreater(compared, 240)

    def test_a_pin_that_is_changed_is_found_and_written_anew(self):
        with open(RELEASES / "4.0.2.json", encoding="utf-8") as file:
            text = file.read()
        pinned = json.loads(text)["platforms"]["boron"]["modules"][0]["sha256"]
        folder = Path(self.folder)
        broken = folder / "4.0.2.json"
        broken.write_text(text.replace(pinned, "0" * 64), encoding="utf-8")
        differences, _ = pins.compare(os.environ["OSBUNDLE"], ["3.9.0"], folder=folder)
        self.assertEqual(len(differences), 1)
        self.assertIn(f"boron-bootloader@4.0.2.bin: sha256 is not {pinned}", differences[0])
        pins.compare(os.environ["OSBUNDLE"], ["3.9.0"], write=True, folder=folder)
        self.assertEqual(broken.read_text(encoding="utf-8"), text)


class OtherFile(ProgramTest):
    def test_that_is_whole_but_not_the_pinned_one_is_not_kept(self):
        updates = Path(genuine.package("3.9.0"), "updates")
        for path in updates.glob("boron-*@4.0.2.bin"):
            self.write(f"site/{path.name}", path.read_bytes())
        other = bytearray((updates / "boron-system-part1@4.0.2.bin").read_bytes())
        other[0x1000] ^= 1
        other[-4:] = struct.pack(">I", binascii.crc32(other[:-4]))
        self.source = self.path("site")
        self.run_program("fetch", "4.0.2", "-p", "boron")
        self.write("site/boron-system-part1@4.0.2.bin", bytes(other))
        refused = self.run_program("fetch", "4.0.2", "-p", "boron", code=4, OSBUNDLE_CACHE=self.path("empty"))
        self.assertIn("boron-system-part1@4.0.2.bin: pinned hash: SHA-256 is not ", refused.err)
        self.assertFalse(os.path.exists(self.path("empty", "releases")))


if __name__ == "__main__":
    unittest.main()
