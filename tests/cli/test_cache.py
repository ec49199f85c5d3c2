#!/usr/bin/env python3
"""cache: what is there, whether it is sound, what goes and what stays."""

import hashlib
import os
import pty
import shutil
import subprocess
import tempfile
import time
import unittest
import zipfile

from program import ProgramTest

DAY_S = 24 * 3600


class CacheTest(ProgramTest):
    """A folder with three releases of two platforms, as a source."""

    @classmethod
    def setUpClass(cls):
        cls.site = tempfile.mkdtemp(prefix="osbundle-test-site-")
        cls.addClassCleanup(shutil.rmtree, cls.site)
        for board in ("p2@5.6.0", "p2@5.3.1", "boron@5.3.1"):
            subprocess.run([os.environ["OSBUNDLE"], "--cache", cls.site + "/cache", "sim", "release",
                            board, cls.site], check=True, stdout=subprocess.DEVNULL)

    def setUp(self):
        super().setUp()
        self.source = shutil.copytree(self.site, self.path("site"))

    def fetch(self, *boards):
        for board in boards:
            platform, version = board.split("@")
            self.run_program("fetch", version, "-p", platform)

    def releases(self, cache="cache"):
        """VERSION/PLATFORM of every record."""
        found = self.files_below(f"{cache}/releases")
        return [name.removesuffix(".json") for name in found]

    def objects(self, cache="cache"):
        return [self.path(cache, name) for name in self.files_below(cache)
                if name.startswith("objects/")]

    def damage(self, path):
        """Replaces an object's bytes behind the program's back."""
        os.chmod(path, 0o644)
        with open(path, "r+b") as file:
            file.write(b"rotten")

    def use(self, board, days_ago):
        """Lets a release have been used so long ago."""
        platform, version = board.split("@")
        then = time.time() - days_ago * DAY_S
        os.utime(self.path("cache/releases", version, f"{platform}.json"), (then, then))

    def assert_all_sound(self, cache="cache"):
        for path in self.objects(cache):
            with open(path, "rb") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
            self.assertTrue(path.replace("/", "").endswith(digest), path)

    def test_lists_each_release_with_its_last_use(self):
        self.fetch("p2@5.6.0", "boron@5.3.1")
        self.use("boron@5.3.1", 40)
        listed = self.run_program("cache", "list", "--json").json
        self.assertEqual(listed["type"], "osbundle-cache-list")
        self.assertEqual([(one["version"], one["platform"], one["missing"], one["hidden"])
                          for one in listed["releases"]],
                         [("5.3.1", "boron", 0, False), ("5.6.0", "p2", 0, False)])
        self.assertLess(listed["releases"][0]["used"], listed["releases"][1]["used"])
        text = self.run_program("cache", "list").out
        self.assertRegex(text, r"5\.3\.1 +boron +\d+ +.*B +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d +ok")

    def test_counts_what_lies_there(self):
        self.fetch("p2@5.6.0")
        self.write("cache/tmp/new-abcdef", b"half")
        self.write("cache/damaged/00", b"rotten")
        folder, = self.run_program("cache", "stat", "--json").json["folders"]
        self.assertEqual(folder["releases"], 1)
        self.assertEqual(folder["objects"]["files"], len(self.objects()))
        self.assertEqual(folder["objects"]["bytes"], sum(map(os.path.getsize, self.objects())))
        self.assertEqual(folder["unnamed"], {"files": 0, "bytes": 0})
        self.assertEqual(folder["temporary"], {"files": 1, "bytes": 4})
        self.assertEqual(folder["damaged"], {"files": 1, "bytes": 6})

    def test_an_empty_cache_has_answers_too(self):
        for verb in ("list", "stat", "path", "verify", "prune"):
            self.assertTrue(self.run_program("cache", verb).out)
            self.run_program("cache", verb, "--json").json
        self.assertFalse(os.path.exists(self.path("cache")))

    def test_tells_paths_for_scripts(self):
        self.fetch("p2@5.6.0")
        self.assertEqual(self.run_program("cache", "path").out, self.path("cache") + "\n")
        files = self.run_program("cache", "path", "5.6", "-p", "p2", "--json").json["files"]
        self.assertEqual({file["path"] for file in files}, set(self.objects()))
        self.run_program("cache", "path", "5.3.1", "-p", "p2", code=3)
        self.run_program("cache", "path", "5.6.0", code=2)
        self.damage(files[0]["path"])
        result = self.run_program("cache", "path", "5.6.0", "-p", "p2", code=4)
        self.assert_two_line_error(result, files[0]["file"], "damaged")
        self.assertEqual(result.out, "")

    def test_verify_names_damage_sets_it_aside_and_tells_the_cure(self):
        self.fetch("p2@5.6.0", "p2@5.3.1")
        self.assertIn("all sound", self.run_program("cache", "verify").out)
        victim = self.objects()[0]
        self.damage(victim)
        result = self.run_program("cache", "verify", code=4)
        self.assertIn(victim, result.out)
        cure = next(line for line in result.out.splitlines() if "osbundle fetch" in line).split()
        self.assertFalse(os.path.exists(victim))
        self.assertEqual(len(self.files_below("cache/damaged")), 1)
        told = self.run_program("cache", "verify", "--json", code=4).json
        self.assertEqual([problem["kind"] for problem in told["problems"]], ["missing"])
        self.assertFalse(told["sound"])
        self.run_program(*cure[1:])
        self.assertTrue(self.run_program("cache", "verify", "--json").json["sound"])
        self.assert_all_sound()

    def test_verify_sets_aside_what_is_no_record(self):
        self.fetch("p2@5.6.0", "boron@5.3.1")
        self.write("cache/releases/5.6.0/p2.json", b"{ half")
        problem, = self.run_program("cache", "verify", "--json", code=4).json["problems"]
        self.assertEqual((problem["kind"], problem["set_aside"]), ("record", True))
        self.assertEqual(self.releases(), ["5.3.1/boron"])
        self.run_program("cache", "verify")

    def test_a_plan_heals_a_damaged_cache(self):
        self.fetch("p2@5.6.0")
        for victim in self.objects():
            self.damage(victim)
        self.run_program("plan", "5.6.0", "--sim", "p2@5.3.1")
        self.assert_all_sound()
        self.run_program("cache", "verify")
        self.assertEqual(len(self.files_below("cache/damaged")), 3)

    def test_lower_layers_are_read_and_never_written(self):
        self.fetch("p2@5.6.0")
        shutil.move(self.path("cache"), self.path("server"))
        before = {name: os.stat(self.path("server", name)).st_mtime_ns
                  for name in self.files_below("server")}
        layers = {"OSBUNDLE_CACHE": f"{self.path('cache')}:{self.path('server')}"}
        shutil.rmtree(self.path("site"))
        self.run_program("plan", "5.6.0", "--sim", "p2@5.3.1", "--offline", **layers)
        self.run_program("cache", "prune", "5.6.0", code=3, **layers)
        self.run_program("cache", "prune", "--yes", "--max-size", "0", **layers)
        self.run_program("cache", "verify", **layers)
        listed = self.run_program("cache", "list", "--json", **layers).json["releases"]
        self.assertEqual([one["folder"] for one in listed], [self.path("server")])
        self.assertEqual({name: os.stat(self.path("server", name)).st_mtime_ns
                          for name in self.files_below("server")}, before)
        self.damage(self.objects("server")[0])
        result = self.run_program("cache", "verify", "--json", code=4, **layers).json
        self.assertFalse(result["problems"][0]["set_aside"])
        self.assertEqual(self.files_below("server"), sorted(before))

    def test_a_damaged_lower_copy_is_replaced_above_it(self):
        self.fetch("p2@5.6.0")
        shutil.move(self.path("cache"), self.path("server"))
        layers = {"OSBUNDLE_CACHE": f"{self.path('cache')}:{self.path('server')}"}
        self.damage(self.objects("server")[0])
        self.run_program("plan", "5.6.0", "--sim", "p2@5.3.1", **layers)
        self.assert_all_sound("cache")
        self.assertEqual(self.releases("cache"), ["5.6.0/p2"])

    def test_prunes_by_name_and_platform(self):
        self.fetch("p2@5.6.0", "p2@5.3.1", "boron@5.3.1")
        told = self.run_program("cache", "prune", "--yes", "5.3.1", "-p", "p2", "--json").json
        self.assertEqual([(one["version"], one["platform"], one["kept_by"])
                          for one in told["releases"]], [("5.3.1", "p2", None)])
        self.assertEqual(self.releases(), ["5.3.1/boron", "5.6.0/p2"])
        self.run_program("cache", "verify")
        self.assertEqual(told["bytes_left"], sum(map(os.path.getsize, self.objects())))
        self.run_program("cache", "prune", "--yes", "5")
        self.assertEqual((self.releases(), self.objects()), ([], []))

    def prune_on_a_terminal(self, answer):
        """What it says to somebody who answers that."""
        here, there = pty.openpty()
        self.addCleanup(os.close, here)
        os.write(here, answer)
        done = subprocess.run([os.environ["OSBUNDLE"], "cache", "prune", "5"], cwd=self.folder,
                              env=self.environment(), stdin=there, capture_output=True, text=True, timeout=60)
        os.close(there)
        return done

    def test_releases_are_removed_with_the_word_of_the_user_only(self):
        self.fetch("p2@5.6.0")
        result = self.run_program("cache", "prune", "5", code=2)
        self.assert_two_line_error(result, "no terminal to ask on")
        done = self.prune_on_a_terminal(b"n\n")
        self.assertEqual((done.returncode, self.releases()), (8, ["5.6.0/p2"]))
        self.assertIn("would remove 5.6.0 for p2", done.stdout)
        done = self.prune_on_a_terminal(b"y\n")
        self.assertEqual((done.returncode, self.releases()), (0, []))

    def test_prunes_by_age(self):
        self.fetch("p2@5.6.0", "p2@5.3.1")
        self.use("p2@5.3.1", 100)
        self.use("p2@5.6.0", 80)
        text = self.run_program("cache", "prune", "--older-than", "90d", "--dry-run").out
        self.assertIn("would remove 5.3.1 for p2", text)
        self.assertEqual(len(self.releases()), 2)
        text = self.run_program("cache", "prune", "--yes", "--older-than", "90d").out
        self.assertIn("removed 5.3.1 for p2", text)
        self.assertEqual(self.releases(), ["5.6.0/p2"])
        self.run_program("plan", "5.6.0", "--sim", "p2@5.3.1")  # a use
        self.run_program("cache", "prune", "--yes", "--older-than", "8w")
        self.assertEqual(self.releases(), ["5.6.0/p2"])

    def test_prunes_to_a_size(self):
        self.fetch("p2@5.6.0", "p2@5.3.1", "boron@5.3.1")
        self.use("boron@5.3.1", 3)
        self.use("p2@5.6.0", 2)
        size = sum(map(os.path.getsize, self.objects()))
        self.run_program("cache", "prune", "--yes", "--max-size", size - 1)
        self.assertEqual(self.releases(), ["5.3.1/p2", "5.6.0/p2"])
        told = self.run_program("cache", "prune", "--yes", "--max-size", "0.5k", "--json").json
        self.assertEqual((self.releases(), told["bytes_left"]), ([], 0))

    def test_keeps_what_a_lock_names(self):
        self.fetch("p2@5.6.0", "p2@5.3.1")
        self.run_program("lock", "5.6.0", "-p", "p2", "-o", "osbundle.lock")
        told = self.run_program("cache", "prune", "--yes", "--max-size", "0", "--keep-lock",
                                "osbundle.lock", "--json").json
        self.assertEqual(self.releases(), ["5.6.0/p2"])
        self.assertEqual({one["version"]: one["kept_by"] for one in told["releases"]},
                         {"5.3.1": None, "5.6.0": "osbundle.lock"})
        self.assertTrue(told["over_limit"])
        self.run_program("verify", "--lock", "osbundle.lock")
        text = self.run_program("cache", "prune", "--yes", "5.6.0", "--keep-lock", "osbundle.lock").out
        self.assertIn("osbundle.lock needs it", text)
        self.write("other.lock", b"{}")
        self.run_program("cache", "prune", "5.6.0", "--keep-lock", "other.lock", code=4)
        self.run_program("cache", "prune", "5.6.0", "--keep-lock", "none.lock", code=3)
        self.assertEqual(self.releases(), ["5.6.0/p2"])

    def test_keeps_what_an_unfinished_restore_needs(self):
        self.run_program("sim", "new", "p2@5.3.1", "board")
        self.fetch("p2@5.6.0")
        self.interrupt_program("restore", "5.6.0", "--sim", "board", "--yes", when="write")
        told = self.run_program("cache", "prune", "--yes", "--max-size", "0", "--json").json
        self.assertIn("unfinished restore", told["releases"][0]["kept_by"])
        shutil.rmtree(self.path("site"))
        self.run_program("resume", "--sim", "board", "--yes", "--offline")
        self.run_program("cache", "prune", "--yes", "--max-size", "0")
        self.assertEqual(self.objects(), [])

    def test_prune_clears_what_was_left_behind(self):
        self.fetch("p2@5.6.0")
        self.write("cache/tmp/new-abcdef", b"of a process that was killed")
        old = self.write("cache/objects/sha256/ab/" + "0" * 62, b"in no release")
        os.utime(old, (1e9, 1e9))
        told = self.run_program("cache", "prune", "--json").json
        self.assertEqual((told["temporary"]["files"], told["objects"]["files"]), (1, 1))
        self.assertEqual(self.releases(), ["5.6.0/p2"])
        self.assertEqual(self.files_below("cache/tmp"), ["lock"])
        self.run_program("cache", "verify")

    def test_imports_all_that_a_folder_has(self):
        told = self.run_program("cache", "import", "site", "-p", "boron", "--json").last
        self.assertEqual([(one["version"], one["platform"]) for one in told["releases"]],
                         [("5.3.1", "boron")])
        told = self.run_program("cache", "import", "site", "--json").last
        self.assertEqual(len(told["releases"]), 3)
        self.assertEqual([one["already_cached"] for one in told["releases"]].count(True), 1)
        self.run_program("cache", "verify")

    def test_imports_archives(self):
        with zipfile.ZipFile(self.path("kit.zip"), "w") as kit:
            for name in self.files_below("site"):
                if "p2" in name and "5.6.0" in name:
                    kit.write(self.path("site", name), name)
        self.run_program("cache", "import", "kit.zip")
        self.assertEqual(self.releases(), ["5.6.0/p2"])
        self.run_program("cache", "verify")

    def test_import_skips_what_is_incomplete_and_fails_on_what_is_wrong(self):
        os.remove(self.path("site/p2-system-part1@5.3.1.bin"))
        text = self.run_program("cache", "import", "site").out
        self.assertRegex(text, r"5\.3\.1 for p2: skipped: .*missing")
        self.assertEqual(self.releases(), ["5.3.1/boron", "5.6.0/p2"])
        shutil.rmtree(self.path("cache"))
        with open(self.path("site/boron-bootloader@5.3.1.bin"), "r+b") as file:
            file.seek(1000)
            file.write(b"rotten")
        result = self.run_program("cache", "import", "site", code=4)
        self.assert_two_line_error(result, "boron-bootloader@5.3.1.bin")
        self.assertEqual(self.releases(), ["5.6.0/p2"])
        self.run_program("cache", "import", self.path("nowhere"), code=3)

    def test_words_that_no_verb_takes_are_refused(self):
        for words in (["cache"], ["cache", "clean"], ["cache", "list", "5.6.0"],
                      ["cache", "list", "--max-size", "1G"], ["cache", "verify", "-p", "p2"],
                      ["cache", "prune", "--older-than", "90"], ["cache", "prune", "--max-size", "2X"],
                      ["cache", "prune", "--max-size=-1"], ["cache", "import"],
                      ["cache", "path", "5.6.0", "--dry-run"], ["fetch", "5.6.0", "--max-size", "1G"]):
            self.assert_two_line_error(self.run_program(*words, code=2))

    def test_what_cannot_be_removed_is_an_error(self):
        if os.geteuid() == 0:
            self.skipTest("root may remove anything")
        self.fetch("p2@5.6.0")
        os.chmod(self.path("cache/releases/5.6.0"), 0o555)
        result = self.run_program("cache", "prune", "--yes", "5.6.0", code=1)
        os.chmod(self.path("cache/releases/5.6.0"), 0o755)
        self.assert_two_line_error(result, "cannot remove")
        self.run_program("cache", "verify")


if __name__ == "__main__":
    unittest.main()
