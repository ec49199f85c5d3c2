#!/usr/bin/env python3
"""Checks the planner's declarative cases: how many, how short, each told apart, every board in them."""

import json
import re
import statistics
import sys

from source import Problem, files, run, text_of

FOLDER = "tests/plan/cases"
LEAST = 250
MEDIAN_LINES = 25
LEAST_OF_A_BOARD = 3
LEAST_FROM_REPORTS = 20

START = re.compile(r'^ \{"title"', re.M)
REPORT = re.compile(r"community thread \d+|pull request \d+|particle-cli#\d+|device-os#\d+")


def lengths(text):
    """Lines of each case, in the file's order."""
    starts = [match.start() for match in START.finditer(text)] + [text.rindex("\n]")]
    return [text.count("\n", start, end) + (end == starts[-1]) for start, end in zip(starts, starts[1:])]


def check_file(root, path, seen):
    text = text_of(root, path)
    try:
        cases = json.loads(text)
    except ValueError as problem:
        yield Problem(path, 1, f"no JSON: {problem}")
        return
    lines = lengths(text)
    if len(lines) != len(cases):
        yield Problem(path, 1, 'every case begins with a line {"title": ...')
    for case in cases:
        if case["title"] in seen["titles"]:
            yield Problem(path, 1, f"another case has this title: {case['title']}")
        seen["titles"].add(case["title"])
        seen["reports"] += bool(REPORT.search(case["title"]))
        board = case["board"]["platform"]
        seen["boards"][board] = seen["boards"].get(board, 0) + 1
    seen["lines"] += lines


def check(root):
    seen = {"titles": set(), "lines": [], "boards": {}, "reports": 0}
    paths = list(files(root, FOLDER, {".json"}))
    if not paths:
        return
    for path in paths:
        yield from check_file(root, path, seen)
    if len(seen["titles"]) < LEAST:
        yield Problem(FOLDER, 1, f"{len(seen['titles'])} cases; at least {LEAST}")
    if statistics.median(seen["lines"] or [0]) >= MEDIAN_LINES:
        yield Problem(FOLDER, 1, f"a case has {MEDIAN_LINES} lines or more in the median")
    if seen["reports"] < LEAST_FROM_REPORTS:
        yield Problem(FOLDER, 1, f"{seen['reports']} cases name a public report; at least {LEAST_FROM_REPORTS}")
    for path in files(root, "manifests/platforms", {".json"}):
        board = json.loads(text_of(root, path))["name"]
        if seen["boards"].get(board, 0) < LEAST_OF_A_BOARD and board not in ("asom", "xsom"):
            yield Problem(FOLDER, 1, f"{board} has fewer than {LEAST_OF_A_BOARD} cases")


if __name__ == "__main__":
    sys.exit(run(check))
