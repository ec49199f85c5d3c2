#!/usr/bin/env python3
"""Every module file that particle-cli was ever published with: osbundle reads it as
binary-version-reader does, but for the differences that are listed here with their reasons."""

import hashlib
import os
import shutil
import unittest

import genuine
import parity
import reader
from program import ProgramTest

NO_PRODUCT = "builds write FFFF for an application without a product: that is none, not number 65535"
NO_ROOM = "its suffix of 36 bytes has no room for a product; -1 is the peer's word for that"
CORE = "0 is no product: it is what later builds write for none, and the Core's Tinker has none"
MACHINE_CODE = "raw code of the Core's other chips without any header; the peer takes a likely guess"

# Field, what we say, what the peer says -> why ours is right, how many files, and which ones.
KNOWN = {
    ("product", "[None, None]", "[65535, 65535]"): (NO_PRODUCT, 174, None),
    ("product", "[None, None]", "[-1, -1]"): (NO_ROOM, 10, None),
    ("product", "[None, None]", "[0, 3]"): (CORE, 2, ["core_tinker.bin"]),
    ("refused", "True", "False"): (
        MACHINE_CODE, 3,
        ["cc3000-patch-programmer.bin", "cc3000-patch-programmer_1_14.bin", "deep_update_2014_06.bin"],
    ),
}
FILES = 205
MODULES = 201


class Published(ProgramTest):
    @classmethod
    def setUpClass(cls):
        """All files, each content once: name in the test's folder -> where it was found."""
        cls.found = {}
        for folder in genuine.packages(genuine.INTEGRITY):
            for path in sorted(folder.rglob("*.bin")):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                cls.found.setdefault(f"{digest}.bin", path)
        cls.names = sorted(cls.found)

    def setUp(self):
        super().setUp()
        os.mkdir(self.path("modules"))
        for name in self.names:
            shutil.copy(self.found[name], self.path("modules", name))

    def read_both(self):
        """(file name as published, our document, the peer's answer) of every file."""
        documents = self.run_program("inspect", "modules", "--json", code=4).json
        answers = reader.read([self.path("modules", name) for name in self.names])
        names = [os.path.basename(document["path"]) for document in documents]
        self.assertEqual(names, self.names)
        self.assertEqual(len(answers), len(names))
        return [(self.found[name].name, document, said)
                for name, document, said in zip(names, documents, answers)]

    def test_both_read_the_same(self):
        seen = {}
        read = self.read_both()
        for name, document, said in read:
            for field, ours, peers in parity.differences(document, said):
                seen.setdefault((field, str(ours), str(peers)), []).append(name)
        self.assertEqual(len(read), FILES)
        self.assertEqual(sum(document["type"] == "osbundle-module" for _, document, _ in read), MODULES)
        self.assertEqual({key: names for key, names in seen.items() if key not in KNOWN}, {})
        for key, (why, count, names) in KNOWN.items():
            with self.subTest(difference=key, why=why):
                self.assertEqual(len(seen.get(key, [])), count)
                if names:
                    self.assertEqual(sorted(set(seen.get(key, []))), names)


if __name__ == "__main__":
    unittest.main()
