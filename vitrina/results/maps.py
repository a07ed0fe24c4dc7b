"""The map of the collection beside the page."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from vitrina.report.canvas import DOTS
from vitrina.report.captions import Plot
from vitrina.report.palette import THEMES
from vitrina.report.words import LANGUAGES
from vitrina.results.words import TEXTS


def place_maps(maps: Mapping[str, Path], folder: Path) -> Plot | None:
    """Writes FOLDER/map-LANGUAGE-THEME.png out of `maps`, "LANGUAGE-THEME" or "THEME" -> PNG; None, and none left of
    an earlier page, where one of them is missing."""
    from PIL import Image

    wanted = {
        f"{language}-{theme}": maps.get(f"{language}-{theme}") or maps.get(theme)
        for language in LANGUAGES
        for theme in THEMES
    }
    held = {name: path.read_bytes() for name, path in wanted.items() if path is not None and path.is_file()}
    if len(held) < len(wanted):
        for name in wanted:
            (folder / f"map-{name}.png").unlink(missing_ok=True)
        return None
    for name, data in held.items():
        (folder / f"map-{name}.png").write_bytes(data)
    with Image.open(io.BytesIO(next(iter(held.values()))), formats=("PNG",)) as image:
        width, height = (round(side * 100 / DOTS) for side in image.size)
    alts = {language: TEXTS.say(language, "map.alt") for language in LANGUAGES}
    return Plot("map", width, height, TEXTS.both("map.caption"), alts)
