#!/usr/bin/env python3
"""Keys and signatures: what minisign and osbundle make of each other's, and what is held to them."""

import json
import os
import pty
import shutil
import stat
import subprocess
import termios
import unittest

from program import ProgramTest

EVERY = int(os.environ.get("EVERY_BYTE", "43"))  # 1: every byte; else one of so many

# By minisign 0.11, which would take seconds to make another: the password is "pw".
ENCRYPTED = ("untrusted comment: minisign encrypted secret key\n"
             "RWRTY0Iyq/1T2deblMZq1qISFgXhm5hIPiICGyz7LIhTHxrFfz4AAAACAAAAAAAAAEAAAAAAn9dMcjTy"
             "q1zfI5wrmcIIvCE6ejNMLRdsezJts3haKA/FPEKPJ3uu5o1shUDRiOtjzua17G3e4luVukUZY753S21X"
             "QCOIx8g8kgyV26BLQCdhdjvuRjJnqMERqTko+ryJWyGhs4VdoY0=\n").encode()
ENCRYPTED_PUBLIC = "RWSztrgcMYYmNjMRemOQLXNiEtwcVDawHV8Ou4XTv4frWH67wONEcbFP"


class SignatureTest(ProgramTest):
    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def generate(self, name="osbundle.key", *words):
        return self.run_program("key", "generate", name, *(words or ("--no-password",)))

    def minisign(self, *words, code=0, text=""):
        """Runs minisign, which reads passwords from its input."""
        finished = subprocess.run(["minisign", *words], cwd=self.folder, input=text, text=True,
                                  env=self.environment(), capture_output=True, timeout=120)
        self.assertEqual(finished.returncode, code, finished.stdout + finished.stderr)
        return finished.stdout

    def trust(self, *keys):
        self.write(".config/osbundle/config.json", json.dumps({"trusted_keys": keys}).encode())

    def public(self, name="osbundle.pub"):
        return self.read(name).decode().splitlines()[1]

    def verify(self, name, *words, code=0):
        return self.run_program("verify", name, *words, code=code)

    def answer(self, name, *passwords):
        """Makes a key on a terminal of its own; what was to be seen there, and the exit code."""
        child, terminal = pty.fork()
        if not child:
            os.chdir(self.folder)
            program = os.environ["OSBUNDLE"]
            os.execve(program, [program, "key", "generate", name], self.environment())
        seen, left = b"", list(passwords)
        while True:
            try:
                piece = os.read(terminal, 1024)
            except OSError:
                break
            if not piece:
                break
            seen += piece
            if piece.endswith(b": ") and left:
                os.write(terminal, left.pop(0) + b"\n")
        _, status = os.waitpid(child, 0)
        self.assertTrue(termios.tcgetattr(terminal)[3] & termios.ECHO, "the terminal stays silent")
        os.close(terminal)
        return seen, os.waitstatus_to_exitcode(status)


class Keys(SignatureTest):
    def mode(self, name):
        return stat.S_IMODE(os.stat(self.path(name)).st_mode)

    def test_a_pair_is_made_and_shown(self):
        made = self.run_program("key", "generate", "--no-password", "--json").json
        self.assertEqual((made["type"], made["secret_file"], made["public_file"], made["encrypted"]),
                         ("osbundle-key", "osbundle.key", "osbundle.pub", False))
        self.assertEqual(made["public_key"], self.public())
        self.assertIn(made["id"], self.read("osbundle.pub").decode())
        self.assertEqual((self.mode("osbundle.key"), self.mode("osbundle.pub")), (0o600, 0o644))
        for name in ("osbundle.key", "osbundle.pub"):
            shown = self.run_program("key", "show", name, "--json").json
            self.assertEqual((shown["id"], shown["public_key"]), (made["id"], made["public_key"]))
            self.assertIn(made["public_key"], self.run_program("key", "show", name).out)

    def test_no_umask_opens_a_secret_key(self):
        self.run_words(["sh", "-c", "umask 0; exec \"$0\" key generate -W", os.environ["OSBUNDLE"]], 0)
        self.assertEqual(self.mode("osbundle.key"), 0o600)

    def test_no_file_is_overwritten(self):
        self.write("a.key", b"mine")
        self.write("b.pub", b"mine")
        os.symlink("nowhere", self.path("c.key"))
        for name in ("a", "b", "c"):
            result = self.run_program("key", "generate", f"{name}.key", "-W", code=5)
            self.assert_two_line_error(result, "is there already")
        self.assertEqual(self.files_below("."), ["a.key", "b.pub", "c.key"])
        self.assertEqual((self.read("a.key"), self.read("b.pub")), (b"mine", b"mine"))

    def test_what_is_no_key_is_told(self):
        self.write("page.html", b"<!DOCTYPE html>\n")
        self.assert_two_line_error(self.run_program("key", "show", "page.html", code=4), "page.html",
                                   "is no secret key")
        self.assert_two_line_error(self.run_program("key", "show", "nowhere", code=3), "nowhere")
        for words in ((), ("show",), ("make",), ("show", "a", "b"), ("show", "a", "-W")):
            self.run_program("key", *words, code=2)
        self.write("password", b"secret\n")
        self.run_program("key", "generate", "-W", "--password-file", "password", code=2)

    def test_two_different_passwords_make_no_key(self):
        seen, code = self.answer("osbundle.key", b"correct horse", b"correct house")
        self.assertEqual(code, 2, seen)
        self.assertIn(b"not the same", seen)
        self.assertEqual(self.files_below("."), [])

    def test_a_question_can_be_interrupted(self):
        for passwords in ((b"\x03",), (b"correct horse", b"\x03")):
            seen, code = self.answer("osbundle.key", *passwords)
            self.assertEqual(code, 8, seen)
        self.assertEqual(self.files_below("."), [])

    def test_without_a_terminal_a_password_needs_a_file(self):
        words = ("setsid", "--wait", os.environ["OSBUNDLE"], "key", "generate")
        self.assert_two_line_error(self.run_words(words, 2), "no terminal")
        self.write("empty", b"\n")
        self.assert_two_line_error(self.run_program("key", "generate", "--password-file", "empty",
                                                    code=2), "empty")
        self.assertEqual(self.files_below("."), ["empty"])


