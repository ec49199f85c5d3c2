#!/usr/bin/env python3
"""The program is interrupted while it writes to a board: by signals, by a reader that goes away."""

import json
import os
import shutil
import signal
import subprocess
import time
import unittest

from test_resume import DEVICE, ResumeTest


class Interrupted(ResumeTest):
    """The program itself is stopped, at moments that a clock chooses."""

    def start_restore(self):
        environment = {**os.environ, "HOME": self.folder, "OSBUNDLE_CACHE": self.path("cache"),
                       "OSBUNDLE_SOURCE": self.source}
        words = ["restore", "5.3.1", "--app", self.app(), "--sim", "board", "--yes", "--json"]
        return subprocess.Popen([os.environ["OSBUNDLE"], *words], cwd=self.folder, env=environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def start_and_wait_for_a_write(self):
        """Runs on at most until its pipe is full, which is well before the end."""
        running = self.start_restore()
        self.addCleanup(running.stdout.close)
        self.addCleanup(running.stderr.close)
        for line in running.stdout:
            if json.loads(line)["phase"] == "write":
                return running
        self.fail(running.stderr.read())

    def fresh_board(self):
        shutil.rmtree(self.path("board"))
        self.run_program("sim", "new", "p2@5.0.1", "board", "--id", DEVICE)

    def uninterrupted(self):
        self.run_program("sim", "new", "p2@5.0.1", "whole", "--id", DEVICE)
        self.run_program("restore", "5.3.1", "--app", self.app(), "--sim", "whole", "--yes",
                         XDG_STATE_HOME=self.path("other"))
        return self.run_program("sim", "info", "whole", "--json").json["regions"]

    def resume_to_the_end(self):
        result = self.run_program("resume", "--sim", "board", "--yes", "--json")
        self.assertIn(result.last["outcome"], ("done", "nothing_to_do"))

    def test_the_first_interrupt_stops_between_two_steps(self):
        expected = self.uninterrupted()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.fresh_board()
            running = self.start_and_wait_for_a_write()
            running.send_signal(number)
            out, told = running.communicate(timeout=120)
            self.assertEqual(running.returncode, 8, told)
            self.assertIn("will stop at the next safe point", told)
            report = [json.loads(line) for line in out.splitlines()][-2]
            self.assertEqual(report["outcome"], "interrupted")
            self.assertEqual(self.records()[-1]["record"], "proved")
            self.resume_to_the_end()
            self.assertEqual(self.flash(), expected)

    def test_the_second_interrupt_tells_what_is_at_stake(self):
        running = self.start_and_wait_for_a_write()
        for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
            running.send_signal(number)  # the two in the middle arrive together
        _, told = running.communicate(timeout=120)
        self.assertEqual(running.returncode, 8, told)
        self.assertIn("a third Ctrl-C ends at once", told)
        self.resume_to_the_end()

    def test_a_reader_that_goes_away_does_not_stop_the_restore(self):
        running = self.start_and_wait_for_a_write()
        running.stdout.close()
        self.assertIn(running.wait(timeout=120), (0, 1))
        self.assertEqual(self.records()[-1]["record"], "finished")

    def test_a_killed_program_is_resumed_from(self):
        expected = self.uninterrupted()
        for attempt in range(5):
            self.fresh_board()
            running = self.start_restore()
            time.sleep(0.1 * (attempt + 1))
            running.kill()
            running.communicate(timeout=120)
            if not self.resume().last["device"]:  # it had not even begun
                self.restore("--app", self.app())
            self.assertEqual(self.flash(), expected)


if __name__ == "__main__":
    unittest.main()
