#!/usr/bin/env python3
"""The config file: what it sets, what wins over it, and that nothing in it is passed over."""

import json
import os
import unittest

from program import ProgramTest


class ConfigTest(ProgramTest):
    def configure(self, content, folder=".config"):
        text = content if isinstance(content, str) else json.dumps(content)
        return self.write(os.path.join(folder, "osbundle", "config.json"), text.encode())

    def make_release(self, board, folder):
        self.run_program("sim", "release", board, self.path(folder))
        return self.path(folder)

    def fetched_from(self, *words, **variables):
        """The folder that the modules of p2 5.3.1 came from."""
        result = self.run_program("fetch", "5.3.1", "-p", "p2", "--json", *words, **variables)
        return {os.path.dirname(file["from"]) for file in result.last["releases"][0]["files"]}

    def assert_refused(self, content, *parts, hint=""):
        path = self.configure(content)
        result = self.run_program("list", code=2)
        self.assert_two_line_error(result, path, *parts)
        self.assertIn(hint, result.err.splitlines()[-1])


class Sources(ConfigTest):
    def test_those_of_the_file_are_tried_in_order(self):
        empty = self.path("empty")
        os.mkdir(empty)
        self.configure({"sources": [empty, self.make_release("p2@5.3.1", "made")]})
        self.assertEqual(self.fetched_from(), {self.path("made")})

    def test_a_variable_wins_over_the_file_and_an_option_over_both(self):
        for name in ("file", "variable", "option"):
            self.make_release("p2@5.3.1", name)
        self.configure({"sources": [self.path("file")]})
        self.assertEqual(self.fetched_from(OSBUNDLE_CACHE=self.path("1")), {self.path("file")})
        self.assertEqual(
            self.fetched_from(OSBUNDLE_CACHE=self.path("2"), OSBUNDLE_SOURCE=self.path("variable")),
            {self.path("variable")})
        self.assertEqual(
            self.fetched_from("--source", self.path("option"), OSBUNDLE_CACHE=self.path("3"),
                              OSBUNDLE_SOURCE=self.path("variable")),
            {self.path("option")})

    def test_relative_paths_start_at_the_file(self):
        self.make_release("p2@5.3.1", "elsewhere/osbundle/releases")
        self.configure({"sources": ["releases"]}, folder="elsewhere")
        self.assertEqual(self.fetched_from(XDG_CONFIG_HOME=self.path("elsewhere")),
                         {self.path("elsewhere/osbundle/releases")})

    def test_a_tilde_is_the_home_folder(self):
        self.make_release("p2@5.3.1", "made")
        self.configure({"sources": ["~/made"]})
        self.assertEqual(self.fetched_from(), {self.path("made")})


class Policy(ConfigTest):
    def setUp(self):
        super().setUp()
        self.source = self.make_release("p2@5.3.1", "made")
        self.board = self.path("board")
        self.run_program("sim", "new", "p2@5.3.0", self.board)

    def plan(self, *words, code=0):
        return self.run_program("plan", "5.3.1", "--sim", self.board, *words, code=code)

    def test_a_release_that_is_not_approved_is_refused_unless_an_option_approves_it(self):
        self.plan()
        self.configure({"policy": {"approved": ["5.4"]}})
        self.assertIn("not among the approved ones: 5.4", self.plan(code=5).err)
        self.plan("--approved", "5.3.1")

    def test_a_saved_plan_is_held_to_it_too(self):
        saved = self.path("saved.json")
        self.plan("-o", saved)
        words = ("restore", "--plan", saved, "--sim", self.board, "--yes")
        self.configure({"policy": {"approved": ["5.4"]}})
        self.run_program(*words, code=5)
        self.configure({"policy": {"approved": ["5.3"]}})
        self.run_program(*words)

    def test_risks_can_be_accepted_for_good(self):
        newer = self.path("newer")
        self.run_program("sim", "new", "p2@5.4.0", newer)
        self.run_program("plan", "5.3.1", "--sim", newer, code=5)
        self.configure({"policy": {"allow_downgrade": True}})
        self.run_program("plan", "5.3.1", "--sim", newer)

    def test_an_incomplete_release_can_be_accepted_for_good(self):
        os.remove(self.path("made", "p2-bootloader@5.3.1.bin"))
        self.run_program("fetch", "5.3.1", "-p", "p2", code=5)
        self.configure({"policy": {"allow_incomplete": True}})
        self.run_program("fetch", "5.3.1", "-p", "p2")

    def test_false_is_as_good_as_nothing(self):
        self.configure({"policy": {"allow_downgrade": False, "prerelease": False}})
        self.plan()


class Mistakes(ConfigTest):
    def test_what_is_not_known_is_named(self):
        self.assert_refused({"source": []}, '"source"', hint="sources, trusted_keys and policy")
        self.assert_refused({"policy": {"downgrade": True}}, '"downgrade"', hint="allow_downgrade")

    def test_what_is_of_another_kind_is_named(self):
        for content, name in (({"sources": "one"}, "sources"), ({"sources": [1]}, "sources"),
                              ({"sources": [""]}, "sources"), ({"trusted_keys": {}}, "trusted_keys"),
                              ({"policy": []}, "policy"),
                              ({"policy": {"allow_downgrade": "yes"}}, "allow_downgrade"),
                              ({"policy": {"approved": "5.3"}}, "approved")):
            with self.subTest(content=content):
                self.assert_refused(content, f'"{name}"')

    def test_what_is_no_json_object_is_refused(self):
        self.assert_refused("[]", "no JSON object")
        self.assert_refused("", "empty")
        self.assert_refused('{"sources": [\n}', "line 2")
        self.assert_refused('{"sources": [], "sources": []}', "line 1")
        self.assert_refused(" " * 1100000, "larger than 1 MB")

    def test_control_characters_do_not_reach_the_terminal(self):
        self.configure({"\x1b[2J": 1})
        self.assertNotIn("\x1b", self.run_program("list", code=2).err)

    def test_json_tells_the_error_too(self):
        self.configure({"source": []})
        self.assertEqual(self.run_program("list", "--json", code=2).json["code"], "usage")

    def test_help_works_all_the_same(self):
        self.configure("broken")
        self.run_program("help")
        self.run_program("version")


if __name__ == "__main__":
    unittest.main()
