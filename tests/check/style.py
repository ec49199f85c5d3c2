#!/usr/bin/env python3
"""Checks the conventions of the C code that a compiler does not: what is banned, sizes, openings.

Works on text with a small brace counter, not on a real parse; where it is too strict, write the
code more plainly.
"""

import re
import sys
from pathlib import PurePath

from source import Problem, blank_attributes, c_files, files, line_at, run, text_of

FILE_LINES = 500
FUNCTION_LINES = 60
LINE_COLUMNS = 100
README_LINES = 40
OPENING_LINES = range(3, 13)  # with the comment's own first and last line

# Banned everywhere, as calls or as names, and why.
BANNED = {
    "strcpy": "no bound",
    "strcat": "no bound",
    "sprintf": "no bound",
    "gets": "no bound",
    "strtok": "hidden state",
    "atoi": "no errors",
    "system": "runs a shell",
    "popen": "runs a shell",
    "alloca": "no bound",
    "goto": "owning locals clean up by themselves",
}

# What a library does not do: only the program (src/cli) prints, exits, reads the environment, handles signals.
PROGRAM_ONLY = {
    **dict.fromkeys(["printf", "vprintf", "puts", "putchar", "perror", "stdout", "stderr", "stdin"], "prints"),
    **dict.fromkeys(["exit", "_exit", "_Exit", "quick_exit", "abort", "assert"], "ends the program"),
    **dict.fromkeys(["getenv", "secure_getenv", "setenv", "unsetenv", "putenv", "environ"], "reads the environment"),
    **dict.fromkeys(["signal", "sigaction", "sigprocmask"], "handles signals"),
    **dict.fromkeys(["setlocale", "rand", "srand", "random", "srandom"], "has hidden state"),
}

# Words that may also be the name of a variable or a field: only a call counts.
ONLY_CALLS = {"system", "gets", "signal", "random", "exit", "abort", "assert"}

# The headers whose names are exported, hence prefixed.
EXPORTING = ("src/osbundle.h", "src/base/error.h")


def words(code, table):
    """(position, word) of each word of the table that is no field's name."""
    code = blank_attributes(code)
    pattern = re.compile(rf"(?<![\w.])(?<!->)({'|'.join(map(re.escape, table))})\b(\s*\()?")
    for match in pattern.finditer(code):
        if match[2] or match[1] not in ONLY_CALLS:
            yield match.start(), match[1]


def in_program(file):
    return file.path.startswith("src/cli/")


def check_words(file):
    for position, word in words(file.code, BANNED):
        yield line_at(file.code, position), f"{word} is banned: {BANNED[word]}"
    for match in re.finditer(r"\bdefault\s*:", file.code):
        line = line_at(file.code, match.start())
        yield line, "default: hides the values that a switch forgot; name them all"
    if file.path.startswith("src/") and not in_program(file):
        for position, word in words(file.code, PROGRAM_ONLY):
            yield line_at(file.code, position), f"{word} in the library: it {PROGRAM_ONLY[word]}"


def is_constant(declaration):
    """Whether what is declared (text up to the name's end) can't change after initialisation."""
    function_pointer = re.search(r"\(\s*\*([^()]*)\)", declaration)
    declarator = function_pointer[1] if function_pointer else declaration.split("[")[0].rpartition("*")[2]
    return bool(re.search(r"\bconst\b", declarator))


def variable_of(text):
    """The declaring part of a file-scope variable, or None where `text` declares something else."""
    text = blank_attributes(text).strip()
    if re.match(r"(typedef|_Static_assert|static_assert)\b", text) or not text:
        return None
    if re.fullmatch(r"(struct|union|enum)\s*\w*\s*(\{\})?", text):
        return None
    declaring = re.split(r"(?<![=!<>])=(?!=)", text)[0].strip()
    calls_like = re.search(r"\(\s*(?!\*)", declaring)
    pointer = re.search(r"\(\s*\*", declaring)
    if calls_like and not (pointer and pointer.start() <= calls_like.start()):
        return None  # a prototype, or a macro
    return declaring


