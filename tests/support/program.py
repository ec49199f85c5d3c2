"""Runs the program under test as users do, in a folder and an environment of its own."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest


class Result:
    """What one run gave: exit code, texts, and the JSON documents on stdout."""

    def __init__(self, finished):
        self.code = finished.returncode
        self.out = finished.stdout
        self.err = finished.stderr

    @property
    def json(self):
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def lines(self):
        """The documents of JSON Lines, in order."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def last(self):
        """The result of a command that also prints events."""
        return self.lines[-1]


class ProgramTest(unittest.TestCase):
    """A test case with an empty folder, an empty cache and no connection to anywhere."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="osbundle-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.source = None

    def path(self, *parts):
        """A path below the test's own folder."""
        return os.path.join(self.folder, *parts)

    def write(self, name, content):
        """Writes a file below the test's folder and returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def environment(self, **variables):
        """What the program is run with."""
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder,
                       "OSBUNDLE_CACHE": self.path("cache")}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                environment[name] = os.environ[name]
        if self.source:
            environment["OSBUNDLE_SOURCE"] = self.source
        environment.update(variables)
        return environment

    def run_program(self, *words, code=0, **variables):
        """Runs the program and checks its exit code; None accepts any that is no crash."""
        return self.run_words([os.environ["OSBUNDLE"], *words], code, **variables)

    def run_words(self, words, code=0, **variables):
        """Runs any program as run_program does."""
        words = [str(word) for word in words]
        finished = subprocess.run(words, cwd=self.folder, env=self.environment(**variables),
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=240)
        return self.check_run(finished, words, code)

    def interrupt_program(self, *words, when, code=8):
        """Runs the program and sends it Ctrl-C once a line on either output holds `when`, or is one
        that the function `when` says yes to."""
        is_it = when if callable(when) else lambda line: when in line
        process = subprocess.Popen([os.environ["OSBUNDLE"], *map(str, words)], cwd=self.folder,
                                   env=self.environment(), stdin=subprocess.DEVNULL, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        lines, sent = [], False
        for line in process.stdout:
            lines.append(line)
            if not sent and is_it(line):
                process.send_signal(signal.SIGINT)
                sent = True
        process.stdout.close()
        told = "".join(lines)
        finished = subprocess.CompletedProcess(words, process.wait(240), told, told)
        return self.check_run(finished, words, code)

    def check_run(self, finished, words, code):
        """A Result, once the run is seen to have ended as it should."""
        told = f"osbundle {' '.join(map(str, words))}\n{finished.stdout}\n{finished.stderr}"
        self.assertNotIn("Sanitizer", finished.stderr, told)
        self.assertNotIn("runtime error", finished.stderr, told)
        if code is None:
            self.assertIn(finished.returncode, range(0, 11), told)
        else:
            self.assertEqual(finished.returncode, code, told)
        return Result(finished)

    def assert_two_line_error(self, result, *parts):
        """The error is two lines on stderr, and the first names all `parts`."""
        lines = [line for line in result.err.splitlines() if line]
        self.assertGreaterEqual(len(lines), 2, result.err)
        self.assertTrue(lines[-2].startswith("osbundle: "), result.err)
        self.assertTrue(lines[-1].startswith("  "), result.err)
        for part in parts:
            self.assertIn(part, lines[-2], result.err)

    def files_below(self, name):
        """All files below a folder of the test, as sorted relative paths."""
        found = []
        for folder, _, files in os.walk(self.path(name)):
            found += [os.path.relpath(os.path.join(folder, file), self.path(name))
                      for file in files]
        return sorted(found)

    def cached_objects(self):
        """The objects in the cache; nothing else there counts as published."""
        return [file for file in self.files_below("cache")
                if file.startswith(("objects/", "releases/"))]
