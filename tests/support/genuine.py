#!/usr/bin/env python3
"""Genuine firmware for tests: the assets of published versions of the npm package particle-cli.

Nothing of it is ever committed; it is fetched with npm, checked against the digests pinned here,
and kept in $OSB_TEST_CACHE (default: the user's cache folder, osbundle-tests). Tests call
package(VERSION); `genuine.py --prefetch` fetches all versions ahead of them, a few at a time.
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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

# Version -> which Device OS it carries, and the SHA-512 of the package.
INTEGRITY = {
    # Device OS 0.5.2, for Gen 2
    "1.16.0": "b81EtWQ8HvCHCBY6NxJcrIPooeD7kbSh+4bHA6PLfv3Q0zPDZ623ygkU7E2oSXIh5nt8BNQqav6w8mnG8MrUmg==",
    # 1.5.0, for Gen 2 and Gen 3, and tools for the Core
    "2.3.0": "dLdyi4POpQ6fYRobVGyMngFATwVNntnaIA+RDwZwY3euYKZ9RpI12Z8Wy7cxIC9Ndy0zKcOJKzslAFR1L5nY+Q==",
    # 1.5.0
    "2.4.0": "InkAY4Ubqx/5YpfsDElJ39oh6T8WPSOFK2qp5JxpUoVC9mW+iFsuEXI1FbNC8Oz+BeMlWLzCpQA789SulHE+0g==",
    # 1.5.0
    "2.4.1": "8akW6/X8mg1VoiwXK7vcqcMiBw6kDqgOZz7skYH88Tv9LuKaJt6vX2x9g4uhqxGRmma/ROf7tOhh0iS5mxnLbA==",
    # 1.5.1
    "2.5.0": "uArwvtlKdtv1Rflgyf9qgrst5OB2I+fQwFQknCjb8eB0vT8XL//koBFpUIqw5mgSvpuH+g7h/tfSV0tfA1ZZkw==",
    # 1.5.2
    "2.6.0": "IYUTWpFij2qFSsODx6NfXR/dwKWyt9PhxFUvU8bt9HBIEEgWGHAeYaN7rVI6lSq7zw7r5mjzQAt898axNGO9PQ==",
    # 1.5.2
    "2.7.0": "vPEHvqy79RC76pjH/Ru9vAuB4RyI64U8uqPnNxvr5FGl4SjRv0/0rbUNWQAmzP49n3FXLyeH67FqJJ7PrTgk6A==",
    # 1.5.2, with asom and xsom at 1.4.4
    "2.8.0": "BBBEoVJKqqYPRkCdGZMJTwC4wrLqPmyAoNLwlpKcIn8TqdwohXYV6hYCfQtF1AT6BpgA43vWoJsN6Eenu2WtOQ==",
    # 2.0.0
    "2.9.0": "Pt6zIjP3K83J81EMEwrJItYLz0qB89byvP9KSxWSt8uwsoU12Z6fYXWA2m4ix9BduOq0UFZJkAsqhqs2s8VgnA==",
    # 2.0.1
    "2.10.0": "xIYcDv08Emy8vRDqP0PcyMxnpZ1YO4Junzcdkn2HhFVKtR1x8AStCBcJJdrluy5OKow12/6VD0PKd6lAC+fw2Q==",
    # 2.1.0
    "2.11.0": "1UUqPwN2o//FA1sS2bo5u7QaTFDA3imwaOoX0kjnFFgmz5TApqxP2bhukgf1vtfJQ+6sgXX7IKJpTDEzwEco5w==",
    # 2.1.0
    "2.12.0": "8/yOmNpG8p1+72ALgHaEM2/6sIvfmhB5C+keQUGZXXRlxv9gTZ/hW2RRWV5UL0g7250i3RK8cRSEVjCldNyhdg==",
    # 2.1.0
    "2.13.0": "UBWYZmraBuH2aDBKwHp2R2VBge7ifee0K0XYP8399eQgarFSlUYdM6VkXgu5vbTs4R7c2qUCCdRdZJOtd8pN/g==",
    # 2.1.0
    "2.14.0": "NQCS2AirKrqmgImEq+nKKIjDOOQAYsia3ZwuGhPUbT0jYd35+jzS7HWV76wGXI0OLRBAlNGotzVyfIKWm9wRxw==",
    # 2.2.0
    "2.16.0": "KQGfEAQtF/SaWTlHRhX59gHYi5Bqea3CCMJ74jpbV4FFWeXlB5hbxUeXfx+GVyP/aSKzf3wACYKmY7nXz9qDxw==",
    # 2.2.0
    "3.0.0": "72KPxUn9PdAf6L+LkN/HpaDIc+vRFy7IbG8bKUzu+QHAmkPOHg64WslS6RelEND0le6i1IEzrIb33raJN62v2Q==",
    # 4.0.1 for Gen 3, 2.3.1 for Gen 2
    "3.6.0": "yZWt2mbB/C7AWuMFrlsNDc4gk9bjz4ge9FKNwyysFjaGhCIacy2G33YVbL01OeWmyDtPK802aZWdUNPBmSZQbA==",
    # 4.0.2 for Gen 3, 2.3.1 for Gen 2
    "3.9.0": "Kds5mPr+MiZzNua5jFAx28vdqN6P2RiFL7UWTCGjIIkxKIWYZAoz3TSGh+CyTZlBP6iUoyzg9uNFOQ0KyM5txw==",
    # applications for every platform, no system modules
    "3.51.0": "UwpkL7euUYSuwHBsPNHp/pnFdLhELqelbl6q3BqUndKBBUazKQ/4uHqLucdjKJpgkGPg+bfWlMWobzESCM3tzw==",
}

ATTEMPTS = 4
AT_ONCE = 3
UNPACKED_MAX = 64 * 1024 * 1024

# Folder in the package -> where it goes; before version 2 there was no assets/.
KEPT = {"package/assets/": "", "package/binaries/": "binaries/", "package/updates/": "updates/"}


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
    return made_once(f"particle-cli-{version}", lambda work: _make(version, work))


def packages(versions):
    """package() of several versions, in their order; those that are missing are fetched together."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(package, versions))


