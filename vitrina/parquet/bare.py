"""A picture's file as it may leave: the same pixels, no metadata."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from PIL import Image

from vitrina.decoder.surveyed import pixel_sha256
from vitrina.errors import BadRequest, PictureRefused
from vitrina.images import FORMATS, ORIENTATION, open_picture
from vitrina.parquet.gif import strip_gif
from vitrina.parquet.jpeg import strip_jpeg
from vitrina.parquet.png import strip_png
from vitrina.parquet.profile import bare_profile
from vitrina.parquet.stripping import CannotStrip, Stripped
from vitrina.parquet.tiff import strip_tiff
from vitrina.parquet.webp import strip_webp

_STRIPPING: dict[str, Callable[..., Stripped]] = {
    "JPEG": strip_jpeg,
    "PNG": strip_png,
    "WEBP": strip_webp,
    "GIF": strip_gif,
    "TIFF": strip_tiff,
}


@dataclass(frozen=True)
class Bare:
    """A file without metadata. `taken_out`: what was in it, sorted, words of `vitrina.parquet.stripping`; `kind`: one
    of FORMATS; `written_anew`: why it became a PNG of the decoded picture, None where it kept its format.
    """

    data: bytes
    kind: str
    taken_out: tuple[str, ...] = ()
    written_anew: str | None = None


class _Seen(NamedTuple):
    kind: str
    turn: int
    profile: bytes | None


def bare_picture(data: bytes, *, pixels: str, name: str) -> Bare:
    """The picture in `data` without EXIF, GPS, XMP, IPTC, texts, comments, thumbnails, hidden further pictures.

    Where there is none of it, `data` itself. Else it is cut out, the coded pixels stay as they are, and the result is
    decoded: its `pixel_sha256` must be `pixels`, or that of `data` here and now. What cannot be cut safely (BMP, files
    that are not as their format says, strips of JPEG in a TIFF) becomes a PNG of the decoded picture: upright, sRGB,
    8 bits, first frame. An orientation other than 1 stays, alone in its EXIF. Colours under full transparency are
    pixels of the file: they stay. `name` is for errors. Raises BadRequest where `data` cannot be decoded.
    """
    try:
        seen = _look(data)
        if seen.kind not in _STRIPPING:
            raise CannotStrip(f"{seen.kind} has no parts to tell pixels from the rest by")
        stripped = _STRIPPING[seen.kind](data, turn=seen.turn, profile=bare_profile(seen.profile))
        if not stripped.taken_out:
            return Bare(data, seen.kind)
        now = _pixels_of_parts(stripped.data)
        # Another version of the decoder may have counted `pixels`.
        if now == pixels or now == pixel_sha256(_decoded(data, name)):
            return Bare(stripped.data, seen.kind, tuple(sorted(stripped.taken_out)))
        why = "its pixels hung on its metadata"
    except CannotStrip as unsafe:
        why = str(unsafe)
    return Bare(_as_png(data, name), "PNG", (), why)


def _look(data: bytes) -> _Seen:
    """What Pillow, by which pixels are decoded, takes for format, orientation, profile."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Damaged EXIF is what goes.
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                kind = "JPEG" if image.format == "MPO" else str(image.format)
                profile = image.info.get("icc_profile")
                return _Seen(kind, _turn(image), profile if isinstance(profile, bytes) else None)
        except Exception as error:  # Pillow raises a dozen kinds of exception on hostile bytes.
            raise CannotStrip("it cannot be opened in parts") from error


def _turn(image: Image.Image) -> int:
    """2 to 8, else 1. As in `vitrina.images` an EXIF that cannot be read says nothing."""
    try:
        turn = int(image.getexif().get(ORIENTATION, 1))
    except Exception:
        return 1
    return turn if 2 <= turn <= 8 else 1


def _pixels_of_parts(data: bytes) -> str:
    try:
        return pixel_sha256(open_picture(data).image)
    except PictureRefused as refused:
        raise CannotStrip("it does not decode without its metadata") from refused


def _as_png(data: bytes, name: str) -> bytes:
    file = io.BytesIO()
    _decoded(data, name).save(file, "PNG")
    return file.getvalue()


def _decoded(data: bytes, name: str) -> Image.Image:
    try:
        return open_picture(data).image
    except PictureRefused as refused:
        raise BadRequest(
            f"a picture in {name} that decodes as it did when it was collected",
            refused.found,
            "Run python -m training collect and the stages after it again.",
        ) from refused
