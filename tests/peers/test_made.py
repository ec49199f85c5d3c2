#!/usr/bin/env python3
"""Modules that nobody published: forms that the peer makes are read the same by osbundle, and
the simulator's modules of every platform are read the same by the peer."""

import hashlib
import os
import subprocess
import unittest
import zipfile

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
        names = sorted(name for name in os.listdir(self.path(folder)) if name.endswith(".bin"))
        words = [os.path.join(folder, name) for name in names]
        documents = self.run_program("inspect", *words, "--json").json
        paths = [self.path(document["path"]) for document in documents]
        self.assertEqual(len(paths), len(names))
        differing = {}
        for document, said in zip(documents, reader.read(paths)):
            found = {field: (ours, peers) for field, ours, peers in parity.differences(document, said)
                     if is_difference(field, ours, peers)}
            if found:
                differing[document["file"]] = found
        return differing

    def make_with_peer(self):
        os.makedirs(self.path("made", "bundles"))
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

    def test_all_modules_of_a_combined_file(self):
        self.make_with_peer()
        updates = genuine.package("3.9.0") / "updates"
        document = self.run_program("inspect", "made/combined.bin", "--json").json
        second = self.run_program("inspect", updates / "boron-system-part1@4.0.2.bin", "--json").json
        self.assertEqual(document["function"]["name"], "bootloader")
        self.assertEqual(len(document["followed_by"]), 1)
        follower = document["followed_by"][0]
        for member in ("file", "path"):
            follower.pop(member), second.pop(member)
        self.assertEqual(follower, second)

    def test_a_combined_file_without_its_second_module(self):
        self.make_with_peer()
        with open(self.path("made", "combined.bin"), "r+b") as file:
            file.truncate(os.path.getsize(self.path("made", "combined.bin")) - 1)
        self.assert_two_line_error(self.run_program("inspect", "made/combined.bin", code=4))

    def test_bundles(self):
        self.make_with_peer()
        for name in ("nrf", "rtl"):
            with self.subTest(bundle=name):
                bundle = self.run_program("inspect", f"made/bundles/{name}.zip", "--json").json
                self.assertEqual(bundle["type"], "osbundle-application-bundle")
                self.assertEqual([(item["name"], item["sha256"]) for item in bundle["assets"]
                                  if item["name"] != "env-vars"], self.assets())
                self.assertEqual(bundle["findings"], [])
                needs = [extension["asset"] for extension in bundle["application"]["extensions"]
                         if extension["name"] == "asset_dependency"]
                self.assertLessEqual({"fox.txt", "gr\u00fc\u00dfe.txt"}, set(needs))
                verified = self.run_program("verify", f"made/bundles/{name}.zip", "--json").json
                self.assertEqual(verified["checks"][-1]["check"], "assets")
                self.assertTrue(verified["ok"])

    def assets(self):
        """Name and hash of the assets that make_modules.js puts into bundles."""
        contents = {"fox.txt": b"The quick brown fox jumps over the lazy dog\n" * 100,
                    "gr\u00fc\u00dfe.txt": "gr\u00fc\u00dfe".encode()}
        return [(name, hashlib.sha256(content).hexdigest()) for name, content in contents.items()]

    def spoil(self, name, change):
        """A copy of the RTL872x bundle; change(file name, content) gives the new content or None."""
        with zipfile.ZipFile(self.path("made", "bundles", "rtl.zip")) as good:
            with zipfile.ZipFile(self.path(name), "w") as bad:
                for entry in good.namelist():
                    content = change(entry, good.read(entry))
                    if content is not None:
                        bad.writestr(entry, content)

    def test_bundles_that_do_not_hold_together(self):
        self.make_with_peer()
        self.spoil("missing.zip", lambda entry, content: None if "fox" in entry else content)
        self.spoil("other.zip", lambda entry, content: content + b"!" if "fox" in entry else content)
        self.spoil("none.zip", lambda entry, content: None if entry.endswith(".bin") else content)
        for name, finding in (("missing.zip", "asset_missing"), ("other.zip", "asset_mismatch")):
            result = self.run_program("inspect", name, "--json", code=4)
            self.assertIn({"finding": finding, "asset": "fox.txt"}, result.json["findings"])
            self.assert_two_line_error(result, name, "fox.txt")
            self.assert_two_line_error(self.run_program("verify", name, code=4), name, "fox.txt")
        self.assert_two_line_error(self.run_program("inspect", "none.zip", code=4), "none.zip")
        self.run_program("verify", "none.zip", code=4)

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
