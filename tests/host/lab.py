#!/usr/bin/env python3
"""The host layer: programs that drive USB boards, against simulated boards behind a real kernel.

`lab.py prepare` fetches and builds what a run needs, `lab.py run [SCENARIO]` boots one guest and
runs the scenarios in it, `lab.py result SCENARIO` tells how one ended. Exit code 77: this machine
can boot no guest. The folder of a run is $OSB_HOST_FOLDER, the program under test $OSB_HOST_PROGRAM.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import genuine
import kernel
import peer

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCENARIOS = HERE / "scenarios"
SKIPPED = 77
RUN_SECONDS = 420
# Platform -> the release that its board has and the one it gets.
GENUINE = {"boron": ("2.2.0", "4.0.2"), "photon": ("2.2.0", "2.3.1")}
SYNTHETIC = {"p2": ("5.0.1", "5.3.1")}
PACKAGES = ("2.16.0", "3.9.0")  # they hold the genuine ones


def folder():
    """Where a run keeps what it makes."""
    return Path(os.environ["OSB_HOST_FOLDER"]).resolve()


def program():
    return Path(os.environ["OSB_HOST_PROGRAM"]).resolve()


def build_program():
    """The release, without sanitizers: they need more address space than User Mode Linux has."""
    if os.environ.get("OSB_HOST_BUILD") != "yes":
        return
    for words in (["--preset", "release"], ["--build", "--preset", "release"]):
        done = subprocess.run(["cmake", *words], cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{done.stdout}\n{done.stderr}\nthe release does not build")


def osbundle(*words):
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder()),
                   "OSBUNDLE_CACHE": str(folder() / "cache")}
    subprocess.run([program(), *map(str, words), "--quiet"], env=environment, check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def gather_modules():
    """The genuine module files in one folder."""
    modules = folder() / "modules"
    shutil.rmtree(modules, ignore_errors=True)
    modules.mkdir(parents=True)
    for package in genuine.packages(PACKAGES):
        for platform in GENUINE:
            for file in (package / "updates").glob(f"{platform}-*"):
                (modules / file.name).symlink_to(file)
    return modules


def make_boards():
    """A cache with all releases, and boards as the factory made them; made here, where it is fast."""
    modules = gather_modules()
    for name in ("cache", "boards", "synthetic"):
        shutil.rmtree(folder() / name, ignore_errors=True)
    for platform, versions in GENUINE.items():
        osbundle("fetch", *versions, "-p", platform, "--source", modules)
    for platform, versions in SYNTHETIC.items():
        for version in versions:
            osbundle("sim", "release", f"{platform}@{version}", folder() / "synthetic")
        osbundle("fetch", *versions, "-p", platform, "--source", folder() / "synthetic")
    for platform, versions in {**GENUINE, **SYNTHETIC}.items():
        osbundle("sim", "new", f"{platform}@{versions[0]}", folder() / "boards" / platform)


def prepare():
    guest = kernel.choose()
    build_program()
    peer.folder()
    guest.prepare()


def job(guest, scenarios, names):
    """The script that the guest runs."""
    variables = {
        "OSBUNDLE": program(), "SLOWNESS": guest.slowness, "UDEV": kernel.udev(),
        "BOARDS": folder() / "boards", "CACHE": folder() / "cache", "MODULES": folder() / "modules",
        "NODE": peer.node(), "NODE_PATH": peer.folder() / "node_modules",
        "SCRIPTS": HERE / "particle-usb", "PYTHONDONTWRITEBYTECODE": 1,
    }
    exports = "".join(f"export {name}={shlex.quote(str(value))}\n" for name, value in variables.items())
    words = shlex.join([sys.executable, str(SCENARIOS / "run.py"), str(scenarios), *names])
    path = folder() / "job"
    path.write_text(f"{exports}exec {words}\n", encoding="utf-8")
    return path


def boot(names, scenarios=SCENARIOS, seconds=RUN_SECONDS):
    """Runs the scenarios of a folder in a guest; what ptrace or memory forbids the one may work with
    the other."""
    out = folder() / "out"
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(folder() / "skipped", ignore_errors=True)
    guest = kernel.choose()
    make_boards()
    began = time.monotonic()
    status, said = guest.run(job(guest, scenarios, names), out, seconds)
    if status == kernel.NEVER_TOLD and guest is kernel.Uml and not kernel.Qemu.missing():
        print(f"{said}\nUser Mode Linux told nothing; once more under QEMU")
        guest = kernel.Qemu
        guest.prepare()
        status, said = guest.run(job(guest, scenarios, names), out, seconds)
    print(f"{said}\n{guest.__name__}: status {status} after {time.monotonic() - began:.1f} s")
    # Scenarios that failed are told by their own tests; a guest that died is told here.
    return 0 if status in (0, 1) and (out / "results.json").exists() else 1


def result(name):
    path = folder() / "out" / "results.json"
    if not path.exists():
        print("no guest ran here: see the test host_guest")
        return SKIPPED
    end = json.loads(path.read_text(encoding="utf-8")).get(name)
    if not end:
        print(f"the guest ended before {name}")
        return 1
    print(f"{end['outcome']} after {end['seconds']} s in the guest\n{end['text']}")
    return {"passed": 0, "failed": 1, "skipped": SKIPPED}[end["outcome"]]


def main():
    verb, *words = sys.argv[1:]
    folder().mkdir(parents=True, exist_ok=True)
    try:
        if verb == "prepare":
            return prepare()
        if verb == "run":
            return boot(words)
        return result(*words)
    except kernel.CannotRun as problem:
        shutil.rmtree(folder() / "out", ignore_errors=True)
        print(f"skipped: this machine can boot no guest: {problem}")
        return SKIPPED
    except genuine.GenuineError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
