"""Pictures as files beside the page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.errors import NotFound, PictureRefused
from vitrina.images import open_picture

if TYPE_CHECKING:
    from PIL import Image

PICTURES, HEAT = "pictures", "heat"
LONG_SIDE = 320
# A picture_id is a SHA-256; nothing else becomes a name on the disk or in an address.
_PICTURE_ID = re.compile(r"[0-9a-f]{64}")
_OURS = re.compile(r"[0-9a-f]{64}\.jpg")

# The bytes of a picture by its picture_id.
PictureOf = Callable[[str], bytes]
Sizes = dict[str, tuple[int, int]]


def write_thumbnails(folder: Path, wanted: Iterable[str], picture_of: PictureOf) -> Sizes:
    """Writes FOLDER/<picture_id>.jpg, decoded and written anew, for every one of `wanted`; (width, height) in pixels.

    One that `picture_of` does not know (KeyError, NotFound) or that cannot be decoded is left out. Thumbnails of an
    earlier page that nobody wants any more are deleted.
    """
    sizes: Sizes = {}
    folder.mkdir(parents=True, exist_ok=True)
    for picture_id in _ids(wanted):
        try:
            picture = open_picture(picture_of(picture_id), long_at_least=LONG_SIDE)
        except (KeyError, NotFound, PictureRefused):
            continue
        sizes[picture_id] = _write(picture.image, folder / f"{picture_id}.jpg")
    _clear(folder, sizes)
    return sizes


def write_heat(folder: Path, wanted: Iterable[str], heat: Mapping[str, Image.Image]) -> Sizes:
    """Writes the heat maps of `wanted` in the same way; one that `heat` lacks is left out."""
    sizes: Sizes = {}
    folder.mkdir(parents=True, exist_ok=True)
    for picture_id in _ids(wanted):
        if picture_id in heat:
            sizes[picture_id] = _write(heat[picture_id], folder / f"{picture_id}.jpg")
    _clear(folder, sizes)
    return sizes


def _ids(wanted: Iterable[str]) -> list[str]:
    return sorted({one for one in wanted if _PICTURE_ID.fullmatch(one)})


def _write(image: Image.Image, path: Path) -> tuple[int, int]:
    small = image.convert("RGB")
    small.thumbnail((LONG_SIDE, LONG_SIDE))
    small.info.clear()  # Pillow writes what a file was found with into the next one: comments, profiles.
    held = io.BytesIO()
    small.save(held, "JPEG", quality=85, optimize=True)
    path.write_bytes(held.getvalue())
    width, height = small.size
    return width, height


def _clear(folder: Path, kept: Sizes) -> None:
    for path in folder.iterdir():
        if _OURS.fullmatch(path.name) and path.stem not in kept:
            path.unlink()
