"""What goes over the pipe between the parent of a decoder and its worker.

A message is the length of its header (4 bytes, big-endian), the header (JSON; "blobs" lists lengths), the
blobs. The parent takes nothing on trust from the worker: every field is checked, nothing is ever unpickled.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

from vitrina.decoder.examined import Examined
from vitrina.errors import PictureRefused
from vitrina.images import FORMATS, Limits

REASONS = frozenset(
    {
        "empty", "not_a_picture", "format_not_allowed", "truncated", "corrupt", "too_many_pixels",
        "side_too_long", "too_many_bytes", "too_slow", "too_much_memory", "decoder_died",
    }
)  # fmt: skip
LONGEST_HEADER = 64 * 1024
LONGEST_TEXT = 400


class WireError(Exception):
    """The other side ended in the middle of a message, or sent one that makes no sense."""


def send(stream: BinaryIO, header: dict[str, Any], blobs: Sequence[bytes] = ()) -> None:
    """Write one message. Raises OSError (BrokenPipeError) where nobody reads any more."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    stream.write(struct.pack(">I", len(text)) + text)
    for blob in blobs:
        stream.write(blob)
    stream.flush()


def receive(stream: BinaryIO, *, most_bytes: int) -> tuple[dict[str, Any], list[bytes]]:
    """Read one message whose blobs hold at most `most_bytes` together. Raises WireError."""
    (length,) = struct.unpack(">I", _exactly(stream, 4))
    if length > LONGEST_HEADER:
        raise WireError(f"a header of {length} bytes")
    try:
        header = json.loads(_exactly(stream, length))
        sizes = [whole(size, 0, most_bytes) for size in header.pop("blobs")]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise WireError(f"a header that cannot be read: {error}") from error
    if len(sizes) > 3 or sum(sizes) > most_bytes:
        raise WireError(f"blobs of {sum(sizes)} bytes")
    return header, [_exactly(stream, size) for size in sizes]


def _exactly(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise WireError("the end of the stream")
    return data


def whole(value: object, least: int, most: int) -> int:
    """`value` where it is a whole number in that range. Raises WireError."""
    if type(value) is not int or not least <= value <= most:
        raise WireError(f"{value!r:.40} where a whole number from {least} to {most} belongs")
    return value


def examined_message(examined: Examined) -> tuple[dict[str, Any], list[bytes]]:
    """The answer of a worker that could decode."""
    header = {
        "ok": True,
        "width": examined.width,
        "height": examined.height,
        "format": examined.format,
        "frames": examined.frames,
        "perceptual_hash": examined.perceptual_hash,
        "brightness": examined.brightness,
        "rows": examined.pixels.shape[0],
        "columns": examined.pixels.shape[1],
    }
    return header, [examined.thumbnail, examined.large, examined.pixels.tobytes()]


def refused_message(refused: PictureRefused) -> tuple[dict[str, Any], list[bytes]]:
    """The answer of a worker that refused."""
    said = {"expected": refused.expected, "found": refused.found, "next_step": refused.next_step}
    return {"ok": False, "reason": refused.reason, **said}, []


def read_answer(header: dict[str, Any], blobs: list[bytes], *, limits: Limits) -> Examined | PictureRefused:
    """A worker's answer, every field checked. Raises WireError where one is not as it must be."""
    if header.get("ok") is not True:
        return refusal(header)
    if len(blobs) != 3:
        raise WireError(f"{len(blobs)} blobs")
    thumbnail, large, raw = blobs
    for derivative in (thumbnail, large):
        # They will be served to browsers as WebP.
        if derivative[:4] != b"RIFF" or derivative[8:12] != b"WEBP":
            raise WireError("a derivative that is not WebP")
    rows, columns = (whole(header.get(key), 1, limits.max_side) for key in ("rows", "columns"))
    if len(raw) != rows * columns * 3:
        raise WireError(f"{len(raw)} bytes for {rows} x {columns} pixels")
    brightness, digest, kind = (header.get(key) for key in ("brightness", "perceptual_hash", "format"))
    if type(brightness) is not float or not math.isfinite(brightness) or not 0 <= brightness <= 255:
        raise WireError("a brightness outside 0 to 255")
    if type(digest) is not str or not re.fullmatch("[0-9a-f]{16}", digest):
        raise WireError("a perceptual hash that is none")
    if type(kind) is not str or kind not in FORMATS:
        raise WireError("an unknown format")
    import numpy as np

    return Examined(
        width=whole(header.get("width"), 1, limits.max_side),
        height=whole(header.get("height"), 1, limits.max_side),
        format=kind,
        frames=whole(header.get("frames"), 1, 2**31),
        perceptual_hash=digest,
        brightness=brightness,
        thumbnail=thumbnail,
        large=large,
        # A copy, because torch warns of arrays that cannot be written.
        pixels=np.frombuffer(raw, dtype=np.uint8).reshape(rows, columns, 3).copy(),
    )


def refusal(header: dict[str, Any]) -> PictureRefused:
    """The refusal that an answer holds, every part checked. Raises WireError."""
    said = [header.get(key) for key in ("expected", "found", "next_step", "reason")]
    if not all(type(text) is str and len(text) <= LONGEST_TEXT for text in said) or said[3] not in REASONS:
        raise WireError("a refusal without its parts")
    expected, found, next_step, reason = (str(text) for text in said)
    return PictureRefused(expected, found, next_step, reason=reason)
