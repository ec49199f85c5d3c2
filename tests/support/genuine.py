#!/usr/bin/env python3
"""Genuine firmware for tests: the assets of published versions of the npm package particle-cli.

Nothing of it is ever committed; it is fetched with npm, checked against the digests pinned here,
and kept in $OSB_TEST_CACHE (default: the user's cache folder, osbundle-tests). Tests call
package(VERSION); `genuine.py --prefetch` fetches all versions ahead of them.
"""

import argparse
import base64
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

# Version -> SHA-512 of the package, and what it is good for.
INTEGRITY = {
    # Device OS 1.5.2 (Gen 2, Gen 3), with asom and xsom at 1.4.4
    "2.8.0": "BBBEoVJKqqYPRkCdGZMJTwC4wrLqPmyAoNLwlpKcIn8TqdwohXYV6hYCfQtF1AT6BpgA43vWoJsN6Eenu2WtOQ==",
    # Device OS 2.2.0
    "2.16.0": "KQGfEAQtF/SaWTlHRhX59gHYi5Bqea3CCMJ74jpbV4FFWeXlB5hbxUeXfx+GVyP/aSKzf3wACYKmY7nXz9qDxw==",
    # Device OS 4.0.2 (Gen 3) and 2.3.1 (Gen 2)
    "3.9.0": "Kds5mPr+MiZzNua5jFAx28vdqN6P2RiFL7UWTCGjIIkxKIWYZAoz3TSGh+CyTZlBP6iUoyzg9uNFOQ0KyM5txw==",
    # applications for every platform, no system modules
    "3.51.0": "UwpkL7euUYSuwHBsPNHp/pnFdLhELqelbl6q3BqUndKBBUazKQ/4uHqLucdjKJpgkGPg+bfWlMWobzESCM3tzw==",
}

ATTEMPTS = 4
UNPACKED_MAX = 64 * 1024 * 1024
ASSETS = "package/assets/"


class GenuineError(Exception):
    """Says what failed and what to do, on two lines."""


def cache_folder():
    named = os.environ.get("OSB_TEST_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "osbundle-tests")


def package(version):
    """The folder of a version's assets; updates/*.bin in it are modules. Fetches it where needed."""
    if version not in INTEGRITY:
        raise GenuineError(f"particle-cli {version} has no pinned digest\nPin it in {__file__}.")
    target = cache_folder() / f"particle-cli-{version}"
    if not target.is_dir():
        cache_folder().mkdir(parents=True, exist_ok=True)
        with _locked(cache_folder() / f"particle-cli-{version}.lock"):
            if not target.is_dir():
                _make(version, target)
    return target


@contextmanager
def _locked(path):
    """Others who want the same version wait, and then find it done."""
    with open(path, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(version, target):
    """Builds the folder aside and renames it, so that it is there whole or not at all."""
    prefix = f".fetch-{version}-"
    for killed in target.parent.glob(f"{prefix}*"):
        shutil.rmtree(killed)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=prefix) as name:
        work = Path(name)
        archive = _fetch(version, work)
        assets = work / "assets"
        assets.mkdir()
        _unpack(archive, assets)
        assets.rename(target)


def _fetch(version, work):
    """Downloads the package with npm and proves that it is the pinned one."""
    archive = _run_npm(version, work)
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != INTEGRITY[version]:
        raise GenuineError(
            f"particle-cli {version} is not the pinned package: SHA-512 {digest}\n"
            "Check where npm gets its packages from; the pinned digest is what was published."
        )
    return archive


def _run_npm(version, work):
    npm = shutil.which("npm")
    if not npm:
        raise GenuineError("there is no npm here\nRun ./bootstrap test, which installs it.")
    command = [npm, "pack", f"particle-cli@{version}", "--json", "--pack-destination", str(work)]
    settings = {"update_notifier": "false", "loglevel": "error", "fetch_retries": "0"}  # retried here
    environment = {**os.environ, **{f"npm_config_{name}": value for name, value in settings.items()}}
    said = ""
    for attempt in range(ATTEMPTS):
        time.sleep(3 * attempt)
        try:
            done = subprocess.run(
                command, cwd=work, env=environment, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=180,
            )
        except subprocess.TimeoutExpired:
            said = "no answer in time"
            continue
        archives = list(work.glob("*.tgz"))
        if done.returncode == 0 and len(archives) == 1:
            return archives[0]
        said = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
        for archive in archives:
            archive.unlink()
    raise GenuineError(
        f"npm could not fetch particle-cli {version}: {said}\n"
        f"Check the network, or put the package's assets into {cache_folder()}/particle-cli-{version}."
    )


def _unpack(archive, folder):
    """Writes the regular files below package/assets/; links, devices and ways out are left behind."""
    room = UNPACKED_MAX
    with tarfile.open(archive, "r:gz") as package_file:
        for member in package_file:
            relative = member.name.removeprefix(ASSETS)
            if not member.isfile() or relative == member.name:
                continue
            path = Path(relative)
            if path.is_absolute() or ".." in path.parts:
                raise GenuineError(f"{archive.name} wants to write to {member.name}\nDo not use this package.")
            room -= member.size
            if room < 0:
                raise GenuineError(f"{archive.name} unpacks to too much\nDo not use this package.")
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(package_file.extractfile(member).read())


def main():
    parser = argparse.ArgumentParser(description="Fetches genuine firmware for tests.")
    parser.add_argument("--prefetch", action="store_true", help="fetch every pinned version")
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="print the folder of a version")
    arguments = parser.parse_args()
    versions = list(INTEGRITY) if arguments.prefetch else arguments.versions
    if not versions:
        parser.error("name a version, or --prefetch")
    try:
        for version in versions:
            print(package(version))
    except GenuineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
