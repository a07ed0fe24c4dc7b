"""Pictures that lie in arrays, given out as files."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # channels -> colour type, PNG (third edition), table 8.
_SINGLE_LEAST = 8
_STORED_MOST = 65_535  # RFC 1951, section 3.2.4.


@dataclass(frozen=True)
class Frames:
    """`count` pictures of `height` x `width` pixels with 1, 3 or 4 `channels`. `axes`: where the channels are:
    last, first (after the count), none (grey, without an axis for them), single (one picture, channels last).
    """

    count: int
    height: int
    width: int
    channels: int
    axes: Literal["last", "first", "none", "single"]

    @property
    def bytes_each(self) -> int:
        """Bytes of one picture's pixels."""
        return self.height * self.width * self.channels

    @property
    def words(self) -> str:
        """The shape for people."""
        axes = {
            "last": f"{self.channels} channels last" if self.channels > 1 else "grey",
            "first": f"{self.channels} channels first" if self.channels > 1 else "grey, channel first",
            "none": "grey",
            "single": f"one picture, {self.channels} channels last",
        }
        return f"{self.count:,} of {self.height} x {self.width} pixels (height x width), {axes[self.axes]}"

    def file_of(self, frame: np.ndarray) -> bytes:
        """The PNG file of one picture as it lies in the array: uint8, with the axes of this array but the count's
        (for single ones all).
        """
        if self.axes == "first":
            frame = frame.transpose(1, 2, 0)
        return as_png(frame.reshape(self.height, self.width, self.channels))


def frames_of(shape: tuple[int, ...]) -> Frames | None:
    """How an array of that shape holds pictures, None where it cannot be told.

    Where both the last axis and the second may be channels, the last one is. (h, w, 3) and (h, w, 4) are one
    picture where both sides have 8 pixels or more; any other three axes are grey pictures.
    """
    if any(side < 1 for side in shape[1:]):
        return None
    if len(shape) == 4 and shape[3] in _COLOUR_TYPES:
        return Frames(shape[0], shape[1], shape[2], shape[3], "last")
    if len(shape) == 4 and shape[1] in _COLOUR_TYPES:
        return Frames(shape[0], shape[2], shape[3], shape[1], "first")
    if len(shape) != 3:
        return None
    if shape[2] in (3, 4) and min(shape[:2]) >= _SINGLE_LEAST:
        return Frames(1, shape[0], shape[1], shape[2], "single")
    return Frames(shape[0], shape[1], shape[2], 1, "none")


def as_png(pixels: np.ndarray) -> bytes:
    """`pixels`, uint8 (h, w, 1, 3 or 4), as a PNG file with the same bytes on every machine.

    The data are stored, not compressed: what zlib and its replacements make of the same pixels differs between
    versions and processors, and a picture's identity is the hash of its file. Measured on 200 galaxies of
    256 x 256 pixels: 197 kB in 0.4 ms, where Pillow's default makes 64 kB in 42 ms.
    """
    import numpy as np

    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # Each row begins with its filter: 0, none.
    rows[:, 1:] = pixels.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    parts = (_chunk(b"IHDR", head), _chunk(b"IDAT", _stored(rows.tobytes())), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _stored(data: bytes) -> bytes:
    """A zlib stream of stored blocks (RFC 1950, RFC 1951 section 3.2.4)."""
    parts = [b"\x78\x01"]
    for begin in range(0, len(data), _STORED_MOST):
        block = data[begin : begin + _STORED_MOST]
        last = begin + _STORED_MOST >= len(data)
        parts += (struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF), block)
    return b"".join((*parts, struct.pack(">I", zlib.adler32(data))))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
