#!/usr/bin/env python3
"""The catalog's pins, from the very files that the vendor's command-line tool shipped.

`pins.py OSBUNDLE` tells where the manifests and those files differ; with --write it puts what the
files say into the manifests. The program reads the headers, the hashes are made here.
"""

import argparse
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import genuine

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "check"))

from manifests import as_text

NAMES = (  # since 1.1.0, and before; the tool kept to the older form for its applications
    re.compile(r"(?P<platform>[a-z0-9]+)-(?P<part>[a-z0-9-]+)@(?P<version>[^+]+)(\+lto)?\.bin"),
    re.compile(r"(?P<part>tinker|system-part\d|bootloader)-(?P<version>\d.*)-(?P<platform>[a-z0-9]+)\.bin"),
)
READ = {"size": "file_size", "version": "version", "sha256": "sha256"}  # manifest -> inspect


def key(file_name):
    """(platform, part, version) of a release file; None for other names."""
    for pattern in NAMES:
        match = pattern.fullmatch(file_name)
        if match:
            return match["platform"], match["part"], match["version"]
    return None


def shipped_files(packages):
    """key -> path. A release file is the same in every package that has it."""
    found = {}
    for package in genuine.packages(packages):
        for path in sorted(Path(package).rglob("*.bin")):
            named = key(path.name)
            if not named:
                continue
            first = found.setdefault(named, path)
            if first.read_bytes() != path.read_bytes():
                raise genuine.GenuineError(f"{first} and {path} differ\nOne name stands for two files: pin neither.")
    return found


def facts(program, paths):
    """path -> what its header says and its bytes are, in the manifests' own words."""
    told = subprocess.run([program, "inspect", "--json", *map(str, paths)], check=True,
                          capture_output=True, text=True).stdout
    return {path: fact(path, parsed) for path, parsed in zip(paths, json.loads(told), strict=True)}


def fact(path, parsed):
    """One module's facts."""
    needs = [{"slot": f"{need['function']['name']}/{need['index']}", "version": need["version"]}
             for need in parsed["dependencies"]]
    found = {member: parsed[told] for member, told in READ.items()}
    found |= {"slot": f"{parsed['function']['name']}/{parsed['index']}", "dependencies": needs,
              "start": f"0x{parsed['start']:08x}", "identity": parsed["suffix"]["sha256"]}
    if hashlib.sha256(path.read_bytes()).hexdigest() != found["sha256"]:
        raise ValueError(f"{path}: inspect tells another SHA-256")
    return found


def cataloged(folder):
    """(path, content, key -> module) of every release manifest."""
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        modules = {key(module["file"]): module for entry in content["platforms"].values()
                   for module in entry["modules"]}
        yield path, content, modules


def compare(program, packages=tuple(genuine.INTEGRITY), write=False, folder=ROOT / "manifests" / "releases"):
    """(differences as lines, how many files were compared); with `write` there are none left."""
    shipped = shipped_files(packages)
    told = facts(program, list(shipped.values()))
    differences, compared = [], 0
    for path, content, modules in cataloged(folder):
        for named, module in modules.items():
            if named not in shipped:
                continue
            compared += 1
            wanted = told[shipped[named]]
            wrong = [member for member, value in wanted.items() if module.get(member) != value]
            differences += [f"{path.name}: {module['file']}: {member} is not {wanted[member]}" for member in wrong]
            module.update(wanted)
        if write:
            path.write_text(as_text(content), encoding="utf-8")
    return ([] if write else differences), compared


def main():
    parser = argparse.ArgumentParser(description="Compares the catalog's pins with the files.")
    parser.add_argument("--write", action="store_true", help="put what the files say into the manifests")
    parser.add_argument("program", help="osbundle, which reads the headers")
    arguments = parser.parse_args()
    differences, compared = compare(arguments.program, write=arguments.write)
    for line in differences:
        print(line)
    print(f"{compared} files compared, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
