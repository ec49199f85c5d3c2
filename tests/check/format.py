#!/usr/bin/env python3
"""Checks that clang-format would change nothing. Another version formats otherwise, so one is pinned."""

import re
import shutil
import subprocess
import sys

from source import Problem, files, run

MAJOR = 14  # Debian 12


def find_formatter():
    for name in (f"clang-format-{MAJOR}", "clang-format"):
        path = shutil.which(name)
        if path:
            answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
            version = re.search(r"version (\d+)\.", answer)
            if version and int(version[1]) == MAJOR:
                return path
    return None


def check(root):
    formatter = find_formatter()
    if not formatter:
        yield Problem("bootstrap", 1, f"no clang-format {MAJOR} here; ./bootstrap test installs it")
        return
    paths = files(root, "src", {".c", ".h"}) + files(root, "tests", {".c", ".h"})
    if not paths:
        return
    command = [formatter, "--dry-run", "-Werror", "--style=file", *paths]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    found = {}
    for path, line in re.findall(r"^(\S+?):(\d+):\d+: error: ", result.stderr, re.M):
        found.setdefault(path, []).append(int(line))
    for path, lines in found.items():
        places = "this" if len(lines) == 1 else f"this and {len(lines) - 1} places more"
        yield Problem(path, lines[0], f"clang-format-{MAJOR} -i {path} would change {places}")
    if result.returncode != 0 and not found:
        yield Problem(".clang-format", 1, result.stderr.strip())


if __name__ == "__main__":
    sys.exit(run(check))