class WithMinisign(SignatureTest):
    """The peer is minisign of the system, not our reading of it."""

    def setUp(self):
        super().setUp()
        self.source = self.path("p2")
        self.run_program("sim", "release", "p2@5.3.1", "p2")

    def lock(self, key, *words):
        return self.run_program("lock", "5.3.1", "-p", "p2", "-o", "osbundle.lock", "--sign", key, *words)

    def test_keys_and_signatures_go_both_ways(self):
        self.generate("ours.key")
        self.minisign("-G", "-W", "-s", "theirs.key", "-p", "theirs.pub")
        for key in ("ours", "theirs"):
            self.lock(f"{key}.key", "--expires", "2199-12-31")
            self.minisign("-V", "-m", "osbundle.lock", "-p", f"{key}.pub")
            os.remove(self.path("osbundle.lock.minisig"))
            self.minisign("-S", "-s", f"{key}.key", "-m", "osbundle.lock", "-t", "role:lock version:3")
            found = self.verify("osbundle.lock", "-k", f"{key}.pub", "--json").json
            self.assertEqual((found["type"], found["role"], found["version"], found["expires"]),
                             ("osbundle-signature", "lock", 3, None))
            self.assertEqual(found["trusted_comment"], "role:lock version:3")

    def test_passwords_go_both_ways(self):
        """Three times the work that guards a password: seconds each, and a GiB."""
        seen, code = self.answer("ours.key", b"correct horse", b"correct horse")
        self.assertEqual(code, 0, seen)
        self.assertIn(b"New password for ours.key: ", seen)
        self.assertIn(b"ours.key, encrypted", seen)
        self.assertNotIn(b"horse", seen)
        self.write("content", b"content")
        self.minisign("-S", "-s", "ours.key", "-m", "content", text="correct horse\n")
        self.verify("content", "-k", "ours.pub")
        self.write("theirs.key", ENCRYPTED)
        self.write("password", b"pw\n")
        self.lock("theirs.key", "--password-file", "password")
        self.minisign("-V", "-m", "osbundle.lock", "-P", ENCRYPTED_PUBLIC)

    def test_a_default_comment_of_minisign_is_no_lock(self):
        self.generate()
        self.trust(self.public())
        self.run_program("lock", "5.3.1", "-p", "p2", "-o", "osbundle.lock")
        self.minisign("-S", "-s", "osbundle.key", "-m", "osbundle.lock")
        self.verify("osbundle.lock", "-x", "osbundle.lock.minisig")
        result = self.verify("p2", "--lock", "osbundle.lock", code=4)
        self.assert_two_line_error(result, "does not begin with a role")

    def test_the_old_form_is_refused(self):
        self.generate()
        self.write("content", b"content")
        self.minisign("-S", "-l", "-s", "osbundle.key", "-m", "content")
        self.assert_two_line_error(self.verify("content", "-k", "osbundle.pub", code=4), "old form")

    def test_no_changed_byte_goes_unnoticed(self):
        """In the lock and in its signature, but for the text of the untrusted comment."""
        self.generate()
        self.trust(self.public())
        self.lock("osbundle.key", "--expires", "2199-12-31")
        words = ("verify", "p2/p2-bootloader@5.3.1.bin", "--lock", "osbundle.lock")
        self.run_program(*words)
        for name in ("osbundle.lock", "osbundle.lock.minisig"):
            content = self.read(name)
            free = range(len("untrusted comment: "), content.index(b"\n")) if "minisig" in name else ()
            for place in range(0, len(content), EVERY):
                if place not in free:
                    changed = bytearray(content)
                    changed[place] ^= 1 << place % 8
                    self.write(name, changed)
                    self.run_program(*words, code=4)
            self.write(name, content)
        self.run_program(*words)


