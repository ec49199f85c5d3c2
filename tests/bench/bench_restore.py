#!/usr/bin/env python3
"""Whole restores over the real libusb, of simulated boards whose flash takes its true time: what
the program adds to the time that the board itself is busy, and the memory that many boards take.
umockdev stands in for the kernel, so that no enumeration is measured; see bench_transfers.py."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import measure

sys.path.insert(0, str(measure.ROOT / "tests" / "host"))
RUNS = int(os.environ.get("RUNS", "3"))
OVERHEAD_GOAL = 0.05
BOARDS = 32
MEMORY_GOAL_MB = 24


def mock_usb():
    """The program that plugs boards into umockdev, without sanitizers."""
    build = measure.ROOT / "build" / "bench"
    quiet = {"cwd": measure.ROOT, "check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["cmake", "-S", ".", "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"], **quiet)
    subprocess.run(["cmake", "--build", build, "--target", "mock_usb"], **quiet)
    return build / "tests" / "umockdev" / "mock_usb"


def new_board(folder, name, number=0):
    """A copy of a prepared board, with an id of its own."""
    target = folder / f"board-{name}-{number}"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder / "boards" / name, target)
    state = json.loads((target / "board.json").read_text("utf-8"))
    state["device_id"] = state["device_id"][:-4] + f"{number:04x}"
    (target / "board.json").write_text(json.dumps(state), "utf-8")
    return target


def busy_ms(board):
    return json.loads((board / "board.json").read_text("utf-8"))["busy_ms"]


def trace_times(path):
    """Milliseconds from the first to the last operation, and of them those between operations."""
    lines = [json.loads(line) for line in path.read_text("ascii").splitlines()[1:]]
    done = [line for line in lines if line["op"] != "clock"]
    ends = [line["ms"] + line["took_ms"] for line in done]
    between = sum(line["ms"] - end for line, end in zip(done[1:], ends))
    return ends[-1] - done[0]["ms"], between


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.program = measure.program()
        self.mock = ["umockdev-wrapper", str(mock_usb())]
        self.environment = measure.environment(str(folder), OSBUNDLE_CACHE=str(folder / "cache"),
                                               OSBUNDLE_OFFLINE="1")

    def on_boards(self, boards, words, *options):
        """A process that sees these boards."""
        command = [*self.mock, *options, *map(str, boards), "--", *map(str, words)]
        return subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, text=True)

    def restore(self, name, version):
        """One restore in real time: {"busy": ..., "whole": ..., "between": ...}."""
        board, trace = new_board(self.folder, name), self.folder / "trace"
        self.on_boards([board], ["true"]).communicate()  # starts once, which is not measured
        before = busy_ms(board)
        words = [self.program, "restore", version, "--yes", "--json", "--trace", trace]
        process = self.on_boards([board], words, "--real-time")
        report = json.loads(process.communicate()[0].splitlines()[-1])
        if report.get("outcome") != "done":
            sys.exit(f"{name}: {report}")
        whole, between = trace_times(trace)
        return {"busy": busy_ms(board) - before, "whole": whole, "between": between}

    def show_overhead(self, name, version):
        runs = [self.restore(name, version) for _ in range(RUNS)]
        busy, whole, between = (statistics.median(run[what] for run in runs)
                                for what in ("busy", "whole", "between"))
        print(f"restore of a {name} to {version}, median of {RUNS}")
        measure.show("the board is busy", busy / 1000, "s")
        measure.show("first to last operation", whole / 1000, "s")
        print(f"  {'beyond the board, to busy time':<34}{(whole - busy) / busy:>10.3f}  "
              f"(goal: {OVERHEAD_GOAL} or less)")
        print(f"  {'between operations, to busy time':<34}{between / busy:>10.3f}  "
              "(the program's own; the rest is the bus)")

    def peak_kb(self, boards, words):
        """The most memory that the program had: looked at until it ends, because the number that
        is left behind counts what its parent had."""
        process = self.on_boards(boards, [sys.executable, Path(__file__).with_name("peak.py"), *words])
        told = process.communicate()[0].splitlines()
        if process.returncode:
            sys.exit("\n".join(told[-3:]))
        return int(told[-1])

    def show_memory(self, count):
        boards = [new_board(self.folder, "p2", number) for number in range(count)]
        many = ["--all", "-j", str(count)] if count > 1 else []
        words = [self.program, "restore", "5.3.1", *many, "--yes", "--json"]
        peak = self.peak_kb(boards, words) / 1000
        print(f"  {f'peak memory, {count} board(s)':<34}{peak:>10.1f} MB  "
              f"(goal: {MEMORY_GOAL_MB} or less)")


def main():
    if not shutil.which("umockdev-wrapper"):
        sys.exit("there is no umockdev here (Debian: libumockdev-dev, umockdev)")
    with tempfile.TemporaryDirectory() as name:
        os.environ.update(OSB_HOST_PROGRAM=measure.program(), OSB_HOST_FOLDER=name)
        import lab  # reads where it works from the environment
        lab.make_boards()
        bench = Bench(Path(name))
        for board, (_, version) in {**lab.GENUINE, **lab.SYNTHETIC}.items():
            bench.show_overhead(board, version)
        print("restore of many p2 at once")
        for count in (1, BOARDS):
            bench.show_memory(count)


if __name__ == "__main__":
    sys.exit(main())
