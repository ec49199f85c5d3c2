#!/usr/bin/env python3
"""lock pins a release and an application by hash; verify --lock holds files against it."""

import hashlib
import json
import unittest
import zipfile

from program import ProgramTest


class Lock(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_program("sim", "release", "p2@5.3.1", "p2")
        self.source = self.path("p2")

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def lock(self, *words, code=0):
        return self.run_program("lock", "5.3.1", "-p", "p2", *words, code=code)

    def lock_lines(self, *words, code=0):
        """File -> (result, detail) of its line "lock"."""
        told = self.run_program("verify", *words, "--json", code=code).json
        documents = told if isinstance(told, list) else [told]
        return {document["file"]: next((line["result"], line["detail"]) for line in document["checks"]
                                       if line["check"] == "lock") for document in documents}

    def results(self, *words, code=0):
        return {name: result for name, (result, _) in self.lock_lines(*words, code=code).items()}


class Making(Lock):
    def test_it_pins_every_module_by_hash(self):
        lock = self.lock().json
        self.assertEqual(list(lock), ["type", "schema", "release", "platform", "modules"])
        self.assertEqual((lock["type"], lock["schema"], lock["release"], lock["platform"]),
                         ("osbundle-lock", 1, "5.3.1", "p2"))
        self.assertEqual(list(lock["modules"]), ["bootloader/0", "bootloader/2", "system_part/1"])
        content = self.read("p2/p2-bootloader@5.3.1.bin")
        self.assertEqual(lock["modules"]["bootloader/0"],
                         {"file": "p2-bootloader@5.3.1.bin", "version": 2101, "size": len(content),
                          "sha256": hashlib.sha256(content).hexdigest()})

    def test_the_same_gives_the_same_bytes(self):
        text = self.lock("--app", "p2/p2-tinker@5.3.1.bin").out
        self.lock("--app", "p2/p2-tinker@5.3.1.bin", "-o", "osbundle.lock")
        self.assertEqual(self.read("osbundle.lock").decode(), text)
        self.assertEqual(json.dumps(json.loads(text), indent=2) + "\n", text)

    def test_an_application_is_pinned_with_its_slot(self):
        lock = self.lock("--app", "p2/p2-tinker@5.3.1.bin").json
        content = self.read("p2/p2-tinker@5.3.1.bin")
        self.assertEqual(lock["application"],
                         {"slot": "user_part/1", "file": "p2-tinker@5.3.1.bin", "version": 6,
                          "size": len(content), "sha256": hashlib.sha256(content).hexdigest()})

    def test_what_could_never_run_is_not_locked(self):
        self.run_program("sim", "release", "p2@5.6.0", "newer")
        self.run_program("sim", "release", "argon@4.0.2", "other")
        for app, status, part in (("newer/p2-tinker@5.6.0.bin", 5, "system_part/1 >= 5600"),
                                  ("other/argon-tinker@4.0.2.bin", 5, "platform"),
                                  ("p2/p2-bootloader@5.3.1.bin", 2, "no application"),
                                  ("nowhere.bin", 3, "nowhere.bin")):
            self.assert_two_line_error(self.lock("--app", app, code=status), part)

    def test_a_platform_has_to_be_named(self):
        self.assert_two_line_error(self.run_program("lock", "5.3.1", code=2), "lock")
        self.lock("--all-platforms", code=2)


class Several(Lock):
    """One lock for several platforms, each with its application."""

    def setUp(self):
        super().setUp()
        self.run_program("sim", "release", "boron@5.3.1", "p2")  # one source has both

    def test_each_has_its_modules_and_its_application(self):
        apps = ("--app", "p2/p2-tinker@5.3.1.bin", "--app", "p2/boron-tinker@5.3.1.bin")
        lock = self.lock("-p", "boron", *apps, "-o", "osbundle.lock", "--json").json
        self.assertEqual(list(lock), ["type", "schema", "release", "platforms"])
        self.assertEqual(list(lock["platforms"]), ["boron", "p2"])
        for name, pinned in lock["platforms"].items():
            self.assertEqual(list(pinned), ["modules", "application"])
            self.assertEqual(pinned["application"]["file"], f"{name}-tinker@5.3.1.bin")
            alone = self.run_program("lock", "5.3.1", "-p", name).json
            self.assertEqual(alone["modules"], pinned["modules"])
        results = self.results("p2", "--lock", "osbundle.lock")
        self.assertEqual([name for name, result in results.items() if result != "passed"],
                         ["p2-prebootloader-mbr@5.3.1.bin"])
        self.assertEqual(len(self.results("--lock", "osbundle.lock")), 6)

    def test_the_order_of_the_words_does_not_show(self):
        apps = ("--app", "p2/p2-tinker@5.3.1.bin", "--app", "p2/boron-tinker@5.3.1.bin")
        one = self.run_program("lock", "5.3.1", "-p", "p2", "-p", "boron", *apps).out
        other = self.run_program("lock", "5.3.1", *apps[2:], *apps[:2], "-p", "boron", "-p", "p2",
                                 "-p", "boron").out
        self.assertEqual(one, other)

    def test_an_application_is_for_one_of_them_and_alone(self):
        for apps, code, part in ((("boron",), 5, "not locked"), (("p2", "p2"), 2, "second application")):
            words = [word for app in apps for word in ("--app", f"p2/{app}-tinker@5.3.1.bin")]
            self.assert_two_line_error(self.lock(*words, code=code), part)

    def test_boards_of_both_are_restored_by_it(self):
        self.lock("-p", "boron", "--app", "p2/boron-tinker@5.3.1.bin", "-o", "osbundle.lock")
        for name in ("p2", "boron"):
            words = ("--lock", "osbundle.lock", "--sim", f"{name}@5.3.0", "--json")
            report = self.run_program("restore", *words, "--yes").last
            self.assertEqual((report["outcome"], report["goal"]["version"]), ("done", "5.3.1"))
        report = self.run_program("restore", "--all", "--lock", "osbundle.lock", "--sim", "p2@5.3.0",
                                  "--sim", "boron@5.3.0", "--json", "--yes").last
        self.assertEqual((report["boards"], report["done"]), (2, 2))
        words = ("--lock", "osbundle.lock", "--sim", "msom@5.9.0")
        self.assert_two_line_error(self.run_program("plan", *words, code=5), "is for boron, p2")


class Holding(Lock):
    def setUp(self):
        super().setUp()
        self.lock("--app", "p2/p2-tinker@5.3.1.bin", "-o", "osbundle.lock")

    def test_a_folder_with_the_locked_files(self):
        results = self.results("p2", "--lock", "osbundle.lock")
        self.assertEqual(results.pop("p2-prebootloader-mbr@5.3.1.bin"), "not_checkable")
        self.assertEqual(set(results.values()), {"passed"})
        self.assertEqual(len(results), 4)

    def test_another_build_of_the_same_version(self):
        self.run_program("sim", "release", "p2@5.3.0", "older")
        self.write("p2/p2-tinker@5.3.1.bin", self.read("older/p2-tinker@5.3.0.bin"))
        result, detail = self.lock_lines("p2", "--lock", "osbundle.lock",
                                         code=4)["p2-tinker@5.3.1.bin"]
        self.assertEqual(result, "failed")
        self.assertIn("pins another user_part/1", detail)

    def test_a_file_that_is_named_has_to_be_pinned(self):
        self.run_program("sim", "release", "argon@4.0.2", "argon")
        for name in ("p2/p2-prebootloader-mbr@5.3.1.bin", "argon/argon-tinker@4.0.2.bin"):
            self.assertEqual(set(self.results(name, "--lock", "osbundle.lock", code=4).values()),
                             {"failed"})
        self.assertEqual(set(self.results("argon", "--lock", "osbundle.lock", code=None).values()),
                         {"not_checkable"})

    def test_of_a_bundle_the_whole_file_is_pinned(self):
        for name in ("app.zip", "same.zip", "other.zip"):
            with zipfile.ZipFile(self.path(name), "w") as bundle:
                bundle.writestr(zipfile.ZipInfo("app.bin"), self.read("p2/p2-tinker@5.3.1.bin"))
                if name == "other.zip":
                    bundle.writestr(zipfile.ZipInfo("assets/more.txt"), b"more")
        self.lock("--app", "app.zip", "-o", "bundle.lock")
        lock = json.loads(self.read("bundle.lock"))
        self.assertEqual(lock["application"]["file"], "app.zip")
        self.assertEqual(lock["application"]["sha256"],
                         hashlib.sha256(self.read("app.zip")).hexdigest())
        self.assertEqual(self.results("same.zip", "--lock", "bundle.lock"), {"same.zip": "passed"})
        self.assertEqual(self.results("other.zip", "--lock", "bundle.lock", code=4),
                         {"other.zip": "failed"})
        self.assertEqual(self.results("app.zip", "--lock", "osbundle.lock", code=4),
                         {"app.zip": "failed"})

    def test_a_restore_takes_the_bundle_that_is_pinned(self):
        for name in ("app.zip", "other.zip"):
            with zipfile.ZipFile(self.path(name), "w") as bundle:
                bundle.writestr(zipfile.ZipInfo("app.bin"), self.read("p2/p2-tinker@5.3.1.bin"))
                bundle.comment = name.encode()
        self.lock("--app", "app.zip", "-o", "bundle.lock")
        words = ("--lock", "bundle.lock", "--sim", "p2@5.3.0", "--json")
        for named in ((), ("--app", "app.zip")):
            steps = self.run_program("plan", *words, *named).last["steps"]
            self.assertIn("user_part/1", [step["slot"] for step in steps])
        result = self.run_program("restore", *words, "--yes", "--app", "other.zip", code=4)
        self.assert_two_line_error(result, "is not the file that the lock pins for user_part/1")

    def test_without_words_the_locked_release_in_the_cache(self):
        results = self.results("--lock", "osbundle.lock")
        self.assertEqual((len(results), set(results.values())), (3, {"passed"}))
        self.run_program("verify", "--lock", "osbundle.lock", "--cache", "empty", code=4)

    def test_without_a_lock_the_line_says_so(self):
        self.assertEqual(self.lock_lines("p2/p2-bootloader@5.3.1.bin"),
                         {"p2-bootloader@5.3.1.bin": ("not_checkable", "none is given")})

    def test_what_is_no_lock_is_refused(self):
        self.write("page.lock", b"<!DOCTYPE html>\n")
        self.write("large.lock", b" " * 300 * 1024)
        for name, status in (("page.lock", 4), ("large.lock", 5), ("nowhere.lock", 3)):
            result = self.run_program("verify", "p2", "--lock", name, code=status)
            self.assert_two_line_error(result, name)
            self.assertEqual(result.out, "")


if __name__ == "__main__":
    unittest.main()
