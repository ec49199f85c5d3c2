#!/usr/bin/env python3
"""explain: what boards show and say, found by whatever words people write."""

import unittest

from program import ProgramTest


class Explain(ProgramTest):
    def test_alone_lists_every_topic(self):
        topics = self.run_program("explain", "--json").json["topics"]
        self.assertEqual(len({topic["topic"] for topic in topics}), len(topics))
        shown = self.run_program("explain").out
        for topic in topics:
            self.assertIn(f"  {topic['topic']} ", shown)
            self.assertEqual(set(topic), {"topic", "group", "title", "cause", "cure"})
            self.assertTrue(all(topic.values()))

    def test_every_topic_is_found_by_its_name(self):
        for topic in self.run_program("explain", "--json").json["topics"][::6]:
            self.assertEqual(self.run_program("explain", "--json", "--", topic["topic"]).json["topics"], [topic])

    def test_words_may_be_written_in_many_ways(self):
        for words, name in ((["Breathing-Magenta"], "breathing magenta"),
                            (["led", "blinking", "blue"], "blinking blue"),
                            (["SOS10"], "sos 10"), (["sos", "1"], "sos 1"), (["1340"], "-1340"),
                            (["error", "1340"], "-1340"), (["--", "-1801"], "-1801")):
            self.assertTrue(self.run_program("explain", *words).out.startswith(f"{name}: "), words)

    def test_tells_cause_and_cure(self):
        lines = self.run_program("explain", "breathing", "magenta").out.splitlines()
        self.assertEqual(len(lines), 3)
        self.assertRegex(lines[1], "^  cause  a module needs a newer one")
        self.assertRegex(lines[2], "^  cure   .*osbundle restore")

    def test_unknown_topics_lead_to_near_ones(self):
        for words, near in (("breathing magneta", '"breathing magenta"'), ("sos 16", '"sos 1"'), ("1341", '"-1340"'),
                            ("stack", '"sos 13"')):
            said = self.run_program("explain", words, code=3).err
            self.assertIn("no such topic", said)
            self.assertIn(near, said)
        self.assertIn("lists all topics", self.run_program("explain", "zzzzzzzzzz", code=3).err)


if __name__ == "__main__":
    unittest.main()
