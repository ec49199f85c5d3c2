"""What the checks share: finding files, reading C without its comments, reporting.

A check is a function that takes the root of the tree and yields problems. Nothing here knows a rule.
"""

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

# In a linked worktree .git is a file, which names a folder of that machine.
SKIPPED = {".git", "build", "__pycache__"}


@dataclass(frozen=True, order=True)
class Problem:
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


def run(check):
    """Runs a check over the tree named on the command line; the exit code says whether it found anything."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[2]).resolve()
    problems = sorted(check(root))
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems" if problems else "no problems")
    return 1 if problems else 0


def files(root, folder=".", suffixes=None):
    """Paths of the files of a folder, below it too, relative to the root and in a fixed order."""
    found = []
    for current, folders, names in os.walk(root / folder):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted(set(names) - SKIPPED):
            path = Path(current, name)
            if path.is_file() and (suffixes is None or path.suffix in suffixes):
                found.append(path.relative_to(root).as_posix())
    return sorted(found)


def text_of(root, path):
    """The text of a file, or None where it is not text."""
    try:
        return (root / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def line_at(text, position):
    return text.count("\n", 0, position) + 1


_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""", re.S
)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.M)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    return _TOKEN.sub(lambda m: _blank(m[0]) if m["comment"] else m[0], text)


def bare_code(text):
    """C with the insides of comments, strings and characters blanked; every position stays as it was."""

    def replace(match):
        if match["comment"]:
            return _blank(match[0])
        return match[0][0] + _blank(match[0][1:-1]) + match[0][0]

    return _TOKEN.sub(replace, text)


@dataclass
class Unit:
    """A function definition, or one declaration; bodies of types and initialisers shrink to {}."""

    text: str
    line: int
    last_line: int
    body: str | None = None
    body_start: int = 0


@dataclass
class CFile:
    path: str
    text: str
    code: str = field(init=False)

    def __post_init__(self):
        self.code = bare_code(self.text)

    def includes(self):
        """(line, "name" or <name>) of each #include."""
        pattern = re.compile(r'^[ \t]*#[ \t]*include[ \t]+("[^"\n]+"|<[^>\n]+>)', re.M)
        text = without_comments(self.text)
        return [(line_at(text, m.start(1)), m[1]) for m in pattern.finditer(text)]

    def units(self):
        """Splits the file into functions and declarations, in order."""
        code = _DIRECTIVE.sub(lambda m: _blank(m[0]), self.code)
        start, pieces, position = 0, [], 0
        while position < len(code):
            letter = code[position]
            if letter == "{":
                end = _matching_brace(code, position)
                if _is_function("".join(pieces)):
                    yield self._unit(code, start, end, "".join(pieces), code[position : end + 1], position)
                    start, pieces = end + 1, []
                else:
                    pieces.append("{}")
                position = end
            elif letter == ";":
                yield self._unit(code, start, position, "".join(pieces))
                start, pieces = position + 1, []
            else:
                pieces.append(letter)
            position += 1

    @staticmethod
    def _unit(code, start, end, text, body=None, body_start=0):
        first = start + len(code[start:end]) - len(code[start:end].lstrip())
        return Unit(" ".join(text.split()), line_at(code, first), line_at(code, end), body, body_start)


def _matching_brace(code, position):
    depth = 0
    for index in range(position, len(code)):
        depth += {"{": 1, "}": -1}.get(code[index], 0)
        if depth == 0:
            return index
    return len(code) - 1


def blank_attributes(text):
    pattern = r"__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)"
    return re.sub(pattern, lambda match: _blank(match[0]), text)


def _is_function(header):
    header = blank_attributes(header).strip()
    return header.endswith(")") and "=" not in header


def c_files(root, folder="src"):
    for path in files(root, folder, {".c", ".h"}):
        text = text_of(root, path)
        if text is not None:
            yield CFile(path, text)
