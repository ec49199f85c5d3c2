"""Updates of a board in real time by three programs: how long each took, and how long the board
itself was busy. Numbers go to /out/transfers.json; nothing here fails for being slow."""

import json
import os
import subprocess
import time
from pathlib import Path

from bench import PROGRAM, SLOWNESS, HostTest

RESULTS = Path("/out/transfers.json")
BOOTLOADER, SYSTEM_PART = "boron-bootloader@4.0.2.bin", "boron-system-part1@4.0.2.bin"
SYSTEM_PART_ADDRESS = 0x30000
PATIENCE = 300  # seconds


class Watch:
    """The clock on the wall beside the board's own: what it was busy for."""

    def __init__(self, folder):
        self.state = Path(folder) / "board.json"
        self.began, self.busy = time.monotonic(), self.read()

    def read(self):
        return json.loads(self.state.read_text(encoding="utf-8"))["busy_ms"]

    def lap(self):
        """Since the last lap: {"wall_ms": ..., "busy_ms": ...}."""
        now, busy = time.monotonic(), self.read()
        lap = {"wall_ms": (now - self.began) * 1000, "busy_ms": busy - self.busy}
        self.began, self.busy = now, busy
        return lap


class Transfers(HostTest):
    def note(self, program, job, lap):
        """Adds a measurement; the file is whole at every moment."""
        told = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else []
        told.append({"program": program, "job": job, **lap})
        RESULTS.write_text(json.dumps(told) + "\n", encoding="utf-8")

    def serve_in_real_time(self, name):
        folder = self.new_board(name)
        board, = self.plug_in("--real-time", folder)
        board.wait(seconds=60)
        return board, folder

    def restore(self, board, version):
        """The program's events, each with the moment it was told."""
        words = [PROGRAM, "restore", version, "-d", board.device_id, "--yes", "--json"]
        restore = subprocess.Popen(words, env=self.environment(), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(restore.stdout.close)
        for line in restore.stdout:
            yield json.loads(line)
        self.assertEqual(restore.wait(), 0)

    def test_osbundle_updates_a_boron(self):
        """By control requests until the bootloader's step is over, in DFU mode until the last is."""
        board, folder = self.serve_in_real_time("boron")
        watch = Watch(folder)
        for event in self.restore(board, "4.0.2"):
            if event.get("phase") != "step":
                continue
            if event["slot"] == "bootloader/0":
                self.note("osbundle", "control", watch.lap())
            if event["step"] == event["steps"]:
                self.note("osbundle", "dfu", watch.lap())

    def test_particle_usb_updates_a_boron(self):
        board, folder = self.serve_in_real_time("boron")
        watch = Watch(folder)
        told = self.particle_usb("update.js", board.device_id, self.module(BOOTLOADER),
                                 self.module(SYSTEM_PART), SYSTEM_PART_ADDRESS)
        busy = watch.lap()["busy_ms"]
        self.note("particle-usb", "control", {"wall_ms": told["controlMs"]})
        self.note("particle-usb", "dfu", {"wall_ms": told["dfuMs"]})
        self.note("particle-usb", "both", {"wall_ms": told["controlMs"] + told["dfuMs"],
                                           "busy_ms": busy})

    def test_dfu_util_updates_a_boron(self):
        """The system part alone: it knows no control requests."""
        board, folder = self.serve_in_real_time("boron")
        watch = Watch(folder)
        board.into_dfu()
        self.run_command(["dfu-util", "-d", "2b04:d00d", "-a", "0", "-s",
                          f"{SYSTEM_PART_ADDRESS:#x}:leave", "-D", self.module(SYSTEM_PART)],
                         seconds=PATIENCE)
        board.wait(seconds=60)
        self.note("dfu-util", "dfu", watch.lap())

    def whole_restore(self, name, version):
        board, folder = self.serve_in_real_time(name)
        watch = Watch(folder)
        report = list(self.restore(board, version))[-1]
        self.assertEqual(report["outcome"], "done")
        self.note("osbundle", name, watch.lap())

    def test_osbundle_restores_a_boron(self):
        self.whole_restore("boron", "4.0.2")

    def test_osbundle_restores_a_p2(self):
        self.whole_restore("p2", "5.3.1")

    def test_osbundle_restores_a_photon(self):
        self.whole_restore("photon", "2.3.1")
