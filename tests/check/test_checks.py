#!/usr/bin/env python3
"""Proves that the checks can fail: a small correct tree passes them all, and each broken rule is
reported with its file and line."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).parent

import cases
import docs
import format as formatting
import layers
import scripts
import style
import texts

OPENING = "/*\n * What it is for.\n *\n * Invariant: none.\n */\n"
C = OPENING + '#include "model/version.h"\n\n'  # what follows stands on line 8
C_LINE = 8
CASE = ' {"title": "one", "board": {"platform": "p2"}}'
README = "# a layer\n\nWhat lives here.\n"

GOOD = {
    ".clang-format": (HERE.parents[1] / ".clang-format").read_text(),
    "README.md": "See [the base](src/base/README.md) and [the web](https://example.org/).\n",
    "bootstrap": "#!/usr/bin/env bash\nset -eu\n",
    "man/osbundle.1": (
        ".Dd January 1, 2024\n.Dt OSBUNDLE 1\n.Os\n.Sh NAME\n.Nm osbundle\n.Nd try\n.Sh COMMANDS\n"
        ".Bl -tag -width Ds\n.It Cm fetch\nFetches.\n.El\n"
        ".Sh EXIT STATUS\n.Bl -tag -width Ds\n.It 0\nFine.\n.El\n"
    ),
    "src/CMakeLists.txt": "add_layer(base PkgConfig::ZLIB)\nadd_layer(model osb_base)\n",
    "src/base/README.md": README,
    "src/base/error.h": "#pragma once\ntypedef enum osb_status {\n    OSB_OK\n} osb_status;\n",
    "src/base/error.c": (
        OPENING + '#include "base/error.h"\n\nstatic const struct {\n    const char *name;\n    int exit_code;\n'
        '} rows[] = {\n    [OSB_OK] = {"ok", 0},\n};\n\nint rows_first(void)\n{\n    return rows[0].exit_code;\n}\n'
    ),
    "src/base/text.h": "#pragma once\n#include <zlib.h>\n",
    "src/base/json.h": "#pragma once\n#include <jansson.h>\n",
    "src/cli/README.md": README,
    "src/cli/commands.c": OPENING + 'static const command fetch = {\n    .name = "fetch",\n};\n',
    "src/cli/main.c": OPENING + '#include "osbundle.h"\n\n#include <popt.h>\n\n#include "base/text.h"\n'
    "static volatile sig_atomic_t stop_asked;\n",
    "src/cli/cmd_fetch.c": OPENING + '#include "osbundle.h"\n\n#include "model/version.h"\n',
    "src/model/README.md": README,
    "src/model/version.h": (
        "#pragma once\n#include <stdint.h>\n\nextern const char *const version_names[];\n"
        "int version_compare(uint16_t a, uint16_t b) __attribute__((const));\n"
        "void version_log(const char *format, ...) __attribute__((format(printf, 1, 2)));\n"
    ),
    "src/model/version.c": (
        C + "const char *const version_names[] = {\"goto\", \"// printf(\"};\n"
        "static int (*const compare)(uint16_t a, uint16_t b) = version_compare;\n\n"
        "/* goto, default: and TO-DO are but words here */\n"
        "int version_compare(uint16_t a, uint16_t b)\n{\n    static const int order[] = {-1, 1};\n"
        "    return a == b ? 0 : order[a > b];\n}\n"
    ),
    "src/osbundle.h": '#pragma once\n#include "model/version.h"\n',
    "tests/check/README.md": "Nothing.\n",
}

CHECKS = {
    "layers": layers.check,
    "style": style.check,
    "format": formatting.check,
    "texts": texts.check,
    "scripts": scripts.check,
    "docs": docs.check,
    "cases": cases.check,
}


def function(lines):
    return "int f(void)\n{\n" + "    f();\n" * (lines - 3) + "}\n"


# (check, file, what it holds, line of the report, words of the report)
NEW = "src/model/new.c"
BROKEN = [
    ("layers", NEW, C + '#include "store/cas.h"\n', C_LINE, "model may not include store"),
    ("layers", NEW, C + '#include "base/clock.h"\n', C_LINE, "no use"),
    ("layers", NEW, C + '#include "model/nowhere.h"\n', C_LINE, "does not exist"),
    ("layers", "src/base/new.h", '#pragma once\n#include "model/version.h"\n', 2, "base may not include model"),
    ("layers", "src/sim/new.h", '#pragma once\n#include "protocol/dfu.h"\n', 2, "sim may not include protocol"),
    ("layers", "src/cli/new.h", '#pragma once\n#include "base/error.h"\n', 2, "cli may not include base"),
    ("layers", "src/model/new.h", '#pragma once\n#include "osbundle.h"\n', 2, "model may not include osbundle"),
    ("layers", "src/model/new.h", '#pragma once\n#include "version.h"\n', 2, "layer/file.h"),
    ("layers", "src/model/new.h", '#pragma once\n#include "model/../base/text.h"\n', 2, "way up"),
    ("layers", "src/model/new.h", "#pragma once\n#include <jansson.h>\n", 2, "only base/json.h"),
    ("layers", "src/base/new.h", "#pragma once\n#include <jansson.h>\n", 2, "only base/json.h"),
    ("layers", "src/store/new.h", "#pragma once\n#include <sodium.h>\n", 2, "only trust"),
    ("layers", "src/store/new.h", "#pragma once\n#include <curl/curl.h>\n", 2, "only net"),
    ("layers", "src/net/new.h", "#pragma once\n#include <curl/curl.h>\n", 2, "only net/curl_library.h"),
    ("layers", "src/net/new.h", "#pragma once\n#include <dlfcn.h>\n", 2, "only base/library.c"),
    ("layers", "src/osbundle_new.h", '#pragma once\n#include "net/curl_library.h"\n', 2, "no use"),
    ("layers", "src/device/new.h", "#pragma once\n#include <libusb.h>\n", 2, "only transport"),
    ("layers", "src/protocol/new.h", "#pragma once\n#include <protobuf-c/protobuf-c.h>\n", 2, "only wire"),
    ("layers", "src/model/new.h", "#pragma once\n#include <sys/file.h>\n", 2, "only base"),
    ("layers", "src/model/new.h", "#pragma once\n#include <glib.h>\n", 2, "neither"),
    ("layers", "src/attic/new.h", "#pragma once\n", 1, "attic is no layer"),
    ("layers", "src/CMakeLists.txt", "\nadd_layer(model osb_base osb_net)\n", 2, "links other layers"),
    ("style", NEW, C + "char *f(char *a, char *b)\n{\n    return strcpy(a, b);\n}\n", C_LINE + 2, "strcpy"),
    ("style", NEW, C + "#define F(x) atoi(x)\n", C_LINE, "atoi"),
    ("style", NEW, C + "int f(void)\n{\n    goto out;\nout:\n    return 0;\n}\n", C_LINE + 2, "goto"),
    ("style", "tests/unit/new.c", "int f(void)\n{\n    return system(0);\n}\n", 3, "system"),
    ("style", NEW, C + "int f(int a)\n{\n    switch (a) {\n    default:\n    }\n}\n", C_LINE + 3, "default:"),
    ("style", NEW, C + "static int count;\n", C_LINE, "file scope: static int count"),
    ("style", NEW, C + "int a;\n\nint count = 3;\n", C_LINE + 2, "file scope: int count"),
    ("style", NEW, C + "static const char *name = 0;\n", C_LINE, "file scope"),
    ("style", NEW, C + "static int (*run)(int) = 0;\n", C_LINE, "file scope"),
    ("style", NEW, C + "static struct {\n    const int a;\n} here;\n", C_LINE, "file scope"),
    ("style", NEW, C + "int f(void)\n{\n    static int calls;\n    return calls++;\n}\n", C_LINE + 2, "in a function"),
    ("style", NEW, C + function(61), C_LINE, "61 lines in a function"),
    ("style", NEW, C + "\n" * 500, 501, "lines in a file"),
    ("style", NEW, C + "// " + "-" * 98 + "\n", C_LINE, "101 columns"),
    ("style", NEW, C + 'void f(void)\n{\n    printf("x");\n}\n', C_LINE + 2, "prints"),
    ("style", "src/osbundle.c", OPENING + '#include "osbundle.h"\nvoid f(void)\n{\n    exit(1);\n}\n', 9, "ends"),
    ("style", NEW, C + 'const char *f(void)\n{\n    return getenv("X");\n}\n', C_LINE + 2, "environment"),
    ("style", NEW, C + "void f(void)\n{\n    fputs(x, stderr);\n}\n", C_LINE + 2, "prints"),
    ("style", NEW, C + "void f(int a)\n{\n    assert(a);\n}\n", C_LINE + 2, "ends the program"),
    ("style", NEW, C + "void f(int a)\n{\n    signal(a, 0);\n}\n", C_LINE + 2, "signals"),
    ("style", NEW, C + "int rows_first(void)\n{\n    return 0;\n}\n", C_LINE, "defined in src/base/error.c too"),
    ("style", NEW, C + "int osb_version(void);\n", C_LINE, "osb_version"),
    ("style", NEW, '#include "model/version.h"\n', 1, "opens without"),
    ("style", NEW, '/* short */\n#include "model/version.h"\n', 1, "opening comment of 1 lines"),
    ("style", "src/model/version.c", OPENING + '#include "base/text.h"\n#include "model/version.h"\n', 6, "own header"),
    ("style", "src/cli/main.c", OPENING + "static int stop;\n", 6, "file scope"),
    ("style", "src/model/new.h", "#include <stdio.h>\n#pragma once\n", 1, "#pragma once"),
    ("style", "src/store/cas.h", "#pragma once\n", None, "missing"),
    ("style", "src/base/README.md", "x\n" * 41, 41, "at most 40"),
    ("format", NEW, C + "int  f(void);\n", C_LINE, "clang-format"),
    ("format", "tests/unit/new.c", "int f( void );\n", 1, "clang-format"),
    ("texts", NEW, C + "/* TO" "DO: more */\n", C_LINE, "unfinished"),
    ("texts", "README.md", "\ncd /wo" "rk/main\n", 2, "machine"),
    ("texts", "tests/x.py", "x = '/ho" "me/jane/x'\n", 1, "machine"),
    ("texts", "README.md", "https://registry.np" "mjs.org/\n", 1, "host name"),
    ("texts", "bootstrap", "#!/bin/sh\n# deb.deb" "ian.org\n", 2, "host name"),
    ("texts", "README.md", "a\nb \n", 2, "blanks"),
    ("texts", "README.md", "a\tb\n", 1, "tab"),
    ("texts", "README.md", "a\nb", 2, "newline"),
    ("texts", "tests/support/x.bin", "x", 1, "firmware"),
    ("scripts", "tests/x.py", "a = 1\nb = = 2\n", 2, "Python"),
    ("scripts", "bootstrap", "#!/usr/bin/env bash\nset -eu\necho $1\n", 3, "SC2086"),
    ("scripts", "demo/play", "#!/usr/bin/env bash\nset -eu\n", 1, "executable"),
    ("scripts", "tests/x.py", "#" * 121 + "\n", 1, "121 columns"),
    ("cases", "tests/plan/cases/new.json", "[\n", 1, "no JSON"),
    ("cases", "tests/plan/cases/new.json", '[\n' + CASE + ',\n' + CASE + '\n]\n', 1, "another case has this title"),
    ("cases", "tests/plan/cases/new.json", '[\n  ' + CASE + '\n]\n', 1, "begins with a line"),
    ("docs", "man/osbundle.1", GOOD["man/osbundle.1"] + ".Xx\n", 17, "Xx"),
    ("docs", "src/cli/commands.c", '\n    .name = "plan",\n', 2, "does not describe the command plan"),
    ("docs", "src/cli/options.c", "    {\"full\", 'f', KIND_FLAG},\n", 1, "the option full"),
    ("docs", "src/cli/environment.c", 'a = variable("HOME");\n', 1, "the variable HOME"),
    ("docs", "src/base/error.c", '    [OSB_OK] = {"ok", 0},\n    [OSB_X] = {"x", 9},\n', 2, "exit code 9"),
    ("docs", "README.md", "\n[there](src/nowhere.md)\n", 2, "leads nowhere"),
]


class Checks(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        for path, content in GOOD.items():
            self.write(path, content)
        (self.root / "bootstrap").chmod(0o755)

    def write(self, path, content):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(content)

    def test_a_correct_tree_passes(self):
        for name, check in CHECKS.items():
            with self.subTest(name):
                self.assertEqual([], [str(problem) for problem in check(self.root)])

    def test_each_broken_rule_is_reported_where_it_is_broken(self):
        for name, path, content, line, words in BROKEN:
            with self.subTest(f"{name}: {words}"):
                old = GOOD.get(path)
                self.write(path, content)
                problems = list(CHECKS[name](self.root))
                where = path if line else "src/store/README.md"
                hits = [p for p in problems if (p.path, p.line) == (where, line or 1) and words in p.message]
                self.assertTrue(hits, f"no '{where}:{line or 1}: ...{words}' in {list(map(str, problems))}")
                self.restore(path, old)

    def restore(self, path, old):
        if old is not None:
            self.write(path, old)
            return
        target = self.root / path
        target.unlink()
        while not any(target.parent.iterdir()):
            target = target.parent
            target.rmdir()

    def test_the_exit_code_tells_and_the_report_names_file_and_line(self):
        command = [sys.executable, HERE / "style.py", self.root]
        self.assertEqual(0, subprocess.run(command, capture_output=True).returncode)
        self.write(NEW, C + "int count;\n")
        result = subprocess.run(command, capture_output=True, text=True)
        self.assertEqual(1, result.returncode)
        self.assertIn(f"{NEW}:{C_LINE}: mutable state", result.stdout)


if __name__ == "__main__":
    unittest.main()
