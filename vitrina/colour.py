"""Pictures of any mode as plain sRGB."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    import numpy as np

# Printers' profiles reach 3 MB; one beyond 4 MiB is not worth its memory.
LARGEST_PROFILE = 4 * 1024 * 1024
# Percentiles that become black (0) or white (255) in pictures of more than 8 bits a channel.
DARKEST, BRIGHTEST = 0.5, 99.5
_BLOCK_PIXELS = 1 << 20


def flatten(image: Image.Image) -> Image.Image:
    """`image`, loaded, in a mode that can be reduced: L, RGB, CMYK, YCbCr or LAB, 8 bits a channel.

    Transparency is composited on white before anything is averaged, so that colours hidden under alpha 0
    reach no pixel. Pictures of more than 8 bits are scaled by percentiles (see `scale_levels`). The colour
    space is still that of the file.
    """
    if image.mode.startswith(("I", "F")):
        return scale_levels(image)
    seen_through = "transparency" in image.info and image.mode in ("1", "L", "P", "RGB")
    if seen_through or image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        rgba = image if image.mode == "RGBA" else _to_rgba(image)
        opaque = Image.new("RGB", image.size, (255, 255, 255))
        opaque.paste(rgba, mask=rgba.getchannel("A"))
        # A grey profile fits grey pixels only, so what was grey stays grey.
        return opaque.convert("L") if image.mode in ("LA", "La", "L", "1") else opaque
    if image.mode == "1":
        return image.convert("L")
    if image.mode in ("L", "RGB", "CMYK", "YCbCr", "LAB"):
        return image
    return image.convert("RGB")


def _to_rgba(image: Image.Image) -> Image.Image:
    if image.mode == "La":
        return image.convert("LA").convert("RGBA")
    return image.convert("RGBA")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """A flattened `image` as RGB in sRGB, through its embedded ICC `profile` where that is valid.

    A profile that is broken, too large, meant for other channels, or sRGB itself is ignored. CMYK without a
    profile is converted by Pillow's plain formula.
    """
    if image.mode == "LAB":
        return _through(image, None) or image.convert("L").convert("RGB")
    if profile and len(profile) <= LARGEST_PROFILE and image.mode in ("L", "RGB", "CMYK"):
        converted = _through(image, profile)
        if converted is not None:
            return converted
    return image if image.mode == "RGB" else image.convert("RGB")


def _through(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """`image` from `profile` (None: CIE L*a*b*) to sRGB, or None where the profile does not serve."""
    from PIL import ImageCms

    srgb = ImageCms.createProfile("sRGB")
    try:
        if profile is None:
            source: Any = ImageCms.createProfile("LAB")
        else:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" in ImageCms.getProfileDescription(source).lower():
                return None
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        return ImageCms.profileToProfile(image, source, srgb, renderingIntent=intent, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        # The pixels are fine without it; a broken profile is no reason to lose a picture.
        return None


def scale_levels(image: Image.Image) -> Image.Image:
    """An integer or float picture of one channel (modes I;16, I, F) as L.

    The 0.5th percentile becomes 0, the 99.5th 255, straight in between. Where those two are equal, the least
    and the greatest value take their place; a flat picture becomes mid-grey (128). NaN becomes 0, infinities
    0 or 255.
    """
    import numpy as np

    low, high = _levels(image)
    scaled = Image.new("L", image.size)
    for top, block in _blocks(image):
        values = block.astype(np.float64)
        # A flat picture has nothing to scale, only its infinities have a side to fall on.
        grey = (values - low) / (high - low) * 255.0 if high > low else np.sign(values - low) * 128.0 + 128.0
        grey = np.nan_to_num(grey, nan=0.0, posinf=255.0, neginf=0.0)
        scaled.paste(Image.fromarray(np.clip(np.rint(grey), 0, 255).astype(np.uint8)), (0, top))
    return scaled


def _levels(image: Image.Image) -> tuple[float, float]:
    """The values that become black, white. From about four million pixels at most, evenly taken."""
    import numpy as np

    step = max(1, image.width * image.height // (4 * _BLOCK_PIXELS))
    samples = [block.reshape(-1)[::step].astype(np.float64) for _, block in _blocks(image)]
    values = np.concatenate(samples)
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 0.0
    low, high = np.percentile(values, (DARKEST, BRIGHTEST))
    if low == high:
        low, high = values.min(), values.max()
    return float(low), float(high)


def _blocks(image: Image.Image) -> Iterator[tuple[int, np.ndarray]]:
    """(first row, array of the rows) in turn, about a million pixels each, so that memory stays small."""
    import numpy as np

    rows = max(1, _BLOCK_PIXELS // image.width)
    for top in range(0, image.height, rows):
        yield top, np.asarray(image.crop((0, top, image.width, min(top + rows, image.height))))
