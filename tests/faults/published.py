"""What is published in a cache, a mirror, a bundle: the stand's way to see that nothing is half there."""

import hashlib
import json

from stand import Failure

ROTTEN = b"no module any more"  # what a scenario puts in the place of an object


def whole_objects(root):
    """(name, content) of each object, which has to be as its name says."""
    found = [(path.parent.name + path.name, path.read_bytes())
             for path in root.glob("objects/sha256/??/*") if len(path.name) == 62]
    for name, content in found:
        if hashlib.sha256(content).hexdigest() != name and content != ROTTEN:
            raise Failure(f"half-published: {name}")
    return found


def cache(folder):
    """The objects and the sets of a cache, each of them whole; else a Failure."""
    root = folder / "cache"
    objects, damaged = set(), set()
    for name, content in whole_objects(root):
        (damaged if content == ROTTEN else objects).add(name)
    aside = {path.name for path in root.glob("damaged/*")}
    sets = {}
    for path in root.glob("releases/*/*"):
        try:
            modules = json.loads(path.read_text())["modules"]
        except ValueError as error:
            raise Failure(f"half-published: {path.name}: {error}") from error
        sets[f"{path.parent.name}/{path.name}"] = {
            slot: (module["file"], module["sha256"]) for slot, module in modules.items()}
        for slot, module in modules.items():
            if module["sha256"] not in objects | damaged | aside:
                raise Failure(f"{path.name} names what is not there: {slot}")
    if objects and (root / "format").read_text() != "osbundle-cache 1\n":
        raise Failure("the format file is not as it should be")
    return objects, damaged, sets


def mirror(folder):
    """What the index of a mirror promises, all of it there and whole; else a Failure."""
    root = folder / "mirror"
    whole_objects(root)
    index = root / "index.json"
    if not index.exists():
        return None
    try:
        releases = json.loads(index.read_text())["releases"]
    except ValueError as error:
        raise Failure(f"half-published: {index.name}: {error}") from error
    for release in releases:
        for slot, module in release["modules"].items():
            name = module["sha256"]
            if not (root / "objects" / "sha256" / name[:2] / name[2:]).exists():
                raise Failure(f"the index names what is not there: {slot}")
    return releases


def kit(folder):
    """A bundle that was exported, the same as one without faults; or none at all."""
    made = folder / "kit.tar.zst"
    if not made.exists():
        return None
    if made.read_bytes() != (folder / "reference.tar.zst").read_bytes():
        raise Failure(f"half-published: {made.name}")
    return made.name
