"""Release bundles as anybody might make them: honest ones taken apart, and such as do harm."""

import hashlib
import io
import json
import subprocess
import tarfile
import zipfile

BLOCK = 128 * 1024


def zstd(content, window=21):
    """A Zstandard frame that holds `content` unpacked, wanting to look back 2**window bytes."""
    frame = bytearray(b"\x28\xb5\x2f\xfd\x00" + bytes([window - 10 << 3]))
    blocks = [content[i:i + BLOCK] for i in range(0, len(content), BLOCK)] or [b""]
    for number, block in enumerate(blocks):
        head = len(block) << 3 | (number == len(blocks) - 1)
        frame += head.to_bytes(3, "little") + block
    return bytes(frame)


def object_name(content):
    """What a content is called in a bundle."""
    digest = hashlib.sha256(content).hexdigest()
    return f"objects/sha256/{digest[:2]}/{digest[2:]}"


def read(path):
    """The members of a bundle, in order: (name, content)."""
    if str(path).endswith(".zip"):
        with zipfile.ZipFile(path) as archive:
            return [(info.filename, archive.read(info)) for info in archive.infolist()]
    plain = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        return [(info.name, archive.extractfile(info).read()) for info in archive.getmembers()]


def tar_entry(name, content, **fields):
    """A member as tarfile has it; `fields` as of TarInfo: type, linkname."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def tar(members):
    """A .tar of (name, content) or of what tar_entry made."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tar_entry(name, content)[0]
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


def tar_zst(members):
    return zstd(tar(members))


def make_zip(members):
    """A .zip of (name, content)."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def with_index(members, change):
    """The same members with an index that `change` was allowed to edit."""
    index = json.loads(members[0][1])
    change(index)
    return [("index.json", json.dumps(index, indent=2).encode() + b"\n"), *members[1:]]
