#!/usr/bin/env python3
"""Signed bundles and mirrors: with a trusted key, nothing unsigned, altered, old or expired is used."""

import json
import os
import shutil
import subprocess
import unittest

import kits
from program import ProgramTest
from release_site import ReleaseSite


class Signed(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("sim", "release", "p2@5.3.1", "p2")
        self.run_program("sim", "release", "p2@5.6.0", "newer")
        for name in ("maker", "stranger"):
            self.run_program("key", "generate", f"{name}.key", "--no-password")
        self.write(".config/osbundle/config.json",
                   json.dumps({"trusted_keys": [self.path("maker.pub")]}).encode())

    def export(self, name, *words, code=0):
        return self.run_program("bundle", "export", "5.3.1", "-p", "p2", "-o", name, "--source", "p2", *words,
                                code=code)

    def mirror(self, *words, version="5.3.1", source="p2", folder="mirror", code=0):
        return self.run_program("mirror", folder, version, "-p", "p2", "--source", source, *words, code=code)

    def fetch(self, source, *words, version="5.3.1", cache="client", code=0):
        return self.run_program("fetch", version, "-p", "p2", "--source", source, "--cache", cache, *words,
                                code=code)

    def stock_minisign(self, content, signature):
        subprocess.run(["minisign", "-Vm", content, "-x", signature, "-p", self.path("maker.pub")],
                       check=True, capture_output=True)


class Bundles(Signed):
    def refuse(self, name, *parts):
        for words in (("bundle", "verify", name), ("bundle", "info", name),
                      ("bundle", "import", name, "--cache", "client"),
                      ("fetch", "5.3.1", "-p", "p2", "--source", name, "--cache", "client")):
            self.assert_two_line_error(self.run_program(*words, code=4), *parts)
        self.assertEqual([file for file in self.files_below("client") if file.startswith(("obj", "rel"))], [])

    def test_one_that_a_trusted_key_signed_is_used(self):
        for name in ("kit.tar.zst", "kit.zip"):
            self.export(name, "--sign", "maker.key", "--expires", "2099-01-31")
            self.run_program("bundle", "import", name, "--cache", name + "-cache")
            self.fetch(name, cache=name + "-place")
            self.assertTrue(self.run_program("bundle", "info", name, "--json").json["signed"])

    def test_stock_minisign_agrees(self):
        self.export("kit.zip", "--sign", "maker.key")
        members = kits.read(self.path("kit.zip"))
        self.assertEqual([name for name, _ in members[:2]], ["index.json", "index.json.minisig"])
        paths = [self.write(name, content) for name, content in members[:2]]
        self.stock_minisign(*paths)

    def test_unsigned_ones_strangers_and_other_roles_are_refused(self):
        self.export("kit.zip")
        self.refuse("kit.zip", "is not signed")
        self.export("kit.zip", "--sign", "stranger.key")
        self.refuse("kit.zip", "kit.zip")
        self.mirror("--sign", "maker.key")
        [signature] = [file for file in self.files_below("mirror") if file.startswith("signatures/")]
        (index, text), *rest = kits.read(self.path("kit.zip"))
        with open(self.path("mirror", signature), "rb") as file:
            self.write("kit.zip", kits.make_zip([(index, text), ("index.json.minisig", file.read()), *rest[1:]]))
        self.refuse("kit.zip", "kit.zip")

    def test_one_byte_of_index_or_signature_decides(self):
        self.export("kit.zip", "--sign", "maker.key")
        members = kits.read(self.path("kit.zip"))
        for number in (0, 1):
            name, content = members[number]
            for place in (0, len(content) // 2, len(content) - 10):
                changed = bytearray(content)
                changed[place] ^= 1
                self.write("bad.zip", kits.make_zip([*members[:number], (name, changed), *members[number + 1:]]))
                self.run_program("bundle", "verify", "bad.zip", code=4)

    def test_what_has_expired_is_refused_online_and_shown_offline(self):
        self.export("kit.zip", "--sign", "maker.key", "--expires", "2020-01-31")
        self.refuse("kit.zip", "expired", "2020-01-31")
        told = self.run_program("bundle", "import", "kit.zip", "--offline", "--cache", "client")
        self.assertIn("expired on 2020-01-31", told.err)

    def test_the_same_content_signed_gives_the_same_bytes(self):
        for name in ("a.zip", "b.zip"):
            self.export(name, "--sign", "maker.key", "--expires", "2099-01-31")
        with open(self.path("a.zip"), "rb") as one, open(self.path("b.zip"), "rb") as other:
            self.assertEqual(one.read(), other.read())

    def test_words_about_signing_go_together(self):
        self.assert_two_line_error(self.export("kit.zip", "--expires", "2099-01-31", code=2), "--sign")
        self.assert_two_line_error(self.export("kit.zip", "--sign", "nowhere.key", code=3), "nowhere.key")
        self.assertFalse(os.path.exists(self.path("kit.zip")))


class Mirrors(Signed):
    def test_a_signed_one_is_used_as_folder_and_behind_a_server(self):
        site = ReleaseSite(self.path("site"))
        self.mirror("--sign", "maker.key", "--expires", "2099-01-31", folder="site/www/m")
        self.fetch("site/www/m")
        with site:
            self.fetch(f"mirror+{site.origin}/m", cache="other")
            self.assertEqual(len(site.requests("/m/signatures/")), 1)
        [signature] = [file for file in self.files_below("site/www/m") if file.startswith("signatures/")]
        self.stock_minisign(self.path("site/www/m/index.json"), self.path("site/www/m", signature))

    def test_unsigned_altered_and_strangers_are_refused(self):
        self.mirror()
        self.assert_two_line_error(self.fetch("mirror", code=4), "is not signed")
        self.mirror("--sign", "stranger.key")
        self.fetch("mirror", code=4)
        self.mirror("--sign", "maker.key")
        self.fetch("mirror")
        with open(self.path("mirror/index.json"), "r+b") as file:
            text = file.read()
            file.seek(0)
            file.write(text.replace(b"p2-bootloader@5.3.1", b"p2-bootloader@5.3.2"))
        self.assert_two_line_error(self.fetch("mirror", cache="other", code=4), "is not signed")

    def test_an_older_index_is_not_taken_for_the_newest(self):
        self.mirror("--sign", "maker.key")
        shutil.copytree(self.path("mirror"), self.path("before"))
        self.mirror("--sign", "maker.key", version="5.6.0", source="newer")
        self.fetch("mirror", version="5.6.0")
        shutil.copy(self.path("before/index.json"), self.path("mirror/index.json"))
        result = self.fetch("mirror", cache="other", code=4)
        self.assert_two_line_error(result, "mirror")
        self.assertEqual([file for file in self.files_below("other") if file.startswith("releases/")], [])

    def test_signing_again_gives_a_later_version_and_a_signed_one_stays_signed(self):
        self.mirror("--sign", "maker.key", "--expires", "2020-01-31")
        self.assert_two_line_error(self.fetch("mirror", code=4), "expired")
        self.assertIn("expired on 2020-01-31", self.fetch("mirror", "--offline", cache="offline").err)
        self.assert_two_line_error(self.mirror(code=5), "is signed")
        told = self.mirror("--sign", "maker.key", "--expires", "2099-01-31", "--prune", "--json").json
        self.assertEqual((told["version"], told["added_objects"], told["removed_files"]), (2, 0, 1))
        self.fetch("mirror")

    def test_an_unpacked_bundle_will_do_as_a_folder_but_not_behind_a_server(self):
        site = ReleaseSite(self.path("site"))
        self.export("kit.zip", "--sign", "maker.key")
        shutil.unpack_archive(self.path("kit.zip"), self.path("site/www/kit"))
        self.fetch("site/www/kit")
        with site:
            self.assert_two_line_error(self.fetch(f"mirror+{site.origin}/kit", cache="other", code=4), "not signed")


if __name__ == "__main__":
    unittest.main()
