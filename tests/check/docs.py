#!/usr/bin/env python3
"""Checks what is written for people: manual pages that mandoc likes and that name every command,
option, variable and exit code, and links between documents that lead somewhere."""

import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePath

from source import Problem, files, line_at, run, text_of

MAIN_PAGE = "man/osbundle.1"


def manual_pages(root):
    if not (root / "man").is_dir():
        return []
    return [path for path in files(root, "man") if re.search(r"\.[1-8]$", path)]


def check_pages(root):
    pages = manual_pages(root)
    if not pages:
        return
    if not shutil.which("mandoc"):
        yield Problem("bootstrap", 1, "no mandoc here; ./bootstrap test installs it")
        return
    command = ["mandoc", "-Tlint", "-Wwarning", *pages]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    for path, line, message in re.findall(r"^mandoc: (\S+?):(\d+):\d+: (.*)$", result.stdout, re.M):
        yield Problem(path, int(line), message)


# What the program has, in which file it is listed, and how the manual's entry for it begins.
LISTED = [
    ("command", "src/cli/commands.c", r'^    \.name = "([\w-]+)"', r"^\.It Cm {}\b"),
    ("option", "src/cli/options.c", r'^    \{"([\w-]+)", (?:0|\'\w\'), KIND_', r"^\.It Fl (?:\w , )?-{}\b"),
    ("variable", "src/cli/environment.c", r'\bvariable\("(\w+)"\)', r"^\.It Ev (?:\w+ , )*{}\b"),
]


def check_listed(root):
    """Commands, options and variables stand in tables; the manual has an entry for each."""
    if not (root / MAIN_PAGE).exists():
        return
    page = text_of(root, MAIN_PAGE)
    for kind, path, listed, entry in LISTED:
        text = text_of(root, path) if (root / path).exists() else ""
        for match in re.finditer(listed, text, re.M):
            if not re.search(entry.format(re.escape(match[1])), page, re.M):
                message = f"{MAIN_PAGE} does not describe the {kind} {match[1]}"
                yield Problem(path, line_at(text, match.start(1)), message)


def check_exit_codes(root):
    table = "src/base/error.c"
    if not (root / table).exists() or not (root / MAIN_PAGE).exists():
        return
    page = text_of(root, MAIN_PAGE)
    status = page.partition(".Sh EXIT STATUS")[2].partition("\n.Sh ")[0]
    described = set(re.findall(r"^\.It (\d+)", status, re.M))
    text = text_of(root, table)
    for match in re.finditer(r'\[OSB_\w+\] = \{"\w+", (\d+)\}', text):
        if match[1] not in described:
            yield Problem(table, line_at(text, match.start()), f"{MAIN_PAGE} lacks exit code {match[1]}")


def check_links(root):
    for path in files(root, suffixes={".md"}):
        text = text_of(root, path) or ""
        for match in re.finditer(r"\]\((?!\w+:|#)([^)#\s]+)[^)]*\)", text):
            if not (root / PurePath(path).parent / match[1]).exists():
                yield Problem(path, line_at(text, match.start()), f"{match[1]}: leads nowhere")


def check(root: Path):
    yield from check_pages(root)
    yield from check_listed(root)
    yield from check_exit_codes(root)
    yield from check_links(root)


if __name__ == "__main__":
    sys.exit(run(check))
