"""A stand that lets the disk fail under a program, at every call that it makes.

A scenario is a command line and a check of what it left behind:

    Scenario("import", ["cache", "import", "FOLDER/site"], published.cache, prepare=site)

FOLDER stands for the folder of the run, which holds its cache and all else that it needs.

For each kind of fault the command is run once to count its calls, then again and again in a fresh
copy of the starting folder, with one call failing each time. A run that says it succeeded must have
left everything; one that did not ends with a known exit code and two lines of error; in either case
`check` finds nothing half-published, and the same command run once more succeeds.
"""

import concurrent.futures
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

WRITES = "create write mkdir rename link truncate"
HALF, KILLED = 0, -1


class Kind:
    """Which calls fail, and how."""

    def __init__(self, name, calls, error, lasts=False, is_fatal=False):
        self.name = name
        self.calls = f",{calls.replace(' ', ',')},"
        self.error = error  # errno, HALF of what was asked, or KILLED
        self.lasts = lasts  # all later ones fail, too
        self.is_fatal = is_fatal  # who says that all went well has not looked

    def variables(self, at):
        """What tells the library."""
        told = {"FAULT_CALLS": self.calls, "FAULT_AT": str(at), "FAULT_ERROR": str(self.error)}
        return {**told, "FAULT_LASTS": "1"} if self.lasts else told


KINDS = [
    Kind("full disk", WRITES, errno.ENOSPC, lasts=True),
    Kind("bad write", "write truncate", errno.EIO),
    Kind("bad read", "read open", errno.EIO),
    Kind("no permission", "create open mkdir rename link unlink fchmod", errno.EACCES),
    Kind("failing fsync", "fsync", errno.EIO, is_fatal=True),
    Kind("short writes", "write", HALF, lasts=True),
    Kind("short reads", "read", HALF, lasts=True),
    Kind("killed", WRITES + " fsync unlink fchmod", KILLED),
]
EXPECTED = range(1, 9)  # exit codes of a run that failed


class Scenario:
    """A command, what has to be there before it, and how what it left is looked at."""

    def __init__(self, name, command, check, prepare=None):
        self.name = name
        self.command = command
        self.check = check
        self.prepare = prepare or (lambda folder, run: None)


class Failure(Exception):
    """Something that must not happen under a failing disk."""


class Stand:
    """Runs scenarios; each of its workers has a folder of its own."""

    def __init__(self, program, library, root):
        self.program = program
        self.library = library
        self.root = Path(root)
        self.runs = 0

    def run(self, folder, words, **fault):
        """Runs the program on `folder`, where all its files lie."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder),
                       "OSBUNDLE_CACHE": str(folder / "cache"),
                       "OSBUNDLE_SOURCE": str(folder / "site"),
                       "LD_PRELOAD": preloads(self.program, self.library),
                       "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0",
                       "FAULT_BELOW": str(folder) + "/", **fault}
        words = [str(word).replace("FOLDER", str(folder)) for word in words]
        return subprocess.run([self.program, *words], cwd=folder, env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

    def prepare(self, scenario):
        """The starting folder, and what `check` sees of a run without faults."""
        start = self.root / scenario.name / "start"
        start.mkdir(parents=True)
        scenario.prepare(start, lambda *words: must(self.run(start, words)))
        whole = copy(start, self.root / scenario.name / "whole")
        must(self.run(whole, scenario.command))
        return start, scenario.check(whole)

    def count(self, scenario, start, calls):
        folder = copy(start, self.root / scenario.name / "count")
        count = folder / "count"
        must(self.run(folder, scenario.command, FAULT_CALLS=calls, FAULT_COUNT=str(count)))
        return int(count.read_text())

    def one(self, scenario, start, whole, kind, at):
        """One run with one fault, and what must be true afterwards."""
        with tempfile.TemporaryDirectory(dir=self.root / scenario.name) as parent:
            folder = copy(start, Path(parent) / "folder")
            first = self.run(folder, scenario.command, **kind.variables(at))
            judge(first, kind)
            left = scenario.check(folder)
            if first.returncode == 0 and left != whole:
                raise Failure(f"said to be done, but it is not:\n{told(first)}\n{left}\n{whole}")
            again = self.run(folder, scenario.command)
            if again.returncode != 0 or scenario.check(folder) != whole:
                raise Failure(f"the next run does not complete it:\n{told(first)}\n{told(again)}")

    def scenario(self, scenario, step=1):
        """Every `step`-th call of every kind. Returns what went wrong, as texts."""
        start, whole = self.prepare(scenario)
        problems, jobs = [], []
        for number, kind in enumerate(KINDS):
            total = self.count(scenario, start, kind.calls)
            jobs += [(kind, at) for at in range(1 + number % step, total + 1, step)]
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
            futures = {workers.submit(self.one, scenario, start, whole, kind, at): (kind, at)
                       for kind, at in jobs}
            for future in concurrent.futures.as_completed(futures):
                self.runs += 1
                problem = future.exception()
                if isinstance(problem, Failure):
                    kind, at = futures[future]
                    problems.append(f"{scenario.name}: {kind.name} at call {at}: {problem}")
                elif problem:
                    raise problem
        return problems


def preloads(program, library):
    """The sanitizer's own library has to come first where the program has one."""
    linked = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    words = [line.split()[2] for line in linked.splitlines() if "libasan" in line]
    return ":".join([*words, str(library)])


def copy(source, target):
    """A fresh copy of a folder."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    return Path(target)


def told(run):
    return f"exit {run.returncode}\n{run.stdout}{run.stderr}"


def must(run):
    if run.returncode != 0:
        raise RuntimeError(f"without a fault: {told(run)}")
    return run


def judge(run, kind):
    """How a run under a fault may end."""
    if "Sanitizer" in run.stderr or "runtime error" in run.stderr:
        raise Failure(told(run))
    if kind.error == KILLED and run.returncode == -signal.SIGKILL:
        return
    if run.returncode == 0:
        if kind.is_fatal:
            raise Failure(f"nobody looked whether it went well:\n{told(run)}")
        return
    if kind.error == HALF:
        raise Failure(f"half of the work at a time is no failure:\n{told(run)}")
    lines = [line for line in run.stderr.splitlines() if line]
    if run.returncode not in EXPECTED:
        raise Failure(f"an exit code of its own:\n{told(run)}")
    if len(lines) < 2 or not lines[-2].startswith("osbundle: ") or not lines[-1].startswith("  "):
        raise Failure(f"no error in two lines:\n{told(run)}")


def main(scenarios):
    """NAME of a scenario and every which call, from the command line; 1 for all of them."""
    name, step = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="osbundle-faults-") as root:
        stand = Stand(os.environ["OSBUNDLE"], os.environ["FAULTY_DISK"], root)
        scenario = next(one for one in scenarios if one.name == name)
        problems = stand.scenario(scenario, step)
    for problem in problems[:10]:
        print(problem)
    print(f"{name}: {stand.runs} runs with a fault, {len(problems)} problems")
    return 1 if problems or not stand.runs else 0
