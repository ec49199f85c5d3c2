#!/usr/bin/env python3
"""Checks what is written for people: manual pages that mandoc likes and that name every command and
exit code, and links between documents that lead somewhere."""

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


def check_commands(root):
    """src/cli/cmd_NAME.c is a command; the manual has an entry for each."""
    page = text_of(root, MAIN_PAGE) if (root / MAIN_PAGE).exists() else None
    if page is None:
        return
    described = set(re.findall(r"^\.It Cm (\w+)", page, re.M))
    for path in sorted((root / "src" / "cli").glob("cmd_*.c")):
        name = path.stem.removeprefix("cmd_")
        if name not in described:
            yield Problem(path.relative_to(root).as_posix(), 1, f"{MAIN_PAGE} does not describe {name}")


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
    yield from check_commands(root)
    yield from check_exit_codes(root)
    yield from check_links(root)


if __name__ == "__main__":
    sys.exit(run(check))
