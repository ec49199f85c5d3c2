#!/usr/bin/env python3
"""Checks the manifests: their form against manifests/schema, and the facts that no schema sees -
slots that exist, addresses inside their regions, names that agree, needs that the release meets."""

import json
import re
import sys

from source import Problem, files, line_at, run, text_of

try:
    from jsonschema import Draft7Validator
except ImportError:
    Draft7Validator = None

MODULE_MEMBERS = ("slot", "file", "version", "start", "size", "dependencies", "sha256", "identity")
USER_PART_FILES = "tinker"  # what releases call their application
PLATFORM_FIRST_SINCE = (1, 1, 0)  # before, files were called PART-VERSION-PLATFORM.bin
SAME_NUMBERS_UNTIL = (0, 6, 0)  # of Electron system parts: files and module indexes agreed


class Manifest:
    def __init__(self, path, text, content):
        self.path, self.text, self.content = path, text, content

    def problem(self, message, *needles):
        """Reports at the line where the last of the needles stands, each looked for behind the one before."""
        position = 0
        for needle in needles:
            position = max(self.text.find(needle, position), position)
        return Problem(self.path, line_at(self.text, position), message)


def read(root, folder):
    """(manifests, problems) of a folder of manifests/."""
    manifests, problems = [], []
    for path in files(root, f"manifests/{folder}", {".json"}):
        text = text_of(root, path)
        try:
            manifests.append(Manifest(path, text, json.loads(text, object_pairs_hook=without_duplicates)))
        except ValueError as error:
            problems.append(Problem(path, getattr(error, "lineno", 1), f"not JSON: {error}"))
    return manifests, problems


def without_duplicates(pairs):
    names = [name for name, _ in pairs]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"members stand there twice: {', '.join(sorted(twice))}")
    return dict(pairs)


def check_form(root, manifests, name):
    path = f"manifests/schema/{name}.json"
    schema = json.loads(text_of(root, path))
    Draft7Validator.check_schema(schema)
    validator = Draft7Validator(schema)
    for manifest in manifests:
        for error in validator.iter_errors(manifest.content):
            where = "/".join(str(step) for step in error.absolute_path)
            needles = [f'"{step}"' for step in error.absolute_path if isinstance(step, str)]
            yield manifest.problem(f"{where or 'document'}: {error.message}", *needles)


def as_text(release):
    """A release manifest in the one form that it has: a module a line."""
    lines = ["{"]
    lines += [f"  {json.dumps(name)}: {json.dumps(value)}," for name, value in release.items() if name != "platforms"]
    lines.append('  "platforms": {')
    for platform, entry in release["platforms"].items():
        lines.append(f"    {json.dumps(platform)}: {{")
        others = {name: value for name, value in entry.items() if name != "modules"}
        lines += [f"      {json.dumps(name)}: {json.dumps(value)}," for name, value in others.items()]
        modules = ",\n".join(f"        {json.dumps(in_order(module))}" for module in entry["modules"])
        lines += [f'      "modules": [\n{modules}\n      ]', "    },"]
    lines[-1] = "    }"
    return "\n".join([*lines, "  }", "}", ""])


def in_order(module):
    return {member: module[member] for member in MODULE_MEMBERS if member in module}


def number(text):
    return int(text, 16) if isinstance(text, str) else text


def overlap_free(values):
    return len(set(values)) == len(values)


# Platforms


def check_platform_names(platforms):
    for manifest in platforms:
        board = manifest.content
        if manifest.path != f"manifests/platforms/{board['name']}.json":
            yield manifest.problem(f"the file is not named after the platform {board['name']}", '"name"')
        usb = board["usb"]
        for member in ("product", "dfu_product"):
            if number(usb[member]) & 0xFF != board["id"]:
                yield manifest.problem(f"USB {member} {usb[member]} does not end in the platform id", f'"{member}"')
    for member in ("id", "name"):
        if not overlap_free([manifest.content[member] for manifest in platforms]):
            yield Problem("manifests/platforms", 1, f'two platforms have the same "{member}"')


def inside(memories, alternate, start, end):
    for memory in memories:
        first = number(memory["start"])
        if memory["alternate"] == alternate and first <= start and end <= first + number(memory["size"]):
            return True
    return False


