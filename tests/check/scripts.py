#!/usr/bin/env python3
"""Checks scripts before anything runs them: shell by shellcheck, Python by its compiler."""

import json
import os
import re
import shutil
import subprocess
import sys

from source import Problem, files, run, text_of

PYTHON_COLUMNS = 120
SHELL_COLUMNS = 100


def interpreter(text):
    match = re.match(r"#!\S*?(\w+)(?: (\w+))?\n", text)
    return (match[2] or match[1]) if match else None


def check_python(path, text):
    try:
        compile(text, path, "exec")
    except SyntaxError as error:
        yield Problem(path, error.lineno or 1, f"Python: {error.msg}")


def check_shell(root, paths):
    if not paths:
        return
    if not shutil.which("shellcheck"):
        yield Problem("bootstrap", 1, "no shellcheck here; ./bootstrap test installs it")
        return
    command = ["shellcheck", "--format=json", "--external-sources", *paths]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    for found in json.loads(result.stdout or "[]"):
        yield Problem(found["file"], found["line"], f"shellcheck SC{found['code']}: {found['message']}")


def check(root):
    shell = []
    for path in files(root):
        text = text_of(root, path)
        if not text:
            continue
        language = interpreter(text)
        is_python = language == "python3" or path.endswith(".py")
        is_shell = language in ("sh", "bash", "dash") or path.endswith(".sh")
        if is_python:
            yield from check_python(path, text)
        if is_shell:
            shell.append(path)
        if language and not path.endswith(".py") and not os.access(root / path, os.X_OK):
            yield Problem(path, 1, "begins with #! but is not executable")
        columns = PYTHON_COLUMNS if is_python else SHELL_COLUMNS if is_shell else None
        for number, line in enumerate(text.splitlines(), 1):
            if columns and len(line) > columns:
                yield Problem(path, number, f"{len(line)} columns; at most {columns}")
    yield from check_shell(root, shell)


if __name__ == "__main__":
    sys.exit(run(check))
