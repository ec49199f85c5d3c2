"""Makes a simulated Photon one of long ago: its system is older than control requests."""

import binascii
import hashlib
import struct
from pathlib import Path

FLASH_START = 0x08000000
SYSTEM_PARTS = (0x08020000, 0x08060000)
PREFIX = 0x184
SYSTEM_0_5_5 = 23


def make_older(flash, address, version):
    """Gives the module at an address another version and no needs; its digests are right again."""
    base = address - FLASH_START
    end = struct.unpack_from("<I", flash, base + PREFIX + 4)[0] - FLASH_START
    struct.pack_into("<H", flash, base + PREFIX + 10, version)
    flash[base + PREFIX + 16:base + PREFIX + 24] = bytes(8)
    digest = end - 2 - 32
    flash[digest:digest + 32] = hashlib.sha256(flash[base:digest]).digest()
    struct.pack_into(">I", flash, end, binascii.crc32(flash[base:end]))


def age_photon(folder):
    """Does so to the board that lives in a folder."""
    path = Path(folder, "internal.flash")
    flash = bytearray(path.read_bytes())
    for address in SYSTEM_PARTS:
        make_older(flash, address, SYSTEM_0_5_5)
    path.write_bytes(flash)
