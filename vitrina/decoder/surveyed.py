"""What collecting wants to know of a picture."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageMode

from vitrina.images import Limits, decodes, open_picture, reduced

if TYPE_CHECKING:
    import numpy as np

VIEW_SIDE, VIEW_QUALITY = 256, 90
SMALL_SIDE = 128
PIXELS_SIDE = 448
# The longer side of the grey picture that is measured.
MEASURED_SIDE = 512
_BLOCK_PIXELS = 1 << 20


@dataclass(frozen=True)
class Surveyed:
    """A picture as it was found, all from one full decode.

    `width`, `height`: pixels of the upright original; `format`: one of `vitrina.images.FORMATS`; `mode`:
    Pillow's word for the file's own pixels ("L", "RGB", "CMYK", "P" ...), `channels` their number (1 for a
    palette); `frames`: 1 or more.

    `pixel_sha256`: 64 hexadecimal digits, of b"{width}x{height}:" with the upright sRGB bytes after it, at
    full size: the same pixels give the same digits from any lossless format.

    `brightness`, `contrast`, `sharpness`: mean (0 to 255), standard deviation (0 to 127.5), variance of the
    Laplacian (0 upwards) of the grey picture after its longer side was brought to 512 pixels: averaged over
    the largest whole squares that leave more, then by a triangle filter. A smaller picture is measured as it
    is. The Laplacian is the sum of the four neighbours less four times the pixel, without the border; a
    picture of fewer than 3 pixels either way has none, so 0.

    `view`: JPEG, longer side at most 256; `small`: uint8 (h, w, 3), shorter side at least 128 where the
    original has it, averaged over whole squares; `pixels`: the same with 448, as classifiers are fed, None
    where not asked for. `decodes`: how often the file was decoded for all this.
    """

    width: int
    height: int
    format: str
    mode: str
    channels: int
    frames: int
    pixel_sha256: str
    brightness: float
    contrast: float
    sharpness: float
    view: bytes
    small: np.ndarray
    pixels: np.ndarray | None
    decodes: int


def survey_bytes(data: bytes, *, limits: Limits, pixels: bool = True) -> Surveyed:
    """Decode once at full size, derive everything from that. Raises PictureRefused. Runs in the worker."""
    import numpy as np

    before = decodes()
    picture = open_picture(data, limits=limits)
    image = picture.image
    brightness, contrast, sharpness = measure(image)
    return Surveyed(
        width=picture.width,
        height=picture.height,
        format=picture.format,
        mode=picture.mode,
        channels=len(ImageMode.getmode(picture.mode).bands),
        frames=picture.frames,
        pixel_sha256=pixel_sha256(image),
        brightness=brightness,
        contrast=contrast,
        sharpness=sharpness,
        view=_view(image),
        small=np.asarray(reduced(image, SMALL_SIDE)),
        pixels=np.asarray(reduced(image, PIXELS_SIDE)) if pixels else None,
        decodes=decodes() - before,
    )


def pixel_sha256(image: Image.Image) -> str:
    """SHA-256 over b"{width}x{height}:" and the bytes of an RGB `image`, row by row."""
    digest = hashlib.sha256(f"{image.width}x{image.height}:".encode())
    rows = max(1, _BLOCK_PIXELS // image.width)
    for top in range(0, image.height, rows):
        # In bands, because the bytes of a large picture beside it would double its memory.
        digest.update(image.crop((0, top, image.width, min(top + rows, image.height))).tobytes())
    return digest.hexdigest()


def measure(image: Image.Image) -> tuple[float, float, float]:
    """(brightness, contrast, sharpness) of an RGB `image`; `Surveyed` says how."""
    import numpy as np

    grey = np.asarray(_within(reduced(image, None, MEASURED_SIDE).convert("L"), MEASURED_SIDE))
    wide = grey.astype(np.int16)
    curved = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] - 4 * wide[1:-1, 1:-1]
    brightness, variance = _mean_and_variance(wide)
    return brightness, variance**0.5, _mean_and_variance(curved)[1] if curved.size else 0.0


def _mean_and_variance(values: np.ndarray) -> tuple[float, float]:
    """Of int16 values, by sums of whole numbers: exact, the same on every machine."""
    import numpy as np

    count, total = values.size, int(values.sum(dtype=np.int64))
    squares = int(np.square(values, dtype=np.int32).sum(dtype=np.int64))
    return total / count, (squares * count - total * total) / count**2


def _within(image: Image.Image, side: int) -> Image.Image:
    """`image` with its longer side at most `side` pixels, both at least 1."""
    longest = max(image.size)
    if longest <= side:
        return image
    size = (max(1, round(image.width * side / longest)), max(1, round(image.height * side / longest)))
    # Whole squares first, a filter for the rest: a third of the time of Lanczos over everything.
    return reduced(image, None, side).resize(size, Image.Resampling.BILINEAR)


def _view(image: Image.Image) -> bytes:
    file = io.BytesIO()
    _within(image, VIEW_SIDE).save(file, "JPEG", quality=VIEW_QUALITY)
    return file.getvalue()
