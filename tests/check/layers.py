#!/usr/bin/env python3
"""Checks who includes whom: our layers by one table, other libraries' headers by another.

The table is the design's. Arrows point down, and each external library is known to one room only.
"""

import re
import sys

from source import Problem, c_files, line_at, run, text_of

FACADE = "osbundle"  # src/osbundle.h and src/osbundle*.c

# layer -> the layers it may include, besides itself
LAYERS = {
    "base": set(),
    "model": {"base"},
    "trust": {"base", "model"},
    "store": {"base", "model", "trust"},
    "net": {"base", "model", "trust", "store"},
    "wire": set(),
    "transport": {"base"},
    "protocol": {"base", "wire", "transport"},
    "device": {"base", "model", "transport", "protocol"},
    "restore": {"base", "model", "trust", "store", "device"},
    # Never protocol or device: the simulator is an independent reading, so that a host bug is not mirrored.
    "sim": {"base", "model", "wire", "transport"},
    FACADE: {
        *("base", "model", "trust", "store", "net", "wire"),
        *("transport", "protocol", "device", "restore", "sim"),
    },
    "cli": {FACADE},
}

# Single headers that a layer may include though the layer they live in is not open to it. The
# program may also include what osbundle.h includes: a caller of the library sees those anyway.
OPEN_HEADERS = {"cli": {"base/text.h", "base/json.h"}}

# Headers of an open layer that are closed to somebody: the model is pure, without files or time, and
# nobody calls a library that another layer opens.
CLOSED_HEADERS = {
    "model": {"base/file.h", "base/lock.h", "base/clock.h"},
    **dict.fromkeys(("store", "net", "restore"), {"trust/sodium_library.h"}),
    FACADE: {"net/archive_library.h", "net/curl_library.h", "trust/sodium_library.h"},
}

# Header (a prefix where it ends in /) -> the one place that may include it: a layer or a file.
LIBRARIES = {
    "jansson.h": "base/json.h",
    "libdeflate.h": "base",
    "zlib.h": "base",
    "nettle/": "base",
    # Opened when they are needed, hence known to one file each.
    "curl/": "net/curl_library.h",
    "archive.h": "net/archive_library.h",
    "archive_entry.h": "net/archive_library.h",
    "sodium.h": "trust/sodium_library.h",
    "dlfcn.h": "base/library.c",
    "protobuf-c/": "wire",
    "libusb.h": "transport",
    "libusb-1.0/libusb.h": "transport",
    "libserialport.h": "transport",
    "popt.h": "cli",
}

# Headers of C17 and POSIX.1-2008 that anybody may include.
STANDARD = set(
    """
    assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype
    aio arpa/inet cpio dirent fcntl fmtmsg fnmatch ftw glob grp iconv langinfo libgen monetary mqueue
    net/if netdb netinet/in netinet/tcp nl_types poll pthread pwd regex sched search semaphore spawn strings
    sys/ipc sys/mman sys/msg sys/resource sys/select sys/sem sys/shm sys/socket sys/stat sys/statvfs sys/time
    sys/times sys/types sys/uio sys/un sys/utsname sys/wait syslog tar termios unistd utime utmpx wordexp
    """.split()
)

# Headers beyond POSIX -> the layers that may include them.
EXTRA = {
    "malloc.h": {"cli"},
    "sys/file.h": {"base", "transport"},
    "sys/random.h": {"base"},
    "sys/ioctl.h": {"cli", "transport"},
}


def layer_of(path):
    """The layer of a path below src/: its folder, or the facade for what lies there itself."""
    return path.split("/")[0] if "/" in path else FACADE


def shared_by_facade(root):
    """What osbundle.h includes, and what those headers include in turn."""
    known, waiting = set(), [f"{FACADE}.h"]
    while waiting:
        path = f"src/{waiting.pop()}"
        text = text_of(root, path) if (root / path).exists() else None
        found = set(re.findall(r'^#include "([^"]+)"', text or "", re.M))
        waiting += found - known
        known |= found
    return known


def check_own(root, layer, name, shared):
    """What is wrong with including our header `name` from `layer`, or None."""
    target = layer_of(name)
    if "/" not in name and not name.startswith(FACADE):
        return f'"{name}": own headers are included as "layer/file.h"'
    if ".." in name.split("/"):
        return f'"{name}": own headers are included from src/, never by a way up'
    if target not in LAYERS:
        return f'"{name}": {target} is no layer'
    opened = target == layer or target in LAYERS[layer] or name in OPEN_HEADERS.get(layer, ())
    if not opened and not (layer == "cli" and name in shared):
        return f'"{name}": {layer} may not include {target}'
    if name in CLOSED_HEADERS.get(layer, ()):
        return f'"{name}": {layer} has no use for it'
    if not (root / "src" / name).exists() and not name.endswith(".pb-c.h"):
        return f'"{name}" does not exist'
    return None


def check_other(relative, layer, name):
    """What is wrong with including <name> from the file `relative`, or None."""
    for header, place in LIBRARIES.items():
        if name == header or (header.endswith("/") and name.startswith(header)):
            return None if place in (layer, relative) else f"<{name}>: only {place} may include it"
    if name in EXTRA:
        places = EXTRA[name]
        return None if layer in places else f"<{name}>: only {', '.join(sorted(places))} may include it"
    if name.removesuffix(".h") in STANDARD:
        return None
    return f"<{name}>: neither C17, POSIX nor a library of the table"


def check_link_lists(root):
    """src/CMakeLists.txt repeats the table as what each layer links."""
    path = "src/CMakeLists.txt"
    text = text_of(root, path) if (root / path).exists() else ""
    for match in re.finditer(r"^add_layer\((\w+)([^)]*)\)", text, re.M):
        linked = set(re.findall(r"\bosb_(\w+)", match[2]))
        wrong = linked ^ LAYERS.get(match[1], {"unknown layer"})
        if wrong:
            message = f"{match[1]} links other layers than it may include: {', '.join(sorted(wrong))}"
            yield Problem(path, line_at(text, match.start()), message)


def check(root):
    shared = shared_by_facade(root)
    for file in c_files(root):
        relative = file.path.removeprefix("src/")
        layer = layer_of(relative)
        if layer not in LAYERS:
            yield Problem(file.path, 1, f"{layer} is no layer; the table in layers.py has them all")
            continue
        for line, include in file.includes():
            name = include[1:-1]
            own = include[0] == '"'
            wrong = check_own(root, layer, name, shared) if own else check_other(relative, layer, name)
            if wrong:
                yield Problem(file.path, line, wrong)
    yield from check_link_lists(root)


if __name__ == "__main__":
    sys.exit(run(check))
