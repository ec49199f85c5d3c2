"""osbundle itself through libusb and this kernel: whole restores, and what a bus can do to it."""

import fcntl
import hashlib
import json
import os
import re
import struct
import subprocess

from bench import PROGRAM, SLOWNESS, HostTest, start_udevd, wait_until

CLAIM_INTERFACE = 0x8004550F  # USBDEVFS_CLAIMINTERFACE


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

    def test_osbundle_restores_where_no_udevd_runs(self):
        """libusb hears of no device then: containers have none, nor do rescue systems."""
        subprocess.run(["udevadm", "control", "--exit"], check=True)
        self.addCleanup(start_udevd)
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

    def test_osbundle_says_when_somebody_else_holds_a_board(self):
        board, = self.serve("p2@5.3.1")
        board.into_dfu()
        holder = os.open(board.node(), os.O_RDWR)
        self.addCleanup(os.close, holder)
        fcntl.ioctl(holder, CLAIM_INTERFACE, struct.pack("I", 0))
        refused = self.osbundle("info", board.device_id, code=7)
        self.assertIn("another program", refused.stderr)

    def test_osbundle_finishes_after_the_cable_was_pulled(self):
        folder = self.new_board("boron")
        board, = self.serve(folder)
        words = [PROGRAM, "restore", "4.0.2", "-d", board.device_id, "--yes", "--json"]
        log = open(self.folder / "restore.log", "w", encoding="utf-8")
        self.addCleanup(log.close)
        restore = subprocess.Popen(words, env=self.environment(), stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log)
        self.addCleanup(restore.wait)
        writing = re.compile(r'"slot":"system_part/1".*"done":[1-9]')
        wait_until(lambda: writing.search((self.folder / "restore.log").read_text()),
                   "the system part's turn", seconds=30)
        self.pull_cables()
        self.plug_in(folder)
        board.wait(in_dfu=True)  # its system part is torn
        code = restore.wait(timeout=100 * SLOWNESS)
        self.assertIn(code, (0, 7))
        self.osbundle("restore", "4.0.2", "-d", board.device_id, "--yes")
        board.wait()
        self.assertEqual(self.info(board)["os_version"], "4.0.2")

    def test_osbundle_restores_a_fixture_full_of_boards(self):
        boards = self.serve(*["p2@5.0.1"] * 4)
        place = boards[2].folder.name
        done = self.osbundle("restore", "5.3.1", "--all", "--wait", "4", "--yes", "--json",
                             "--label", f"{place}=middle")
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        reports = {line["device"]: line for line in lines if line["type"] == "osbundle-report"}
        self.assertEqual((lines[-1]["type"], lines[-1]["done"]), ("osbundle-summary", 4))
        self.assertEqual({name: report["label"] for name, report in reports.items()},
                         {board.device_id: "middle" if board is boards[2] else None
                          for board in boards})
        for board in boards:
            self.assertEqual(self.info(board)["os_version"], "5.3.1")

    def test_osbundle_tells_two_boards_apart(self):
        first, second = self.serve("p2@5.3.1", "boron@2.2.0")
        self.assertEqual(self.info(first)["device"]["platform"], "p2")
        self.assertEqual(self.info(second)["device"]["platform"], "boron")
        refused = self.osbundle("info", code=2)
        self.assertIn(first.device_id, refused.stderr)
        self.assertIn(second.device_id, refused.stderr)
