#!/usr/bin/env python3
"""Runs the sweep program over one story as the ordinary test run does, or over all of them whole.

    run.py PROGRAM STORY     a story of the table below
    run.py PROGRAM --whole   every story at every operation, and 10,000 double faults on two boards
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "support"))
import genuine  # noqa: E402

WHOLE_SEEDS = 10000


@dataclass(frozen=True)
class Story:
    """An upgrade, and how much of it the ordinary test run interrupts."""

    words: str
    every: int = 1  # each n-th operation; 0: none
    seeds: int = 0  # double faults
    packages: tuple = ()  # of genuine firmware: for the old release, for the new one
    whole_seeds: int = 0


STORIES = {
    "p2": Story("--board p2 --from 5.0.1 --to 5.3.1", whole_seeds=WHOLE_SEEDS),
    "boron": Story("--board boron --from 2.2.0 --to 4.1.0", whole_seeds=WHOLE_SEEDS),
    "boron_radio_stack": Story("--board boron --from 2.2.0 --to 4.1.0 --full", every=7),
    "tracker_with_ncp": Story("--board tracker --from 2.2.0 --to 4.1.0 --ncp 5", every=7),
    "photon_staged": Story("--board photon --from 1.5.2 --to 2.3.0 --via dfu", every=2),
    "boron_staged": Story("--board boron --from 2.2.0 --to 4.1.0 --via dfu --blank", every=5),
    "p2_staged": Story("--board p2 --from 5.0.1 --to 5.3.1 --via dfu", every=7),
    "p2_with_assets": Story("--board p2 --from 5.3.1 --to 5.6.0 --assets", every=13),
    "p2_double": Story("--board p2 --from 5.0.1 --to 5.3.1", every=0, seeds=300),
    "boron_double": Story("--board boron --from 2.2.0 --to 4.1.0", every=0, seeds=300),
    "boron_genuine": Story("--board boron --from 2.2.0 --to 4.0.2", every=157,
                           packages=("2.16.0", "3.9.0")),
    "photon_genuine": Story("--board photon --from 1.5.2 --to 2.2.0", every=61,
                            packages=("2.8.0", "2.16.0")),
    "electron_genuine": Story("--board electron --from 1.5.2 --to 2.2.0", every=61,
                              packages=("2.8.0", "2.16.0")),
}


def genuine_words(story):
    """Where the modules are, and an application for the board."""
    folders = genuine.packages(story.packages)
    words = [word for folder in folders for word in ("--release", str(folder / "updates"))]
    board = story.words.split()[1]
    known = Path(genuine.package("3.9.0"), "knownApps", board, "tinker")
    return [*words, "--app", str(next(known.glob("*.bin")))]


def run(program, story, every, seeds):
    words = [program, *story.words.split(), "--every", str(every), "--double", str(seeds)]
    if story.packages:
        words += genuine_words(story)
    return subprocess.run(words, check=False).returncode == 0


def run_whole(program):
    wanted = [story for story in STORIES.values() if story.every]
    return all([run(program, story, 1, story.whole_seeds) for story in wanted])


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in (*STORIES, "--whole"):
        print(__doc__, file=sys.stderr)
        return 2
    program, wanted = sys.argv[1:]
    try:
        if wanted == "--whole":
            return not run_whole(program)
        story = STORIES[wanted]
        return not run(program, story, story.every, story.seeds)
    except genuine.GenuineError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
