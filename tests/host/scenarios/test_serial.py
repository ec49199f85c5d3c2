"""Serial ports: a board that nothing else can talk to, restored over libserialport and cdc_acm."""

import array
import fcntl
import json
import os
import termios

from bench import PROGRAM, HostTest, wait_until
from older import age_photon

TIOCGEXCL = 0x80045440


class Serial(HostTest):
    def old_photon(self):
        """A Photon whose system is older than control requests, plugged in."""
        folder = self.new_board("photon")
        age_photon(folder)
        board, = self.serve(folder)
        self.assertEqual(json.loads(self.osbundle("info", board.device_id, "--json").stdout)["modules"], [])
        return board

    def port(self, board):
        port = wait_until(board.console, "the serial port")
        wait_until(port.exists, str(port))
        return port

    def refused_restore(self, board, *before):
        words = [PROGRAM, "restore", "2.3.1", "-d", board.device_id, "--yes", "--json"]
        done = self.run_command([*before, *words], code=7)
        return json.loads(done.stdout.splitlines()[-1]), done.stderr

    def test_osbundle_restores_a_board_without_control_requests(self):
        board = self.old_photon()
        done = self.osbundle("restore", "2.3.1", "-d", board.device_id, "--yes", "--json")
        report = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual(report["outcome"], "done")
        board.wait()
        info = json.loads(self.osbundle("info", board.device_id, "--json").stdout)
        self.assertEqual((info["os_version"], info["mode"]), ("2.3.1", "normal"))

    def test_osbundle_says_who_holds_a_serial_port(self):
        board = self.old_photon()
        holder = os.open(self.port(board), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.addCleanup(os.close, holder)
        fcntl.ioctl(holder, termios.TIOCEXCL)
        error, said = self.refused_restore(board)
        self.assertIn(f"(process {os.getpid()})", said)
        self.assertIn("ModemManager", said)
        self.assertEqual(error["code"], "busy")
        board.wait()  # as it was

    def test_osbundle_names_the_cure_when_it_may_not_open_a_serial_port(self):
        board = self.old_photon()
        os.chmod(board.node(), 0o666)
        os.chmod(self.port(board), 0o600)
        os.chmod(self.folder, 0o777)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        error, said = self.refused_restore(board, *nobody)
        self.assertEqual(error["code"], "permission")
        self.assertIn("dialout", said)
        board.wait()

    def test_osbundle_hears_who_a_board_is_on_its_serial_port(self):
        photon, boron = self.serve("photon@2.2.0", "boron@2.2.0")
        paths = {board: str(self.port(board)) for board in (photon, boron)}
        ports = json.loads(self.osbundle("serial", "list", "--json").stdout)["ports"]
        for board, path in paths.items():
            told = next(port for port in ports if port["path"] == path)
            self.assertEqual((told["platform"], told["device_id"], told["usb_port"]),
                             (board.platform, board.device_id, board.folder.name))
        bystander = os.open(paths[photon], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self.addCleanup(os.close, bystander)
        for board in (photon, boron):
            words = ["serial", "identify", paths[board], "--json", "--listening"]
            told = json.loads(self.osbundle(*words).stdout)
            self.assertEqual((told["device_id"], told["os_version"]), (board.device_id, "2.2.0"))
            info = json.loads(self.osbundle("info", board.device_id, "--json").stdout)
            self.assertEqual(info["mode"], "normal")
        self.assertEqual(len(told["imei"]), 15)
        exclusive = array.array("i", [7])
        fcntl.ioctl(bystander, TIOCGEXCL, exclusive)
        self.assertEqual(exclusive[0], 0)  # nobody else is kept out of it afterwards