class Holding(SignatureTest):
    """A lock that is used where keys are trusted."""

    def setUp(self):
        super().setUp()
        self.source = self.path("p2")
        self.run_program("sim", "release", "p2@5.3.1", "p2")
        self.generate()
        self.trust("../../osbundle.pub")
        self.words = ("verify", "p2/p2-bootloader@5.3.1.bin", "--lock", "osbundle.lock")

    def lock(self, *words):
        return self.run_program("lock", "5.3.1", "-p", "p2", "-o", "osbundle.lock", *words)

    def sign(self, comment):
        self.minisign("-S", "-s", "osbundle.key", "-m", "osbundle.lock", "-t", comment)

    def test_it_has_to_be_signed(self):
        self.lock()
        self.assert_two_line_error(self.run_program(*self.words, code=4), "osbundle.lock", "is not signed")
        self.lock("--sign", "osbundle.key")
        self.run_program(*self.words)
        self.trust()
        os.remove(self.path("osbundle.lock.minisig"))
        self.run_program(*self.words)

    def test_by_a_key_that_is_trusted(self):
        self.generate("other.key")
        self.lock("--sign", "other.key")
        result = self.run_program(*self.words, code=4)
        self.assert_two_line_error(result, "which is not trusted")
        self.trust("../../osbundle.pub", self.public("other.pub"))
        self.run_program(*self.words)
        self.trust("RWnokey")
        self.run_program(*self.words, code=3)

    def test_as_a_lock(self):
        self.lock()
        self.sign("role:mirror version:7")
        result = self.run_program(*self.words, code=4)
        self.assert_two_line_error(result, "is signed as a mirror, and not as a lock")

    def test_expiry_counts_online_and_is_told_offline(self):
        self.lock("--sign", "osbundle.key", "--expires", "2020-02-29")
        result = self.run_program(*self.words, code=4)
        self.assert_two_line_error(result, "expired on 2020-02-29")
        offline = self.run_program(*self.words, "--offline")
        self.assertIn("which expired on 2020-02-29", offline.err)
        self.verify("osbundle.lock", "-x", "osbundle.lock.minisig", code=4)
        shown = self.verify("osbundle.lock", "-x", "osbundle.lock.minisig", "--offline")
        self.assertIn("has expired", shown.out)

    def test_signatures_count_on(self):
        for version in (1, 2, 3):
            self.lock("--sign", "osbundle.key")
            self.assertIn(f"role:lock version:{version}\n", self.read("osbundle.lock.minisig").decode())

    def test_words_that_make_no_sense(self):
        for words in (("--sign", "osbundle.key"), ("-o", "a", "--expires", "2027-01-31"),
                      ("-o", "a", "--sign", "osbundle.key", "--expires", "2027-02-30"),
                      ("-o", "/dev/null", "--sign", "osbundle.key")):
            self.run_program("lock", "5.3.1", "-p", "p2", *words, code=2)
        self.run_program("lock", "5.3.1", "-p", "p2", "-o", "a", "--sign", "osbundle.pub", code=4)
        self.assertFalse(os.path.exists(self.path("a")))

    def test_a_restore_holds_to_it(self):
        self.run_program("sim", "new", "p2@5.3.0", "board")
        self.lock("--sign", "osbundle.key", "--app", "p2/p2-tinker@5.3.1.bin")
        words = ("restore", "--lock", "osbundle.lock", "--sim", "board", "--yes")
        content = self.read("osbundle.lock")
        self.write("osbundle.lock", content.replace(b"5.3.1", b"5.3.2", 1))
        self.run_program(*words, code=4)
        self.write("osbundle.lock", content)
        self.run_program(*words)


class Seen(SignatureTest):
    """What was pinned once, for a release, is what it is."""

    def setUp(self):
        super().setUp()
        self.source = self.path("p2")
        self.run_program("sim", "release", "p2@5.3.1", "p2")
        self.run_program("lock", "5.3.1", "-p", "p2", "-o", "osbundle.lock")
        lock = json.loads(self.read("osbundle.lock"))
        lock["modules"]["bootloader/0"]["sha256"] = "00" * 32
        self.write("other.lock", json.dumps(lock, indent=2).encode() + b"\n")
        self.seen = ".local/state/osbundle/seen.json"

    def test_another_hash_is_refused_and_nobody_asked(self):
        shutil.rmtree(self.path("cache"))
        self.run_program("sim", "new", "p2@5.3.0", "board")
        for words in (("plan", "--sim", "board"), ("restore", "--sim", "board", "--yes"), ("verify",)):
            result = self.run_program(*words, "--lock", "other.lock", code=4)
            self.assert_two_line_error(result, "other.lock", "pins another bootloader/0 of 5.3.1")
            self.assertIn("seen.json", result.err)
        os.remove(self.path(self.seen))
        result = self.run_program("restore", "--sim", "board", "--yes", "--lock", "other.lock", code=4)
        self.assert_two_line_error(result, "is not the file that the lock pins for bootloader/0")

    def test_a_damaged_memory_is_told(self):
        self.write(self.seen, self.read(self.seen)[:-40])
        result = self.run_program("lock", "5.3.1", "-p", "p2", code=4)
        self.assert_two_line_error(result, "seen.json", "is damaged")
        self.assertIn("backup", result.err)


if __name__ == "__main__":
    unittest.main()
