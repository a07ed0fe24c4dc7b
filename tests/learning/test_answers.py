"""Answers of a model on a side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import ImageOps
from scipy.special import expit, softmax

from tests.learning.tiny import VIT
from vitrina.errors import ModelUnavailable, PictureRefused
from vitrina.learning.answers import logits_of, prediction_row, probabilities_of
from vitrina.learning.sides import Side, Sides, open_sides
from vitrina.models.architectures import new_model
from vitrina.models.backbone import LoadedModel
from vitrina.models.inputs import pixel_values


@pytest.fixture(scope="module")
def sides(work: Path) -> Sides:
    return open_sides(work)


@pytest.fixture
def loaded(sides: Sides) -> LoadedModel:
    return new_model("vit-tiny", sides.scheme, size=32, seed=0, options=dict(VIT))


def test_each_picture_has_its_row(sides: Sides, loaded: LoadedModel) -> None:
    side = sides["validation"]
    told: list[tuple[int, int]] = []
    logits = logits_of(loaded, side, batch_size=5, progress=lambda done, of: told.append((done, of)))
    assert (logits.shape, logits.dtype) == ((12, 3), np.float32)
    assert told == [(5, 12), (10, 12), (12, 12)]
    with torch.inference_mode():
        for row in (0, 4, 11):
            alone = loaded.model(pixel_values=pixel_values(loaded, [side.picture(row)])).logits[0]
            np.testing.assert_allclose(logits[row], alone.numpy(), atol=1e-5)
    np.testing.assert_allclose(logits_of(loaded, side, rows=[7, 2]), logits[[7, 2]], atol=1e-5)
    assert logits_of(loaded, side, rows=[]).shape == (0, 3)


def test_a_view_is_what_is_seen(sides: Sides, loaded: LoadedModel) -> None:
    side = sides["validation"]
    plain = logits_of(loaded, side, rows=[0, 1])
    flipped = logits_of(loaded, side, rows=[0, 1], view=ImageOps.mirror)
    assert not np.allclose(plain, flipped, atol=1e-6)
    twice = logits_of(
        loaded, side, rows=[0, 1], view=lambda picture: ImageOps.mirror(ImageOps.mirror(picture))
    )
    np.testing.assert_array_equal(plain, twice)


def test_bf16_is_close_to_float32(sides: Sides, loaded: LoadedModel) -> None:
    side = sides["validation"]
    one, other = (logits_of(loaded, side, precision=each) for each in ("float32", "bf16"))
    assert 0 < np.abs(one - other).max() < 0.05


def test_an_answer_that_is_no_number_is_said(sides: Sides, loaded: LoadedModel) -> None:
    with torch.no_grad():
        next(iter(loaded.model.parameters())).fill_(float("nan"))
    with pytest.raises(ModelUnavailable) as refusal:
        logits_of(loaded, sides["validation"], rows=[0])
    assert str(refusal.value) == (
        "Expected finite numbers from scratch/vit-tiny; found NaN. Train again; the weights are damaged."
    )


def test_a_picture_that_cannot_be_read_is_said(sides: Sides, loaded: LoadedModel) -> None:
    class Damaged(Side):
        def data(self, row: int) -> bytes:
            return b"no picture" if row == 9 else super().data(row)

    side = sides["validation"]
    with pytest.raises(PictureRefused):
        logits_of(loaded, Damaged(side.name, side.dataset, side.targets, side.scheme), batch_size=4)


def test_probabilities_by_task() -> None:
    logits = np.array([[1.0, -2.0, 900.0], [0.0, 0.0, 0.0], [-900.0, 3.0, 2.0]], dtype=np.float32)
    one = probabilities_of(logits, "single_label")
    np.testing.assert_allclose(one, softmax(logits.astype(np.float64), axis=1))
    assert one.dtype == np.float64
    for task in ("multi_label", "regression"):
        np.testing.assert_allclose(probabilities_of(logits, task), expit(logits.astype(np.float64)))


def row_of(side: Side, scores: list[float], **more: Any) -> dict[str, Any]:
    line = prediction_row(side, 1, np.array(scores), abstain_below=0.5, revision="r@1", **more)
    assert json.loads(json.dumps(line)) == line
    assert (line["picture_id"], line["file_name"]) == (side.picture_id[1], side.file_name[1])
    assert line["revision"] == "r@1"
    return line


def test_a_line_for_one_class(sides: Sides) -> None:
    line = row_of(sides["validation"], [0.2, 0.6, 0.2])
    assert {key: line[key] for key in ("label", "top_label", "confidence", "abstained", "scores")} == {
        "label": "blue",
        "top_label": "green",
        "confidence": 0.6,
        "abstained": False,
        "scores": {"blue": 0.2, "green": 0.6, "red": 0.2},
    }
    assert "said" not in line
    assert row_of(sides["validation"], [0.4, 0.3, 0.3])["abstained"] is True
    assert row_of(sides["validation"], [0.5, 0.3, 0.2])["abstained"] is False


def test_a_line_for_several_classes(work: Path) -> None:
    side = open_sides(work, task="multi_label", targets=["round"])["validation"]
    line = row_of(side, [0.7])
    assert (line["label"], line["said"], line["top_label"]) == (["round"], ["round"], "round")
    assert row_of(side, [0.3])["said"] == []


def test_a_line_for_numbers(work: Path) -> None:
    side = open_sides(work, task="regression", targets=["bright", "round"])["validation"]
    line = row_of(side, [0.25, 0.75])
    assert (line["label"], line["scores"]) == ({"bright": 0.2, "round": 1.0}, {"bright": 0.25, "round": 0.75})
    assert not {"top_label", "confidence", "abstained", "said"} & set(line)
