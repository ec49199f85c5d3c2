#!/usr/bin/env python3
"""Modules that nobody published: forms that the peer makes are read the same by osbundle, and
the simulator's modules of every platform are read the same by the peer."""

import os
import subprocess
import unittest

import genuine
import parity
import reader
from program import ProgramTest

BY_PREFIX = "the peer reads the suffix at the end of the file, not of the module"

# File -> the fields in which the peer's answer is another one, and why ours is right.
KNOWN = {
    "combined.bin": ({"sha256", "crc_stored", "crc_computed", "crc_ok"}, BY_PREFIX),
    "padded.bin": ({"suffix_size", "sha256", "crc_stored", "crc_computed", "crc_ok"}, BY_PREFIX),
}


def is_difference(field, ours, peers):
    """No product is null with us, and FFFF, 0 or -1 with the peer (see test_published)."""
    return field != "product" or ours != [None, None] or peers[0] not in (-1, 0, 65535)


class Made(ProgramTest):
    def compare(self, folder):
        """{file name: {field: (ours, the peer's)}} of the files of a folder that differ."""
        documents = self.run_program("inspect", folder, "--json").json
        paths = [self.path(document["path"]) for document in documents]
        self.assertEqual(len(paths), len(os.listdir(self.path(folder))))
        differing = {}
        for document, said in zip(documents, reader.read(paths)):
            found = {field: (ours, peers) for field, ours, peers in parity.differences(document, said)
                     if is_difference(field, ours, peers)}
            if found:
                differing[document["file"]] = found
        return differing

    def make_with_peer(self):
        os.mkdir(self.path("made"))
        updates = genuine.package("3.9.0") / "updates"
        apps = genuine.package("3.51.0") / "knownApps"
        words = [updates / "boron-system-part1@4.0.2.bin", updates / "boron-bootloader@4.0.2.bin",
                 apps / "esomx" / "tinker" / "tinker-6.3.4-esomx.bin",
                 apps / "msom" / "tinker" / "tinker-6.3.4-msom.bin"]
        node, variables = reader.command("make_modules.js")
        subprocess.run([*node, self.path("made"), *words], env={**os.environ, **variables},
                       check=True, timeout=120)

    def test_what_the_peer_makes(self):
        self.make_with_peer()
        differing = self.compare("made")
        self.assertEqual({name: set(fields) for name, fields in differing.items()},
                         {name: fields for name, (fields, _) in KNOWN.items()})

    def test_behind_a_module_may_be_anything(self):
        """Where the peer is wrong, the same module alone shows who is right."""
        self.make_with_peer()
        alone = genuine.package("3.9.0") / "updates" / "boron-bootloader@4.0.2.bin"
        expected = parity.our_view(self.run_program("inspect", alone, "--json").json)
        padded = parity.our_view(self.run_program("inspect", "made/padded.bin", "--json").json)
        self.assertEqual(padded.pop("file_size"), expected.pop("file_size") + 1000)
        self.assertEqual(padded, expected)

    def test_what_the_simulator_makes(self):
        boards = self.run_program("sim", "list", "--json").json["boards"]
        self.assertGreater(len(boards), 10)
        for board in boards:
            with self.subTest(platform=board["platform"]):
                words = f"{board['platform']}@{board['versions'][-1]}"
                self.run_program("sim", "release", words, board["platform"])
                self.assertEqual(self.compare(board["platform"]), {})


if __name__ == "__main__":
    unittest.main()
