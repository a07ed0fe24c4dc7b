"""What every format needs to leave its metadata behind."""

from __future__ import annotations

import struct
from typing import NamedTuple

# EXIF 2.32, 4.6.4: orientation.
_ORIENTATION, _SHORT = 0x0112, 3
# What was found in a file; the words stand in the card.
EXIF, XMP, IPTC, COMMENT, TEXT = "EXIF", "XMP", "IPTC", "comment", "text"
THUMBNAIL, PROFILE, OTHER = "thumbnail", "names in the colour profile", "other metadata"
PICTURES, REST = "further pictures in the file", "data after the picture"


class Stripped(NamedTuple):
    """A file without its metadata, with what was found there: some of the words above, none of them twice."""

    data: bytes
    taken_out: frozenset[str]


class CannotStrip(ValueError):
    """The file does not lie as its format says, so nothing can be cut out of it safely."""


def orientation_alone(turn: int) -> bytes:
    """EXIF as a TIFF structure of 26 bytes that holds the orientation, 2 to 8, and nothing else."""
    entry = struct.pack(">HHIHH", _ORIENTATION, _SHORT, 1, turn, 0)
    return b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", 1) + entry + struct.pack(">I", 0)


def cut(data: bytes, start: int, size: int) -> bytes:
    """`size` bytes from `start` on. Raises CannotStrip where the file ends before."""
    if start < 0 or size < 0 or start + size > len(data):
        raise CannotStrip("it ends too early")
    return data[start : start + size]
