"""Made photos and what becomes of a photo that is copied."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from vitrina.duplicates.perceptual import as_integers, encode
from vitrina.duplicates.pictures import Pictures


def scene(seed: int) -> Image.Image:
    """Soft shapes, edges and grain, like no other seed; 256 x 192."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    picture = np.asarray(coarse.resize((256, 192), Image.Resampling.BICUBIC), dtype=np.float32)
    for _ in range(25):
        x, y = rng.integers(0, 230), rng.integers(0, 170)
        w, h = rng.integers(6, 60, 2)
        picture[y : y + h, x : x + w] = 0.4 * picture[y : y + h, x : x + w] + 0.6 * rng.integers(0, 256, 3)
    picture += rng.normal(0, 4, picture.shape)
    return Image.fromarray(picture.clip(0, 255).astype(np.uint8))


def recompressed(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=50)
    return Image.open(io.BytesIO(file.getvalue())).convert("RGB")


def captioned(image: Image.Image) -> Image.Image:
    written = image.copy()
    ImageDraw.Draw(written).rectangle((0, 165, 256, 192), fill="black")
    ImageDraw.Draw(written).text((20, 172), "what somebody wrote below it", fill="white")
    return written


WAYS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "recompressed": recompressed,
    "smaller": lambda image: image.resize((154, 115), Image.Resampling.LANCZOS),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "brighter": lambda image: image.point(lambda value: int(value * 0.8) + 40),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1)),
    "captioned": captioned,
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned": lambda image: image.transpose(Image.Transpose.ROTATE_90),
}


def pictures(images: Sequence[Image.Image], features: np.ndarray | None = None) -> Pictures:
    """As a collection would hold them; equal pixels are equal files here."""
    views = [np.asarray(image.convert("RGB")) for image in images]
    keys = [f"{view.shape}{hash(view.tobytes())}" for view in views]
    grey = [np.asarray(image.convert("L"), dtype=np.float64) for image in images]
    return Pictures(
        byte_hashes=keys,
        pixel_hashes=keys,
        perceptual=as_integers([encode(view) for view in views]),
        sizes=np.array([image.size for image in images]),
        contrast=np.array([one.std() for one in grey]),
        sharpness=np.array([np.abs(np.diff(one)).mean() for one in grey]),
        view=views.__getitem__,
        features=features,
    )
