#!/usr/bin/env python3
"""Many processes on one cache, killed at random: torture.py SECONDS.

Eight workers fetch, plan, prune, verify, import and list, each in an order of its own, while
whatever they run is killed with SIGKILL now and then. Two readers look at the cache's files
themselves all the time. What must hold:

- a file that has an object's name has that object's bytes, at every moment;
- a record names objects that were there when it was published;
- a command that is not killed succeeds, and a plan pins the hashes that the release has;
- in the end `cache verify` is content, and `cache prune` leaves no orphan.
"""

import glob
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

WORKERS = 8
READERS = 2
BOARDS = [("p2", "5.6.0"), ("p2", "5.3.1"), ("boron", "5.6.0"), ("boron", "5.3.1")]
KILL_AFTER_S = 0.15  # at most so long after its start, every third process


class Torture:
    """The cache, who works on it, and what went wrong."""

    def __init__(self, program, folder, seconds):
        self.program = program
        self.folder = Path(folder)
        self.cache = self.folder / "cache"
        self.end = time.monotonic() + seconds
        self.problems = []
        self.counts = {}
        self.lock = threading.Lock()
        self.environment = {"PATH": os.environ["PATH"], "HOME": folder,
                            "OSBUNDLE_CACHE": str(self.cache),
                            "OSBUNDLE_SOURCE": str(self.folder / "site")}
        self.known = {}

    def prepare(self):
        """The releases, and the hashes that they have."""
        for platform, version in BOARDS:
            self.must("sim", "release", f"{platform}@{version}", self.folder / "site")
            told = json.loads(self.must("fetch", version, "-p", platform, "--json").splitlines()[-1])
            self.known[platform, version] = {
                file["sha256"] for file in told["releases"][0]["files"]}
        shutil.rmtree(self.cache)
        self.end += time.monotonic() - self.began

    def start(self, words):
        return subprocess.Popen([self.program, *map(str, words)], env=self.environment, text=True,
                                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def must(self, *words):
        process = self.start(words)
        out, err = process.communicate(timeout=120)
        if process.returncode != 0:
            raise RuntimeError(f"{words}: exit {process.returncode}\n{out}{err}")
        return out

    def complain(self, text):
        with self.lock:
            self.problems.append(text)

    def count(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def run(self, dice, words):
        """Runs a command, which may be killed. Returns its output; None when it was."""
        process = self.start(words)
        doomed = dice.random() < 0.33
        try:
            out, err = process.communicate(timeout=dice.random() * KILL_AFTER_S if doomed else 120)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        if process.returncode == -signal.SIGKILL:
            self.count("killed")
            if not doomed:
                self.complain(f"{words}: hangs")
            return None
        self.count(words[0] if words[0] != "cache" else f"cache {words[1]}")
        if process.returncode != 0 or "Sanitizer" in err:
            self.complain(f"{words}: exit {process.returncode}\n{out}{err}")
            return None
        return out

    def plan(self, dice, platform, version):
        out = self.run(dice, ["plan", version, "--sim", f"{platform}@3.3.1" if platform == "boron"
                              else f"{platform}@5.0.1", "--json", "--quiet"])
        for line in (out or "").splitlines():
            if '"sha256": "' in line and line.split('"')[3] not in self.known[platform, version]:
                self.complain(f"plan for {platform} {version}: another hash: {line}")

    def work(self, seed):
        """One worker."""
        dice = random.Random(seed)
        while time.monotonic() < self.end:
            platform, version = dice.choice(BOARDS)
            what = dice.randrange(12)
            if what < 4:
                self.run(dice, ["fetch", version, "-p", platform])
            elif what < 6:
                self.plan(dice, platform, version)
            elif what < 8:
                self.run(dice, ["cache", "prune", "--yes", *dice.choice([
                    ["--max-size", "1M"], ["--older-than", "0h"], ["--max-size", "2M"], []])])
            elif what < 9:
                self.run(dice, ["cache", "verify"])
            elif what < 10:
                self.run(dice, ["cache", "import", "site"])
            elif what < 11:
                self.run(dice, ["cache", "list"])
            else:
                self.run(dice, ["cache", "stat"])

    def read(self):
        """One reader, with eyes of its own."""
        while time.monotonic() < self.end:
            self.read_objects()
            self.read_records()
            time.sleep(0.02)

    def files(self, pattern):
        """What is there; folders may vanish meanwhile."""
        return map(Path, glob.glob(str(self.cache / pattern)))

    def read_objects(self):
        for path in self.files("objects/sha256/*/*"):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                continue
            self.count("objects read")
            if hashlib.sha256(content).hexdigest() != path.parent.name + path.name:
                self.complain(f"a wrong byte: {path}, {len(content)} bytes")

    def read_records(self):
        for path in self.files("releases/*/*.json"):
            try:
                text = path.read_text()
            except FileNotFoundError:
                continue
            self.count("records read")
            try:
                modules = json.loads(text)["modules"].values()
            except ValueError:
                self.complain(f"half a record: {path}: {text}")
                continue
            known = self.known[path.stem, path.parent.name]
            if {module["sha256"] for module in modules} != known:
                self.complain(f"another record: {path}: {text}")

    def conclude(self):
        """All is quiet now."""
        self.must("cache", "verify")
        self.must("cache", "prune")
        left = sorted(path.name for path in (self.cache / "tmp").iterdir())
        if left != ["lock"]:
            self.complain(f"orphans: {left}")
        for platform, version in BOARDS:
            self.must("fetch", version, "-p", platform)
        self.must("cache", "verify")
        if (self.cache / "damaged").exists():
            self.complain("sound files were set aside as damaged")

    def all(self):
        self.began = time.monotonic()
        self.prepare()
        threads = [threading.Thread(target=self.work, args=(seed,)) for seed in range(WORKERS)]
        threads += [threading.Thread(target=self.read) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.conclude()
        print(", ".join(f"{what} {count}" for what, count in sorted(self.counts.items())))
        for problem in self.problems[:10]:
            print(problem)
        print(f"{len(self.problems)} problems")
        return 1 if self.problems else 0


def main():
    with tempfile.TemporaryDirectory(prefix="osbundle-torture-") as folder:
        return Torture(os.environ["OSBUNDLE"], folder, float(sys.argv[1])).all()


if __name__ == "__main__":
    sys.exit(main())
