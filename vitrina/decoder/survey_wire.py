"""A survey as a message of the decoder's pipe."""

from __future__ import annotations

import math
import re
from typing import Any

from vitrina.decoder.surveyed import Surveyed
from vitrina.decoder.wire import WireError, refusal, whole
from vitrina.errors import PictureRefused
from vitrina.images import FORMATS, Limits

# (field, its largest value); all of them are finite and not below 0.
_MEASURES = (("brightness", 255.0), ("contrast", 127.5), ("sharpness", math.inf))


def surveyed_message(seen: Surveyed) -> tuple[dict[str, Any], list[bytes]]:
    """The answer of a worker that could decode."""
    arrays = [seen.small] if seen.pixels is None else [seen.small, seen.pixels]
    header = {
        "ok": True,
        "width": seen.width,
        "height": seen.height,
        "format": seen.format,
        "mode": seen.mode,
        "channels": seen.channels,
        "frames": seen.frames,
        "pixel_sha256": seen.pixel_sha256,
        "brightness": seen.brightness,
        "contrast": seen.contrast,
        "sharpness": seen.sharpness,
        "decodes": seen.decodes,
        "shapes": [list(array.shape[:2]) for array in arrays],
    }
    return header, [seen.view, *(array.tobytes() for array in arrays)]


def read_survey(header: dict[str, Any], blobs: list[bytes], *, limits: Limits) -> Surveyed | PictureRefused:
    """A worker's answer, every field checked. Raises WireError where one is not as it must be."""
    if header.get("ok") is not True:
        return refusal(header)
    if len(blobs) not in (2, 3) or not blobs[0].startswith(b"\xff\xd8\xff"):
        raise WireError(f"{len(blobs)} blobs, the first of them no JPEG")
    shapes = header.get("shapes")
    if type(shapes) is not list or len(shapes) != len(blobs) - 1:
        raise WireError("arrays without their shapes")
    arrays = [_array(raw, shape, limits) for raw, shape in zip(blobs[1:], shapes, strict=True)]
    measures = [_measure(header.get(name), name, most) for name, most in _MEASURES]
    return Surveyed(
        width=whole(header.get("width"), 1, limits.max_side),
        height=whole(header.get("height"), 1, limits.max_side),
        format=_text(header.get("format"), "|".join(FORMATS)),
        mode=_text(header.get("mode"), "[A-Za-z0-9;+]{1,10}"),
        channels=whole(header.get("channels"), 1, 16),
        frames=whole(header.get("frames"), 1, 2**31),
        pixel_sha256=_text(header.get("pixel_sha256"), "[0-9a-f]{64}"),
        brightness=measures[0],
        contrast=measures[1],
        sharpness=measures[2],
        view=blobs[0],
        small=arrays[0],
        pixels=arrays[1] if len(arrays) == 2 else None,
        decodes=whole(header.get("decodes"), 1, 2**31),
    )


def _array(raw: bytes, shape: object, limits: Limits) -> Any:
    if type(shape) is not list or len(shape) != 2:
        raise WireError("a shape that is none")
    rows, columns = (whole(number, 1, limits.max_side) for number in shape)
    if len(raw) != rows * columns * 3:
        raise WireError(f"{len(raw)} bytes for {rows} x {columns} pixels")
    import numpy as np

    # A copy, because torch warns of arrays that cannot be written.
    return np.frombuffer(raw, dtype=np.uint8).reshape(rows, columns, 3).copy()


def _measure(value: object, name: str, most: float) -> float:
    if type(value) is not float or not math.isfinite(value) or not 0 <= value <= most:
        raise WireError(f"a {name} outside 0 to {most:g}")
    return value


def _text(value: object, pattern: str) -> str:
    if type(value) is not str or not re.fullmatch(pattern, value):
        raise WireError(f"{value!r:.40} where {pattern} belongs")
    return value
