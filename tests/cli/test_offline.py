#!/usr/bin/env python3
"""The offline story: what one site has fetched, pinned and packed brings boards up at another, which has no
network at all."""

import json
import os
import shutil
import subprocess
import unittest

from program import ProgramTest
from release_site import ReleaseSite

APP = "p2-tinker@5.3.1.bin"


def without_network():
    """The words that run a command where there is no interface but lo, or None where that is forbidden."""
    for words in (["unshare", "-n"], ["unshare", "-rn"]):
        if shutil.which(words[0]) and subprocess.run([*words, "true"], check=False,
                                                     capture_output=True).returncode == 0:
            return words
    return None


class Offline(ProgramTest):
    """Site A has a release site; site B has what is carried there, site A's public key, and simulated boards."""

    def setUp(self):
        super().setUp()
        self.no_network = without_network()
        if not self.no_network:
            self.skipTest("network namespaces are forbidden here: unshare -n")
        for folder in ("a", "b/home"):
            os.makedirs(self.path(folder))

    def at_a(self, *words):
        return self.run_words(["sh", "-c", 'cd a; exec "$@"', "sh", os.environ["OSBUNDLE"], *words], 0,
                              OSBUNDLE_CACHE=self.path("a/cache"))

    def at_b(self, *words, code=0):
        """As a user of another home, in a namespace whose only interface is lo."""
        return self.run_words([*self.no_network, "sh", "-c", 'cd b; exec "$@"', "sh", os.environ["OSBUNDLE"],
                               *words], code, HOME=self.path("b/home"), OSBUNDLE_CACHE=self.path("b/cache"))

    def pack(self, name):
        """Site A: fetch, lock, export. Only the bundle is carried over."""
        self.run_program("sim", "release", "p2@5.3.1", "release")
        site = ReleaseSite(self.path("site"))
        site.add_folder("5.3.1", self.path("release"))
        shutil.copy(self.path("release", APP), self.path("a"))
        with site:
            self.at_a("fetch", "5.3.1", "-p", "p2", "--source", site.url)
        self.at_a("key", "generate", "maker.key", "--no-password")
        signing = ("--sign", "maker.key", "--expires", "2099-01-31")
        self.at_a("lock", "5.3.1", "-p", "p2", "--app", APP, "-o", "osbundle.lock", *signing)
        self.at_a("bundle", "export", "--lock", "osbundle.lock", "--app", APP, "-o", name, *signing)
        shutil.copy(self.path("a", name), self.path("b", name))
        with open(self.path("a/maker.pub"), "rb") as file:
            self.write("b/home/.config/osbundle/maker.pub", file.read())
        self.write("b/home/.config/osbundle/config.json",
                   json.dumps({"trusted_keys": ["maker.pub"]}).encode())
        for folder in ("a", "site", "release"):
            shutil.rmtree(self.path(folder))

    def test_the_other_site_has_no_network(self):
        seen = self.run_words([*self.no_network, "cat", "/proc/net/dev"], 0).out
        self.assertEqual([line.split(":")[0].strip() for line in seen.splitlines()[2:]], ["lo"])
        result = self.at_b("fetch", "5.3.1", "-p", "p2", code=6)
        self.assert_two_line_error(result, "github.com")

    def bring_up(self, *words):
        """Plans and restores a board that has an older release, by the lock from the bundle."""
        self.at_b("sim", "new", "p2@5.3.0", "board")
        self.at_b("plan", "--sim", "board", "-o", "plan.json", *words)
        with open(self.path("b/plan.json"), encoding="utf-8") as file:
            self.assertTrue(json.load(file)["steps"])
        report = self.at_b("restore", "--sim", "board", "--yes", "--json", *words).last
        self.assertEqual(report["outcome"], "done")
        shown = self.at_b("info", "--sim", "board", "--json").json
        self.assertEqual(shown["os_version"], "5.3.1")

    def test_a_bundle_is_imported_and_a_board_restored(self):
        for name in ("kit.tar.zst", "kit.zip"):
            with self.subTest(name):
                for folder in ("a", "b/home"):
                    os.makedirs(self.path(folder), exist_ok=True)
                self.pack(name)
                self.at_b("bundle", "import", name, "-o", ".")
                os.remove(self.path("b", name))
                self.bring_up("--lock", "osbundle.lock")
                shutil.rmtree(self.path("b"))

    def test_a_bundle_is_used_where_it_lies(self):
        self.pack("kit.tar.zst")
        self.bring_up("5.3.1", "--source", "kit.tar.zst")
        with open(self.path("b/cache/releases/5.3.1/p2.json"), encoding="utf-8") as file:
            self.assertIn("kit.tar.zst#", json.load(file)["modules"]["bootloader/0"]["from"])


if __name__ == "__main__":
    unittest.main()