def made_once(name, make):
    """The folder `name` of the cache, which make(EMPTY FOLDER) fills when it is not there.

    It is built aside and renamed, so that it is there whole or not at all; others who want it at
    the same time wait, and then find it done.
    """
    target = cache_folder() / name
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent / f"{name}.lock"):
        if target.is_dir():
            return target
        prefix = f".make-{name}-"
        for killed in target.parent.glob(f"{prefix}*"):
            shutil.rmtree(killed)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=prefix) as work:
            content = Path(work, "content")
            content.mkdir()
            make(content)
            content.rename(target)
    return target


@contextmanager
def _locked(path):
    with open(path, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(version, folder):
    with tempfile.TemporaryDirectory() as name:
        _unpack(_fetch(version, Path(name)), folder)


def _fetch(version, work):
    """Downloads the package with npm and proves that it is the pinned one."""
    words = ["pack", f"particle-cli@{version}", "--json", "--pack-destination", str(work)]
    run_npm(words, work, f"particle-cli {version}")
    archives = list(work.glob("*.tgz"))
    if len(archives) != 1:
        raise GenuineError(f"npm left no package of particle-cli {version}\nLook at what npm says.")
    digest = base64.b64encode(hashlib.sha512(archives[0].read_bytes()).digest()).decode()
    if digest != INTEGRITY[version]:
        raise GenuineError(
            f"particle-cli {version} is not the pinned package: SHA-512 {digest}\n"
            "Check where npm gets its packages from; the pinned digest is what was published."
        )
    return archives[0]


def run_npm(words, folder, what):
    """Runs npm in a folder, again after a while when it fails: networks do."""
    npm = shutil.which("npm")
    if not npm:
        raise GenuineError("there is no npm here\nRun ./bootstrap test, which installs it.")
    settings = {"update_notifier": "false", "loglevel": "error", "fetch_retries": "0"}  # retried here
    environment = {**os.environ, **{f"npm_config_{name}": value for name, value in settings.items()}}
    said = ""
    for attempt in range(ATTEMPTS):
        time.sleep(3 * attempt)
        try:
            done = subprocess.run(
                [npm, *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, timeout=180,
            )
        except subprocess.TimeoutExpired:
            said = "no answer in time"
            continue
        if done.returncode == 0:
            return
        said = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
    raise GenuineError(
        f"npm could not fetch {what}: {said}\n"
        f"Check the network; what was fetched once stays in {cache_folder()}."
    )


def _place(name):
    """Where in the cache's folder a file of the package goes; None for what is not kept."""
    for folder, place in KEPT.items():
        if name.startswith(folder):
            return Path(place, name.removeprefix(folder))
    return None


def _unpack(archive, folder):
    """Writes the regular files that are kept; links, devices and ways out are left behind."""
    room = UNPACKED_MAX
    with tarfile.open(archive, "r:gz") as package_file:
        for member in package_file:
            path = _place(member.name)
            if not member.isfile() or path is None:
                continue
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
        for folder in packages(versions):
            print(folder)
    except GenuineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
