"""Photos made from a seed, what people do to photos, Pictures of both."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from vitrina.duplicates import Pictures
from vitrina.duplicates.perceptual import as_integers, encode

SIDE = 224


def photo(seed: int, size: tuple[int, int] = (SIDE, SIDE)) -> Image.Image:
    """Patches of colour over clouds of every size, as photos have: smooth, with edges and grain."""
    rng = np.random.default_rng(seed)
    width, height = size
    clouds = np.zeros((height, width, 3), np.float32)
    for step in (64, 24, 8, 3, 1):
        shape = (height // step + 2, width // step + 2, 3)
        noise = rng.normal(0, 3 + step**0.65 * 1.6, shape).astype(np.float32)
        grown = np.stack(
            [
                np.asarray(Image.fromarray(noise[..., c]).resize(size, Image.Resampling.BICUBIC))
                for c in range(3)
            ],
            -1,
        )
        clouds += grown
    image = Image.fromarray(np.clip(clouds + 110, 0, 230).astype(np.uint8))
    draw = ImageDraw.Draw(image, "RGBA")
    for _ in range(26):
        x, y = rng.integers(0, width), rng.integers(0, height)
        w, h = rng.integers(8, width // 3), rng.integers(8, height // 3)
        colour = (*rng.integers(10, 235, 3).tolist(), 200)
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape([int(x), int(y), int(x + w), int(y + h)], fill=colour)
    return image.filter(ImageFilter.GaussianBlur(0.7))


def jpeg(image: Image.Image, quality: int = 92) -> bytes:
    """The bytes of a JPEG file."""
    held = io.BytesIO()
    image.save(held, "JPEG", quality=quality)
    return held.getvalue()


def opened(data: bytes) -> Image.Image:
    """What a file shows."""
    return Image.open(io.BytesIO(data)).convert("RGB")


def captioned(image: Image.Image) -> Image.Image:
    """With a black bar and white words along the lower edge."""
    image = image.copy()
    draw = ImageDraw.Draw(image)
    bar = image.height // 9
    draw.rectangle([0, image.height - bar, image.width, image.height], fill="black")
    draw.text((6, image.height - bar + 4), "taken from the web", fill="white")
    return image


def cropped(image: Image.Image, share: float) -> Image.Image:
    """The part of `share` of each side, off the centre."""
    width, height = int(image.width * share), int(image.height * share)
    left, top = (image.width - width) // 3, (image.height - height) * 2 // 3
    return image.crop((left, top, left + width, top + height))


def shrunk(image: Image.Image, share: float) -> Image.Image:
    """Resized to `share` of each side."""
    return image.resize((int(image.width * share), int(image.height * share)), Image.Resampling.LANCZOS)


DONE: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved at quality 50": lambda image: opened(jpeg(image, 50)),
    "grey": lambda image: ImageOps.grayscale(image).convert("RGB"),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "captioned": captioned,
    "smaller": lambda image: shrunk(image, 0.6),
    "mirrored": ImageOps.mirror,
    "turned": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "cropped by 10 %": lambda image: cropped(image, 0.9),
    "cropped by 20 %": lambda image: cropped(image, 0.8),
    "rotated by 4 degrees": lambda image: image.rotate(4, resample=Image.Resampling.BICUBIC),
}


def pictures_of(files: Sequence[bytes], *, features: bool = False) -> Pictures:
    """Pictures of files as a collection surveys them, with features of the bundled backbone where asked."""
    shown = [np.asarray(opened(data)) for data in files]
    greys = [np.asarray(Image.fromarray(pixels).convert("L"), dtype=np.float32) for pixels in shown]
    views = [view_of(pixels) for pixels in shown]
    return Pictures(
        byte_hashes=[hashlib.sha256(data).hexdigest() for data in files],
        pixel_hashes=[hashlib.sha256(str(p.shape).encode() + p.tobytes()).hexdigest() for p in shown],
        perceptual=as_integers([encode(pixels) for pixels in shown]),
        sizes=np.array([(p.shape[1], p.shape[0]) for p in shown], dtype=np.int64).reshape(-1, 2),
        contrast=np.array([grey.std() for grey in greys]),
        sharpness=np.array([np.abs(np.diff(grey, axis=1)).mean() for grey in greys]),
        view=lambda row: views[row],
        features=features_of(views) if features else None,
    )


def view_of(pixels: np.ndarray) -> np.ndarray:
    """The longer side at most 256 pixels, through a JPEG of quality 90."""
    image = Image.fromarray(pixels)
    image.thumbnail((256, 256), Image.Resampling.LANCZOS)
    return np.asarray(opened(jpeg(image, 90)))


def features_of(views: Sequence[np.ndarray]) -> np.ndarray:
    """float32 (n, 1280)."""
    from vitrina.models.backbone import load_model
    from vitrina.models.features import compute_features

    return compute_features(load_model("bundled/efficientnet-lite0"), list(views))
