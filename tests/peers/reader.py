#!/usr/bin/env python3
"""The npm package binary-version-reader: installed once, in the versions that package-lock.json
pins, and asked in one process about many files. `reader.py --prefetch` installs it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import genuine

HERE = Path(__file__).resolve().parent
INSTALLED = ("package.json", "package-lock.json", ".npmrc")


def folder():
    """Where the peer is installed, with its node_modules. Installs it where needed."""
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    return genuine.made_once(f"binary-version-reader-{digest}", _install)


def _install(target):
    for name in INSTALLED:
        shutil.copy(HERE / name, target)
    words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    genuine.run_npm(words, target, "binary-version-reader")


def command(script):
    """The words that run a script of this folder with the peer, and the variables for that."""
    node = shutil.which("node")
    if not node:
        raise genuine.GenuineError("there is no node here\nRun ./bootstrap test, which installs it.")
    return [node, str(HERE / script)], {"NODE_PATH": str(folder() / "node_modules")}


def read(paths):
    """What the peer says of each file: size, crc, prefix and suffix, or an error."""
    words, variables = command("read_modules.js")
    done = subprocess.run(
        words, input="".join(f"{path}\n" for path in paths), env={**os.environ, **variables},
        capture_output=True, text=True, timeout=300, check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


if __name__ == "__main__":
    try:
        print(folder())
    except genuine.GenuineError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
