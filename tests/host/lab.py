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
SCENARIO_SECONDS = 60  # at most, where a guest is as fast as it gets
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
    guest = kernel.able()[0]
    build_program()
    peer.folder()
    guest.prepare()


def job(guest, scenarios, names, patience):
    """The script that the guest runs."""
    variables = {
        "OSBUNDLE": program(), "SLOWNESS": guest.slowness,
        "SCENARIO_SECONDS": SCENARIO_SECONDS * guest.slowness * patience, "UDEV": kernel.udev(),
        "BOARDS": folder() / "boards", "CACHE": folder() / "cache", "MODULES": folder() / "modules",
        "NODE": peer.node(), "NODE_PATH": peer.folder() / "node_modules",
        "SCRIPTS": HERE / "particle-usb", "PYTHONDONTWRITEBYTECODE": 1,
    }
    exports = "".join(f"export {name}={shlex.quote(str(value))}\n" for name, value in variables.items())
    words = shlex.join([sys.executable, str(SCENARIOS / "run.py"), str(scenarios), *names])
    path = folder() / "job"
    path.write_text(f"{exports}exec {words}\n", encoding="utf-8")
    return path


def ends():
    """How each scenario ended so far, by name."""
    path = folder() / "out" / "results.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def unfinished(so_far):
    return [name for name, end in so_far.items() if end["outcome"] == "unfinished"]


def boot(names, scenarios=SCENARIOS, patience=1):
    """Runs the scenarios of a folder in a guest, which may take `patience` times as long as ours. What
    ptrace or memory forbids the one kernel may work with the other: it takes up what the first did
    not come to. What failed has failed."""
    out = folder() / "out"
    shutil.rmtree(out, ignore_errors=True)
    guests = kernel.able()
    make_boards()
    so_far = {}
    for guest in guests:
        began = time.monotonic()
        guest.prepare()
        script = job(guest, scenarios, unfinished(so_far) or names, patience)
        status, said = guest.run(script, out, guest.run_seconds * patience)
        print(f"{said}\n{guest.__name__}: status {status} after {time.monotonic() - began:.1f} s", flush=True)
        so_far.update(ends())
        if so_far and not unfinished(so_far):
            break
        print(f"{guest.__name__} did not come to: {', '.join(unfinished(so_far)) or 'anything'}", flush=True)
    out.mkdir(exist_ok=True)
    (out / "results.json").write_text(json.dumps(so_far), encoding="utf-8")
    # Scenarios that failed are told by their own tests; a guest that died is told here.
    return 0 if so_far and not unfinished(so_far) else 1


def result(name):
    if not (folder() / "out" / "results.json").exists():
        print("no guest ran here: see the test host_guest")
        return SKIPPED
    end = ends().get(name, {"outcome": "unfinished"})
    if end["outcome"] == "unfinished":
        print(f"no guest came to the end of {name}")
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