def check_slot(manifest, slot):
    board, name = manifest.content, slot["slot"]
    start, end = number(slot["start"]), number(slot["end"])
    needle = f'"{name}"'
    if end <= start:
        yield manifest.problem(f"{name}: the region ends before it starts", needle)
    on_coprocessor = name.startswith("ncp_firmware/")
    if not on_coprocessor and not inside(board["memories"], slot.get("alternate", 0), start, end):
        yield manifest.problem(f"{name}: the region lies outside its memory", needle)
    if on_coprocessor and "ncp_mcu_target" not in board:
        yield manifest.problem(f"{name}: the platform has no ncp_mcu_target", needle)
    for address in slot.get("image_starts", []):
        if not start <= number(address) < end:
            yield manifest.problem(f"{name}: image start {address} lies outside the region", needle)
    if slot.get("grows_left") and "image_starts" in slot:
        yield manifest.problem(f"{name}: a start that floats cannot be listed", needle)


def staging_range(board, region):
    """Where a staging region may begin and end; one behind the system part, wherever that ends."""
    if "start" in region:
        start = number(region["start"])
        return start, start + number(region["size"])
    system = next(slot for slot in board["slots"] if slot["slot"] == "system_part/1")
    return number(system["start"]), number(system["end"]) + number(region["size"])


def check_staging(manifest):
    board, staging = manifest.content, manifest.content["staging"]
    alternates = [memory["alternate"] for memory in board["memories"] if memory["name"] == staging["memory"]]
    since = [region["since"] for region in staging["regions"]]
    if since != sorted(set(since)):
        yield manifest.problem("the staging regions are not in the order of their systems", '"staging"')
    for region in staging["regions"]:
        start, end = staging_range(board, region)
        if not any(inside(board["memories"], alternate, start, end) for alternate in alternates):
            yield manifest.problem("the staging region lies outside its memory", '"staging"')
        for slot in board["slots"]:
            same_memory = slot.get("alternate", 0) in alternates and not slot["slot"].startswith("ncp_firmware/")
            overlaps = number(slot["start"]) < end and start < number(slot["end"])
            if same_memory and overlaps and not ("behind_system" in region and slot["slot"] == "system_part/1"):
                yield manifest.problem(f"the staging region reaches into {slot['slot']}", '"staging"')


def check_platform(manifest):
    board = manifest.content
    for member in ("slot", "name"):
        if not overlap_free([slot[member] for slot in board["slots"]]):
            yield manifest.problem(f'two slots have the same "{member}"', '"slots"')
    if not overlap_free([memory["alternate"] for memory in board["memories"]]):
        yield manifest.problem("two memories have the same alternate setting", '"memories"')
    for slot in board["slots"]:
        yield from check_slot(manifest, slot)
    yield from check_staging(manifest)
    former = board.get("former_user_part")
    if former and former not in [slot["start"] for slot in board["slots"] if slot["slot"].startswith("user_part/")]:
        yield manifest.problem("former_user_part is no application's start", '"former_user_part"')


# Releases


def part_name(platform, slot, release):
    """What a release calls the file for a slot, apart from platform and version."""
    name = slot["slot"]
    if name.startswith("user_part/"):
        return USER_PART_FILES
    if platform == "electron" and name.startswith("system_part/") and release < SAME_NUMBERS_UNTIL:
        return f"system-part{name[-1]}"
    return slot["name"]


def file_name_pattern(platform, slot, version):
    release = tuple(int(number) for number in version.partition("-")[0].split("."))
    name = part_name(platform, slot, release)
    if release < PLATFORM_FIRST_SINCE:
        return re.escape(f"{name}-{version}-{platform}.bin")
    return re.escape(f"{platform}-{name}@{version}") + r"(\+lto)?\.bin"


def start_allowed(slot, start, size):
    if slot.get("grows_left"):
        return number(slot["start"]) <= start and (size is None or start + size == number(slot["end"]))
    return start in [number(address) for address in slot.get("image_starts", [slot["start"]])]


