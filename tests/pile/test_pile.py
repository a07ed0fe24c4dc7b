"""A finished collection, opened: rows by number, nothing where there is nothing."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.hostile_pictures import encoded, photo
from training.arguments import CollectArguments
from training.collect import collect
from vitrina.errors import NotFound
from vitrina.pile import Pile, open_pile
from vitrina.pile.columns import SURVEY


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory) -> Pile:
    folder = tmp_path_factory.mktemp("pile")
    for number in range(7):
        data = encoded(photo(300 + number, 200, seed=number), "PNG")
        (folder / "pictures").mkdir(exist_ok=True)
        (folder / "pictures" / f"{number}.png").write_bytes(data)
    told = CollectArguments(output_dir=str(folder / "work"), backbone="none")
    return open_pile(collect(str(folder / "pictures"), told, seed=0, shard=3))


def test_views_are_found_by_row(pile: Pile) -> None:
    for row in range(len(pile)):
        with Image.open(io.BytesIO(pile.view_jpeg(row))) as image:
            assert image.size == (256, round(200 * 256 / (300 + row)))
        view = pile.view(row)
        assert (view.dtype, view.shape) == (np.uint8, (*image.size[::-1], 3))
        plain = np.asarray(photo(300 + row, 200, seed=row).resize(image.size))
        assert np.abs(view.astype(int) - plain).mean() < 6
    for row in (-1, 7):
        with pytest.raises(IndexError, match=f"row {row} of 7"):
            pile.view(row)


def test_the_survey_has_its_columns(pile: Pile) -> None:
    assert list(pile.survey.columns) == [name for name, _ in SURVEY]
    assert pile.survey["width"].tolist() == [300 + row for row in range(7)]
    for name in ("label", "group", "official_split"):
        assert pile.survey[name].tolist() == [None] * 7
    assert pile.features is None
    assert pile.feature_revision is None


def test_nothing_but_the_whole_stays(pile: Pile) -> None:
    assert sorted(os.listdir(pile.folder)) == [
        ".lock", "collect_report.json", "dataset", "state.json", "survey.parquet", "views",
    ]  # fmt: skip
    assert sorted(os.listdir(pile.folder / "dataset")) == [
        *(f"data-0000{number}-of-00003.arrow" for number in range(3)), "dataset_info.json", "state.json",
    ]  # fmt: skip


def test_the_data_set_is_mapped_and_known_again(pile: Pile) -> None:
    from datasets import load_from_disk

    rows = load_from_disk(str(pile.folder / "dataset"))
    assert len(rows.cache_files) == 3
    assert rows._fingerprint == pile.dataset._fingerprint
    assert rows[6]["image"].size == (306, 200)


def test_what_is_not_finished_cannot_be_opened(tmp_path: Path) -> None:
    for folder, found in (
        (tmp_path, "one that was begun but not finished"),
        (tmp_path / "x", "nothing there"),
    ):
        with pytest.raises(NotFound) as caught:
            open_pile(folder)
        assert str(caught.value) == (
            f"Expected a finished collection at {folder}; found {found}. "
            "Run: python -m training collect PILE --output_dir WORK"
        )
