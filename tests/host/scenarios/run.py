"""What runs in the guest: starts udevd and then every scenario of a folder, and writes down how each
ended. Arguments: the folder, and the scenarios wanted; none: all.

/out/results.json is written after each scenario, so that a guest that dies tells how far it came.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = Path("/out/results.json")


def install_udevd():
    """Debian's libusb hears of devices from udevd only. The machine has none, or it is not running."""
    udev = Path(os.environ["UDEV"])
    for folder in ("/run/udev", "/etc/udev/rules.d", "/usr/lib/udev/rules.d", "/usr/lib/systemd"):
        os.makedirs(folder, exist_ok=True)
    shutil.copy(udev / "bin/udevadm", "/usr/bin/udevadm")
    for name in ("50-udev-default.rules", "60-serial.rules"):
        shutil.copy(udev / "lib/udev/rules.d" / name, "/usr/lib/udev/rules.d")
    daemon = Path("/usr/lib/systemd/systemd-udevd")
    if not daemon.exists():
        daemon.symlink_to("/usr/bin/udevadm")


class Recorder(unittest.TextTestResult):
    """Keeps the end of each scenario: passed, failed or skipped, with what was told and how long it took."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.ends = {}
        self.began = 0.0

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def note(self, test, outcome, text=""):
        name = getattr(test, "_testMethodName", str(test)).removeprefix("test_")
        self.ends[name] = {"outcome": outcome, "text": text,
                           "seconds": round(time.monotonic() - self.began, 2)}
        RESULTS.write_text(json.dumps(self.ends, indent=1) + "\n", encoding="utf-8")

    def addSuccess(self, test):
        super().addSuccess(test)
        self.note(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.note(test, "failed", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.note(test, "failed", self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.note(test, "skipped", reason)


def main():
    install_udevd()
    sys.path[:0] = [str(HERE), str(HERE.parents[1] / "support")]
    import bench
    bench.start_udevd()
    folder, *names = sys.argv[1:]
    loader = unittest.TestLoader()
    if names:
        loader.testNamePatterns = [f"*{name}*" for name in names]
    scenarios = loader.discover(folder, "test_*.py")
    result = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Recorder).run(scenarios)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