def check_state(file):
    for unit in file.units():
        if unit.body is None:
            variable = variable_of(unit.text)
            stop_flag = in_program(file) and "volatile sig_atomic_t" in unit.text
            if variable and not is_constant(variable) and not stop_flag:
                yield unit.line, f"mutable state at file scope: {variable}"
            continue
        for match in re.finditer(r"\b(?:static|_Thread_local|thread_local)\b([^;={]*)", unit.body):
            if not is_constant(match[1]):
                line = line_at(file.code, unit.body_start + match.start())
                yield line, f"mutable state in a function: {' '.join(match[0].split())}"


def check_sizes(file):
    lines = file.text.splitlines()
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS:
            yield number, f"{len(line)} columns; at most {LINE_COLUMNS}"
    if len(lines) > FILE_LINES:
        yield FILE_LINES + 1, f"{len(lines)} lines in a file; at most {FILE_LINES}"
    for unit in file.units():
        length = unit.last_line - unit.line + 1
        if unit.body is not None and length > FUNCTION_LINES:
            yield unit.line, f"{length} lines in a function; at most {FUNCTION_LINES}: {unit.text}"


def check_header(file):
    if file.path.endswith(".h") and not file.code.lstrip().startswith("#pragma once"):
        yield 1, "a header begins with #pragma once"


def check_opening(file):
    if not file.path.endswith(".c"):
        return
    match = re.match(r"/\*.*?\*/", file.text, re.S)
    if not match:
        yield 1, "opens without a block comment: what it is for, what it does not do, its main invariant"
    elif len(match[0].splitlines()) not in OPENING_LINES:
        count = len(match[0].splitlines())
        yield 1, f"opening comment of {count} lines; {OPENING_LINES[0]} to {OPENING_LINES[-1]} say enough"


def check_own_header_first(root, file):
    """x.c includes layer/x.h first, where there is one: so each header is seen to stand alone."""
    own = PurePath(file.path.removeprefix("src/")).with_suffix(".h").as_posix()
    if not file.path.endswith(".c") or not (root / "src" / own).exists() or own == "osbundle.h":
        return
    line, first = (file.includes() or [(1, '""')])[0]
    if first[1:-1] != own:
        yield line, f'own header first: #include "{own}"'


def exported_names(root):
    names = set()
    for path in EXPORTING:
        if (root / path).exists():
            names |= set(re.findall(r"\bosb_\w+", text_of(root, path)))
    return names


def check_names(file, exported):
    for match in re.finditer(r"\bosb_\w+", file.code):
        if match[0] not in exported:
            message = f"{match[0]}: osb_ is for what {' and '.join(EXPORTING)} declare"
            yield line_at(file.code, match.start()), message


def check_one_name_space(root):
    """All layers are linked into one program, so a function name is taken once; statics are free."""
    seen = {}
    for file in c_files(root):
        for unit in file.units():
            name = re.search(r"(\w+)\s*\(", blank_attributes(unit.text))
            if unit.body is None or not name or re.search(r"\bstatic\b", unit.text):
                continue
            if name[1] in seen:
                yield Problem(file.path, unit.line, f"{name[1]} is defined in {seen[name[1]]} too")
            seen.setdefault(name[1], file.path)


def check_readmes(root):
    for folder in sorted({PurePath(path).parent for path in files(root, "src")}):
        if str(folder) == "src":
            continue
        readme = f"{folder}/README.md"
        if not (root / readme).exists():
            yield Problem(readme, 1, "missing: what lives here, what may not, where to start reading")
        elif text_of(root, readme).count("\n") > README_LINES:
            yield Problem(readme, README_LINES + 1, f"at most {README_LINES} lines")


def check(root):
    exported = exported_names(root)
    for file in c_files(root):
        rules = [check_words, check_state, check_sizes, check_header, check_opening]
        for rule in rules:
            yield from (Problem(file.path, line, message) for line, message in rule(file))
        for line, message in check_own_header_first(root, file):
            yield Problem(file.path, line, message)
        for line, message in check_names(file, exported):
            yield Problem(file.path, line, message)
    for file in c_files(root, "tests"):
        for rule in (check_words, check_sizes, check_header):
            yield from (Problem(file.path, line, message) for line, message in rule(file))
    yield from check_one_name_space(root)
    yield from check_readmes(root)


if __name__ == "__main__":
    sys.exit(run(check))
