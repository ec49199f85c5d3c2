#!/usr/bin/env python3
"""Checks every text of the tree: white space, and words that have no business in it.

The project speaks of itself alone: no folders of the machine it was written on, no package
registries, no marks of unfinished work, and no firmware of anybody.
"""

import re
import sys

from source import Problem, files, line_at, run, text_of

# Suffixes whose files use tabs or trailing blanks for a meaning of their own.
FREE_WHITE_SPACE = {".txt", ".patch", ".mk"}
# Inputs of fuzz targets: bytes, some of which happen to be text.
BYTES = "tests/fuzz/corpus/"

PATTERNS = [
    (r"(?<![\w.~])/(?:work|root|home/\w+|Users/\w+)/", "a folder of somebody's own machine"),
    (r"/tmp/(?:build|npm|bare)\b", "a folder of somebody's own machine"),
    (r"registry\.(?:npmjs|yarnpkg)\.", "a package registry's host name"),
    (r"\b(?:deb|security)\.debian\.org|\bsnapshot\.debian\.org", "a package registry's host name"),
    (r"\b(?:pypi|crates|pythonhosted|rubygems)\.(?:org|io)\b", "a package registry's host name"),
    (r"\bproxy\.golang\.org\b", "a package registry's host name"),
    (r"^Co-authored-by" + ":", "belongs nowhere"),
]

UNFINISHED = r"\b(?:TODO|FIXME|XXX|HACK)\b"


def check_white_space(path, text):
    if not text.endswith("\n"):
        yield Problem(path, text.count("\n") + 1, "no newline at the end of the file")
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield Problem(path, number, "blanks at the end of the line")
        if "\t" in line and not path.startswith("man/"):
            yield Problem(path, number, "a tab; indent with spaces")


def check(root):
    for path in files(root):
        if path.startswith("cache/") and path not in ("cache/README.md", "cache/CACHEDIR.TAG"):
            continue  # what the user keeps there
        if path.endswith(".bin"):
            yield Problem(path, 1, "firmware is never committed; tests fetch it")
            continue
        text = text_of(root, path)
        if not text:
            continue
        free = path.endswith(tuple(FREE_WHITE_SPACE)) or path.startswith(BYTES)
        if not free and path != "LICENSE":
            yield from check_white_space(path, text)
        patterns = PATTERNS + ([(UNFINISHED, "a mark of unfinished work")] if path.startswith("src/") else [])
        for pattern, what in patterns:
            for match in re.finditer(pattern, text, re.M):
                yield Problem(path, line_at(text, match.start()), f"{match[0]}: {what}")


if __name__ == "__main__":
    sys.exit(run(check))
