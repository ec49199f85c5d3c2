"""What the benchmarks share: a release build, runs in turn, and one line a number."""

import os
import resource
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "peers")]


def program():
    """The program as it is shipped; OSBUNDLE names another one."""
    return os.environ.get("OSBUNDLE") or str(build() / "osbundle")


def build():
    """The folder of the release build, made anew where sources have changed."""
    quiet = {"cwd": ROOT, "check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["cmake", "--preset", "release"], **quiet)
    subprocess.run(["cmake", "--build", "--preset", "release"], **quiet)
    return ROOT / "build" / "release" / "src"


def compile_alone(source, folder, packages, layers=()):
    """Compiles a program of this folder, with layers of the library as the release build has them."""
    target = os.path.join(folder, Path(source).stem)
    built = build() if layers else None
    libraries = [str(built / f"libosb_{layer}.a") for layer in layers]
    flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", *packages], text=True)
    words = ["cc", "-O3", "-std=c17", "-D_POSIX_C_SOURCE=200809L", f"-I{ROOT / 'src'}", "-o", target,
             str(ROOT / "tests" / "bench" / source), *libraries, *shlex.split(flags)]
    subprocess.run(words, check=True)
    return target


def environment(folder, **variables):
    """An environment with an empty cache below `folder`, and no settings of the user's."""
    return {"PATH": os.environ["PATH"], "HOME": folder, **variables}


class Time:
    """What a process took: by the clock, and of processors."""

    def __init__(self, clock, processor):
        self.clock = clock
        self.processor = processor


def run(command, env, text=None):
    """The Time of a whole process; it has to succeed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    subprocess.run(command, env=env, input=text, stdout=subprocess.DEVNULL, check=True)
    clock = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Time(clock, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def in_turn(runs, **jobs):
    """name -> the median Time of `runs` measurements; the jobs take turns, so that whatever else
    the machine does meets all of them."""
    taken = {name: [] for name in jobs}
    for job in jobs.values():
        job()  # warms caches
    for _ in range(runs):
        for name, job in jobs.items():
            taken[name].append(job())
    return {name: Time(statistics.median(one.clock for one in times),
                       statistics.median(one.processor for one in times))
            for name, times in taken.items()}


def cores():
    return len(os.sched_getaffinity(0))


def show(label, value, unit):
    print(f"  {label:<34}{value:>10.1f} {unit}")


def show_ratio(clock, goal, processor):
    print(f"  {'ratio by the clock':<34}{clock:>10.2f}  (goal: {goal} or more)")
    print(f"  {'ratio of processor time':<34}{processor:>10.2f}  (hardly disturbed by others)")
