"""What is published in a cache: the stand's way to see that nothing is half there."""

import hashlib
import json

from stand import Failure

ROTTEN = b"no module any more"  # what a scenario puts in the place of an object


def cache(folder):
    """The objects and the sets of a cache, each of them whole; else a Failure."""
    root = folder / "cache"
    objects, damaged = set(), set()
    for path in root.glob("objects/sha256/*/*"):
        name = path.parent.name + path.name
        if path.read_bytes() == ROTTEN:
            damaged.add(name)
            continue
        if hashlib.sha256(path.read_bytes()).hexdigest() != name:
            raise Failure(f"half-published: {name}")
        objects.add(name)
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
