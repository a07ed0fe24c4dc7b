"""A split as training sees it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.learning.made import NAMES, make_work, write_split
from vitrina.errors import BadRequest, NotFound
from vitrina.learning.sides import open_sides


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_work(tmp_path_factory.mktemp("sides") / "work", train=4, validation=2, test=2)


def test_classes_become_one_hot_targets(work: Path) -> None:
    sides = open_sides(work)
    assert sides.scheme.names == NAMES
    train = sides["train"]
    assert train.targets.sum(axis=1).tolist() == [1.0] * 12
    assert [train.label(row) for row in (0, 4, 8)] == ["blue", "green", "red"]
    assert train.picture(0).size == (48, 40)
    assert sides.summary()["counts"]["train"] == {
        "pictures": 12,
        "rows": 12,
        "classes": {"blue": 4, "green": 4, "red": 4},
        "skipped": 0,
    }


def test_columns_become_targets(work: Path) -> None:
    several = open_sides(work, task="multi_label", targets=["round"])
    assert several["train"].label(0) == ["round"]
    votes = open_sides(work, task="regression", targets=["bright", "round"])
    assert votes["test"].label(0) == {"bright": 0.2, "round": 1.0}
    assert votes["test"].counts()["classes"]["bright"] == pytest.approx((0.2 + 0.6 + 0.9) / 3, abs=1e-4)


def test_a_limit_takes_classes_in_turn_by_seed(work: Path) -> None:
    one, again, other = (open_sides(work, limit=7, seed=seed)["train"] for seed in (1, 1, 2))
    assert np.bincount(one.labels).tolist() in ([3, 2, 2], [2, 3, 2], [2, 2, 3])
    assert one.picture_id == again.picture_id != other.picture_id


def test_what_cannot_be_learned_from_is_said(work: Path, tmp_path: Path) -> None:
    with pytest.raises(
        NotFound, match=r"Expected a split in .*nothing; found no split/split_report.json. Run python"
    ):
        open_sides(tmp_path / "nothing")
    with pytest.raises(BadRequest, match=r"targets among the columns .* for the task regression; found none"):
        open_sides(work, task="regression")
    with pytest.raises(BadRequest, match=r"found shape. Name the columns"):
        open_sides(work, task="multi_label", targets=["shape"])
    with pytest.raises(
        BadRequest, match=r"targets 0 or 1 for the task multi_label; found 0.2 in bright of train"
    ):
        open_sides(work, task="multi_label", targets=["bright"])
    with pytest.raises(BadRequest, match=r"numbers in the target column file_name; found 'blue/1.png'"):
        open_sides(work, task="regression", targets=["file_name"])
    with pytest.raises(BadRequest, match="no targets, for the task single_label; found targets bright"):
        open_sides(work, targets=["bright"])


def test_a_missing_side_is_named(work: Path, tmp_path: Path) -> None:
    from datasets import load_from_disk

    written = load_from_disk(str(work / "split" / "dataset"))
    rows = {side: {key: [] for key in part.column_names} for side, part in written.items()}
    rows["train"] = {key: written["train"][key][:] for key in written["train"].column_names}
    rows["test"] = {key: written["test"][key][:] for key in written["test"].column_names}
    lacking = write_split(tmp_path / "work", rows)
    with pytest.raises(
        BadRequest, match="the sides train and validation in work/split; found none for validation"
    ):
        open_sides(lacking)


def test_a_class_with_one_picture_is_named(tmp_path: Path) -> None:
    one = make_work(tmp_path / "work", train=1, validation=1, test=1)
    with pytest.raises(
        BadRequest, match=r"two pictures of every class in train; found blue \(1\), green \(1\)"
    ):
        open_sides(one)


def test_rows_without_a_target_are_counted(work: Path, tmp_path: Path) -> None:
    from datasets import load_from_disk

    written = load_from_disk(str(work / "split" / "dataset"))
    rows = {side: {key: list(part[key][:]) for key in part.column_names} for side, part in written.items()}
    rows["train"]["bright"][0] = None
    votes = open_sides(write_split(tmp_path / "work", rows), task="regression", targets=["bright"])
    assert (len(votes["train"]), votes["train"].skipped) == (11, 1)
    assert json.dumps(votes.summary())
