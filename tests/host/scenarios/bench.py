"""What the scenarios share: boards that are served to this kernel, and programs that use them."""

import array
import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

SLOWNESS = int(os.environ["SLOWNESS"])
PROGRAM = os.environ["OSBUNDLE"]
DEVICES = Path("/sys/bus/usb/devices")
VHCI = Path("/sys/devices/platform/vhci_hcd.0")
PARTICLE = "2b04"
TCGETS2, TCSETS2 = 0x802C542A, 0x402C542B
BOTHER, CBAUD = 0o010000, 0o010017


def start_udevd():
    subprocess.run(["/usr/lib/systemd/systemd-udevd", "--daemon"], check=True, capture_output=True)


def wait_until(condition, what, seconds=10):
    """Polls, because nothing here takes a known time; returns what the condition returned."""
    deadline = time.monotonic() + seconds * SLOWNESS
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds * SLOWNESS} s for {what}")
        time.sleep(0.02)


def read(path):
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


class Board:
    """A board as this kernel sees it, found again by its serial number."""

    def __init__(self, device_id, platform):
        self.device_id = device_id
        self.platform = platform

    @property
    def folder(self):
        """Its folder in sysfs, or None while it is off the bus."""
        for folder in DEVICES.iterdir():
            if read(folder / "idVendor") == PARTICLE and read(folder / "serial") == self.device_id:
                return folder
        return None

    def product(self):
        """The product id, "" while it is off the bus."""
        folder = self.folder
        return read(folder / "idProduct") if folder else ""

    def is_ready(self, in_dfu):
        """Whether it is there in that mode, configured, and its node can be opened."""
        folder = self.folder
        if not folder or not self.product().startswith("d" if in_dfu else "c"):
            return False
        return read(folder / "bConfigurationValue") == "1" and os.access(self.node(), os.R_OK | os.W_OK)

    def node(self):
        """The file that programs open."""
        folder = self.folder or Path()
        numbers = [int(read(folder / name) or 0) for name in ("busnum", "devnum")]
        return "/dev/bus/usb/{:03d}/{:03d}".format(*numbers)

    def wait(self, in_dfu=False, seconds=10):
        wait_until(lambda: self.is_ready(in_dfu),
                   f"{self.platform} in {'DFU' if in_dfu else 'normal'} mode", seconds)

    def console(self):
        """The serial port that the kernel's driver made of it."""
        folder = self.folder
        found = list(folder.glob(f"{folder.name}:*/tty/tty*")) if folder else []
        return Path("/dev") / found[0].name if found else None

    def touch(self):
        """Sets 14400 baud, which brings a board into DFU mode."""
        port = wait_until(self.console, f"the serial port of {self.platform}")
        wait_until(port.exists, f"{port}")
        terminal = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            settings = array.array("B", bytes(44))
            fcntl.ioctl(terminal, TCGETS2, settings)
            words = array.array("I", settings.tobytes())
            words[2] = words[2] & ~CBAUD | BOTHER
            words[9] = words[10] = 14400
            fcntl.ioctl(terminal, TCSETS2, words.tobytes())
        finally:
            os.close(terminal)

    def into_dfu(self):
        self.touch()
        self.wait(in_dfu=True)


class HostTest(unittest.TestCase):
    """A scenario with a folder of its own; what it served is unplugged at its end."""

    maxDiff = None

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="osbundle-host-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def start_service(self, *words):
        """`osbundle sim serve` with these words; returns what it said when it was ready."""
        log = open(self.folder / "serve.log", "w+", encoding="utf-8")
        self.addCleanup(log.close)
        service = subprocess.Popen([PROGRAM, "sim", "serve", "--json", *map(str, words)],
                                   env=self.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=log, text=True)
        self.addCleanup(self.stop_service, service)
        said = service.stdout.readline()
        log.seek(0)
        self.assertTrue(said, f"sim serve said nothing: {log.read()}")
        self.service = service
        return json.loads(said)

    def stop_service(self, service):
        if service.poll() is not None:
            return
        service.send_signal(signal.SIGINT)
        self.assertEqual(service.wait(timeout=10 * SLOWNESS), 0, "sim serve ended badly")
        service.stdout.close()
        wait_until(lambda: " 006 " not in read(VHCI / "status"), "the ports to be free")

    def pull_cables(self):
        """Ends the service without a word, as a cable that is pulled or a power that fails."""
        self.service.kill()
        self.service.wait()
        self.service.stdout.close()
        wait_until(lambda: " 006 " not in read(VHCI / "status"), "the ports to be free")

    def plug_in(self, *specs):
        """Boards that are plugged into this kernel, in whatever mode they start."""
        document = self.start_service("--attach", *specs)
        return [Board(board["device_id"], board["platform"]) for board in document["boards"]]

    def serve(self, *specs):
        """Boards that are plugged into this kernel; each is there in normal mode."""
        boards = self.plug_in(*specs)
        for board in boards:
            board.wait()
        return boards

    def new_board(self, name):
        """A copy of a prepared board's folder."""
        folder = self.folder / name
        shutil.copytree(Path(os.environ["BOARDS"]) / name, folder)
        return folder

    def environment(self):
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder),
                "OSBUNDLE_CACHE": os.environ["CACHE"], "OSBUNDLE_OFFLINE": "1"}

    def run_command(self, words, code=0, seconds=60, **variables):
        """Runs a program to its end and checks its exit code; returns it with its output."""
        done = subprocess.run([str(word) for word in words], cwd=self.folder, text=True,
                              env={**self.environment(), **variables}, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=seconds * SLOWNESS)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}\n{done.stderr}")
        return done

    def osbundle(self, *words, code=0, **variables):
        return self.run_command([PROGRAM, *words], code, **variables)

    def particle_usb(self, script, *words):
        """Runs a script of tests/host/particle-usb; returns the JSON it prints."""
        path = Path(os.environ["SCRIPTS"]) / script
        patience = str(30000 * SLOWNESS)
        done = self.run_command([os.environ["NODE"], path, *words], seconds=180, PATIENCE_MS=patience,
                                NODE_PATH=os.environ["NODE_PATH"])
        return json.loads(done.stdout)

    def module(self, name):
        """A genuine module file."""
        return Path(os.environ["MODULES"]) / name
