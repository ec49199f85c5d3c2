"""osbundle itself through libusb and this kernel: whole restores, and what a bus can do to it."""

import hashlib
import json
import os

from bench import PROGRAM, HostTest


class Restore(HostTest):
    def restore(self, board, version, *words):
        done = self.osbundle("restore", version, "-d", board.device_id, "--yes", "--json", *words)
        return [json.loads(line) for line in done.stdout.splitlines()][-1]

    def info(self, board):
        return json.loads(self.osbundle("info", board.device_id, "--json").stdout)

    def assert_restored(self, board, report, version):
        self.assertEqual(report["outcome"], "done")
        info = self.info(board)
        self.assertEqual((info["os_version"], info["mode"]), (version, "normal"))
        self.assertEqual({module["verdict"] for module in info["modules"]} - {"ok", "unknown"}, set())
        self.assertEqual(self.restore(board, version)["outcome"], "nothing_to_do")

    def test_osbundle_restores_a_boron_with_genuine_modules(self):
        folder = self.new_board("boron")
        board, = self.serve(folder)
        report = self.restore(board, "4.0.2")
        self.assert_restored(board, report, "4.0.2")
        flash = (folder / "internal.flash").read_bytes()
        for start, name in ((0xF4000, "boron-bootloader@4.0.2.bin"),
                            (0x30000, "boron-system-part1@4.0.2.bin")):
            content = self.module(name).read_bytes()
            self.assertEqual(hashlib.sha256(flash[start:start + len(content)]).hexdigest(),
                             hashlib.sha256(content).hexdigest(), name)

    def test_osbundle_restores_a_p2(self):
        board, = self.serve(self.new_board("p2"))
        self.assert_restored(board, self.restore(board, "5.3.1"), "5.3.1")

    def test_osbundle_restores_a_photon(self):
        board, = self.serve(self.new_board("photon"))
        self.assert_restored(board, self.restore(board, "2.3.1"), "2.3.1")

    def test_osbundle_names_the_cure_when_it_may_not_open_a_board(self):
        board, = self.serve("p2@5.3.1")
        port = board.folder.name
        words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", PROGRAM, "info",
                 f"usb:{port}"]
        os.chmod(self.folder, 0o777)
        refused = self.run_command(words, code=7)
        self.assertIn("permi", refused.stderr)
        self.assertIn("udev", refused.stderr)

    def test_osbundle_tells_two_boards_apart(self):
        first, second = self.serve("p2@5.3.1", "boron@2.2.0")
        self.assertEqual(self.info(first)["device"]["platform"], "p2")
        self.assertEqual(self.info(second)["device"]["platform"], "boron")
        refused = self.osbundle("info", code=2)
        self.assertIn(first.device_id, refused.stderr)
        self.assertIn(second.device_id, refused.stderr)