def check_place(manifest, platform, slot, module, needles):
    name, start, size = module["slot"], number(module.get("start")), module.get("size")
    if not re.fullmatch(file_name_pattern(platform, slot, manifest.content["version"]), module["file"]):
        yield manifest.problem(f"{platform} {name}: the file name {module['file']} does not agree", *needles)
    if start is not None and not start_allowed(slot, start, size):
        yield manifest.problem(f"{platform} {name}: no image may start at {module['start']}", *needles)
    if start is not None and size is not None and start + size > number(slot["end"]):
        yield manifest.problem(f"{platform} {name}: {size} bytes reach out of the slot", *needles)
    if module.get("sha256") and size is None:
        yield manifest.problem(f"{platform} {name}: a pinned file has a known size", *needles)


def check_needs(manifest, platform, slots, modules, module, needles):
    shipped = {other["slot"]: other["version"] for other in modules}
    for need in module["dependencies"] or []:
        if need["slot"] not in slots:
            yield manifest.problem(f"{platform} {module['slot']}: needs {need['slot']}, which is no slot", *needles)
        elif shipped.get(need["slot"], need["version"]) < need["version"]:
            wanted = f"{need['slot']} {need['version']}"
            message = f"{platform} {module['slot']}: needs {wanted}, the release has an older one"
            yield manifest.problem(message, *needles)


def check_board_modules(manifest, platform, slots, entry):
    modules, without = entry["modules"], entry.get("without", [])
    names = [module["slot"] for module in modules]
    if not overlap_free(names):
        yield manifest.problem(f"{platform}: a slot stands there twice", f'"{platform}"')
    for slot in slots.values():
        if slot.get("required") and slot["slot"] not in names + without:
            yield manifest.problem(f"{platform}: {slot['slot']} is missing, though it is required", f'"{platform}"')
    for name in without:
        if name in names or not slots.get(name, {}).get("required"):
            yield manifest.problem(f"{platform}: it is not without {name}", f'"{platform}": {{', '"without"')
    for module in modules:
        needles = (f'"{platform}": {{', f'"{module["slot"]}", "file"')
        slot = slots.get(module["slot"])
        if not slot:
            yield manifest.problem(f"{platform} {module['slot']}: no such slot", *needles)
            continue
        yield from check_place(manifest, platform, slot, module, needles)
        yield from check_needs(manifest, platform, slots, modules, module, needles)


def check_release(manifest, platforms):
    content = manifest.content
    if manifest.text != as_text(content):
        yield manifest.problem("not in the form of the others: a module a line, members in their order")
    if manifest.path != f"manifests/releases/{content['version']}.json":
        yield manifest.problem(f"the file is not named after the version {content['version']}", '"version"')
    if content["prerelease"] != ("-" in content["version"]):
        yield manifest.problem("prerelease does not agree with the version", '"prerelease"')
    if (content["channel"] == "lts") > content["lts"]:
        yield manifest.problem("the channel is lts, but the release is not", '"lts"')
    for platform, entry in content["platforms"].items():
        if platform not in platforms:
            yield manifest.problem(f"no such platform: {platform}", f'"{platform}"')
            continue
        slots = {slot["slot"]: slot for slot in platforms[platform]["slots"]}
        yield from check_board_modules(manifest, platform, slots, entry)


def check_latest(releases):
    pinned = {}
    for manifest in releases:
        for platform, entry in manifest.content["platforms"].items():
            if entry.get("latest"):
                pinned.setdefault(platform, []).append(manifest)
    for platform, manifests in pinned.items():
        for manifest in manifests[1:]:
            message = f"{platform}: {manifests[0].content['version']} is marked latest too"
            yield manifest.problem(message, f'"{platform}": {{', '"latest"')


def check(root):
    if not (root / "manifests").is_dir():
        return
    if not Draft7Validator:
        yield Problem("bootstrap", 1, "no python3-jsonschema here; ./bootstrap test installs it")
        return
    platforms, unreadable = read(root, "platforms")
    releases, more = read(root, "releases")
    form = unreadable + more
    form += check_form(root, platforms, "platform")
    form += check_form(root, releases, "release")
    yield from form
    if form:
        return  # facts are looked up by members that may not be there
    yield from check_platform_names(platforms)
    for manifest in platforms:
        yield from check_platform(manifest)
    known = {manifest.content["name"]: manifest.content for manifest in platforms}
    for manifest in releases:
        yield from check_release(manifest, known)
    yield from check_latest(releases)


if __name__ == "__main__":
    sys.exit(run(check))
