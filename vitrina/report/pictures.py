"""Thumbnails as files beside the page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from pathlib import Path

from vitrina.report.found import Found

FOLDER = "pictures"
# A picture_id is a SHA-256; nothing else becomes a name on the disk or in an address.
_PICTURE_ID = re.compile(r"[0-9a-f]{64}")
_OURS = re.compile(r"[0-9a-f]{64}\.jpg")


def write_pictures(found: Found, folder: Path, wanted: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Writes the views of `wanted` picture_ids as FOLDER/<picture_id>.jpg; their (width, height) in pixels.

    A picture_id that the collection does not hold is left out. Thumbnails of an earlier report that nobody
    wants any more are deleted.
    """
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    sizes: dict[str, tuple[int, int]] = {}
    for picture_id in sorted(set(wanted)):
        rows = found.rows_of.get(picture_id)
        if not rows or not _PICTURE_ID.fullmatch(picture_id):
            continue
        view = found.pile.view_jpeg(rows[0])
        (folder / f"{picture_id}.jpg").write_bytes(view)
        with Image.open(io.BytesIO(view)) as image:  # Reads the header; the pixels stay where they are.
            sizes[picture_id] = image.size
    for path in folder.iterdir():
        if _OURS.fullmatch(path.name) and path.stem not in sizes:
            path.unlink()
    return sizes
