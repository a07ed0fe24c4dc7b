"""The sheet that a plot is drawn on."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from vitrina.report.canvas import DOTS, canvas, save, short
from vitrina.report.palette import NIGHT


def test_a_sheet_of_that_size_on_that_ground(tmp_path: Path) -> None:
    figure, axes = canvas("$x$ <b>", (200, 100), colours=NIGHT)
    assert axes.get_title(loc="left") == "$x$ <b>"
    save(figure, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.size == (2 * DOTS, DOTS)
        assert image.convert("RGB").getpixel((0, 0)) == tuple(bytes.fromhex(NIGHT["ground"][1:]))
        assert "Software" not in image.info


def test_names_stay_on_one_line() -> None:
    assert short("glass") == "glass"
    assert short("two\nlines") == "two lines"
    assert short("a" * 80, most=10) == "a" * 9 + "…"
