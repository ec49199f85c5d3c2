"""What runs in the guest: starts udevd and then every scenario of a folder, and writes down how each
ended. Arguments: the folder, and the scenarios wanted; none: all.

/out/results.json is written before the first and after each, so that a guest that dies tells how far
it came. A scenario that hangs is broken off and failed by its name.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS = Path("/out/results.json")
SCENARIO_SECONDS = int(os.environ["SCENARIO_SECONDS"])
CLEANUP_SECONDS = 20 * int(os.environ["SLOWNESS"])


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


def break_off(_signal, _frame):
    raise TimeoutError(f"broken off: no end within {SCENARIO_SECONDS} s, or its cleanup hangs")


def names_of(suite):
    """The names of all scenarios in a suite of suites."""
    if isinstance(suite, unittest.TestCase):
        return [scenario_name(suite)]
    return [name for part in suite for name in names_of(part)]


def scenario_name(test):
    return getattr(test, "_testMethodName", str(test)).removeprefix("test_")


class Recorder(unittest.TextTestResult):
    """Keeps the end of each scenario: passed, failed or skipped, with what was told and how long it took."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.ends = {}
        self.began = 0.0

    def expect(self, names):
        self.ends = {name: {"outcome": "unfinished", "text": "", "seconds": 0.0} for name in names}
        self.write()

    def write(self):
        RESULTS.write_text(json.dumps(self.ends, indent=1) + "\n", encoding="utf-8")

    def startTest(self, test):
        self.began = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, SCENARIO_SECONDS, CLEANUP_SECONDS)
        super().startTest(test)

    def stopTest(self, test):
        signal.setitimer(signal.ITIMER_REAL, 0)
        super().stopTest(test)

    def note(self, test, outcome, text=""):
        self.ends[scenario_name(test)] = {"outcome": outcome, "text": text,
                                          "seconds": round(time.monotonic() - self.began, 2)}
        self.write()

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

    def recorder(*arguments):
        made = Recorder(*arguments)
        made.expect(names_of(scenarios))
        return made

    signal.signal(signal.SIGALRM, break_off)
    result = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=recorder).run(scenarios)
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
