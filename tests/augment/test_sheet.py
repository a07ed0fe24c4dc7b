"""The sheet shows what training sees."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.augment.made import flat, levels, picture
from vitrina.augment import Augmentation, Frame, generator_for, sample_sheet
from vitrina.augment.sheet import DAY, GAP, HEAD, MARGIN, TILE
from vitrina.errors import BadRequest
from vitrina.images import open_picture
from vitrina.report.palette import DAY as PALETTE

USUAL = Augmentation.from_recipe({"flip": "horizontal", "rotate": 20, "brightness": 0.3})


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return image.convert("RGB")


def test_a_row_a_picture_a_column_a_variant(tmp_path: Path) -> None:
    path = tmp_path / "new" / "samples.png"
    pictures = [picture(300, 300, seed=seed) for seed in range(2)]
    assert sample_sheet(pictures, USUAL, labels=["glass", "metal"], seed=3, path=path, variants=3) == path
    sheet = opened(path)
    assert sheet.width == 2 * MARGIN + 4 * TILE + 3 * GAP
    assert 2 * TILE + HEAD < sheet.height < 2 * (TILE + 120) + HEAD + 2 * MARGIN
    assert [file.name for file in path.parent.iterdir()] == ["samples.png"]
    tile = (TILE, TILE)
    for column in range(4):
        left = MARGIN + column * (TILE + GAP)
        shown = levels(sheet.crop((left, MARGIN + HEAD, left + TILE, MARGIN + HEAD + TILE)))
        expected = pictures[0]
        if column:
            expected = USUAL(expected, generator=generator_for(3, column - 1, 0))
        wanted = levels(expected.resize(tile, Image.Resampling.LANCZOS))
        assert (shown[1:-1, 1:-1] == wanted[1:-1, 1:-1]).all(), column


def test_the_same_arguments_give_the_same_file(tmp_path: Path) -> None:
    one, again, other = (tmp_path / name for name in ("one.png", "again.png", "other.png"))
    for path, seed in ((one, 0), (again, 0), (other, 1)):
        sample_sheet([picture()], USUAL, labels=["a"], seed=seed, path=path, variants=2)
    assert one.read_bytes() == again.read_bytes() != other.read_bytes()


def test_no_augmentation_shows_the_pictures_alone(tmp_path: Path) -> None:
    path = sample_sheet([flat(20, 20)], Augmentation(), labels=["a"], seed=0, path=tmp_path / "s.png")
    pixels = levels(opened(path))
    right = pixels[MARGIN + HEAD : MARGIN + HEAD + TILE, MARGIN + TILE + GAP :]
    ground = [int(DAY["ground"][at : at + 2], 16) for at in (1, 3, 5)]
    assert (right == ground).all()


def test_words_stand_under_every_picture(tmp_path: Path) -> None:
    """Ink under each tile, within its column: nothing runs into the next."""
    labels = ["a very long name of a class that no tile could ever hold in one line", "ñandú"]
    many = Augmentation.from_recipe(
        {"flip": "both", "rotate": 20, "zoom": [0.5, 2], "crop": [0.3, 1], "noise": 0.01, "grey": 1, "contrast": 0.5}
    )
    path = sample_sheet(
        [flat(200, 300, (255, 255, 255))] * 2, many, labels=labels, seed=0, path=tmp_path / "s.png", variants=2
    )
    pixels = levels(opened(path)).min(axis=2)
    under = pixels[MARGIN + HEAD + TILE + 2 : MARGIN + HEAD + TILE + 60]
    width = (pixels.shape[1] - 2 * MARGIN - 2 * GAP) // 3
    for column in range(3):
        left = MARGIN + column * (width + GAP)
        assert under[:, left : left + width].min() < 140
        assert under[:, left + width + 2 : left + width + GAP - 2].min() > 200


def test_real_pictures_on_a_sheet(shared_data: Path, tmp_path: Path) -> None:
    folders = sorted(path for path in (shared_data / "trashnet").iterdir() if path.is_dir())[:3]
    pictures = [open_picture(sorted(folder.glob("*.jpg"))[0]).image for folder in folders]
    labels = [folder.name for folder in folders]
    path = sample_sheet(pictures, USUAL, labels=labels, seed=0, path=tmp_path / "samples.png", variants=2)
    sheet = levels(opened(path))
    assert sheet.shape[1] >= 640
    # Most of a sheet is pictures, so it is far from one colour.
    assert np.std(sheet) > 30


def test_the_colours_are_those_of_the_pages() -> None:
    assert {name: PALETTE[name] for name in DAY} == DAY


@pytest.mark.parametrize(("count", "labels"), [(0, 0), (2, 1), (41, 41)])
def test_other_counts_are_refused(count: int, labels: int, tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as caught:
        sample_sheet([picture()] * count, USUAL, labels=["a"] * labels, seed=0, path=tmp_path / "s.png")
    assert str(caught.value) == (
        f"Expected 1 to 40 pictures for a sheet, a label for each; found {count} pictures, {labels} labels. "
        "Choose a few pictures of each class."
    )


def test_other_variants_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as caught:
        sample_sheet([picture()], USUAL, labels=["a"], seed=0, path=tmp_path / "s.png", variants=0)
    assert str(caught.value) == "Expected 1 to 12 variants a picture; found 0. Six fill a page well."
    assert list(tmp_path.iterdir()) == []


def test_a_save_that_fails_leaves_the_old_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "samples.png"
    path.write_bytes(b"old")

    def full(*_: object, **__: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OSError, match="No space left"):
        sample_sheet([picture()], USUAL, labels=["a"], seed=0, path=path)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["samples.png"]


def test_within_a_frame_variants_are_what_the_network_sees(tmp_path: Path) -> None:
    """Squares out of a picture twice as wide as high, blown up; the picture itself stays as it is."""
    image, framed = picture(300, 150), USUAL.within(Frame(32))
    path = sample_sheet([image], framed, labels=["glass"], seed=3, path=tmp_path / "a.png", variants=2)
    sheet = opened(path)
    for column in (1, 2):
        seen = framed(image, generator=generator_for(3, column - 1, 0))
        assert seen.size == (32, 32)
        left = MARGIN + column * (TILE + GAP)
        shown = levels(sheet.crop((left, MARGIN + HEAD, left + TILE, MARGIN + HEAD + TILE)))
        expected = levels(seen.resize((TILE, TILE), Image.Resampling.LANCZOS))
        assert (shown[1:-1, 1:-1] == expected[1:-1, 1:-1]).all()
