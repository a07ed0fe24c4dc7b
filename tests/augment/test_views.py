"""Several views of one picture, one answer."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.augment.made import levels, picture
from vitrina.augment import VIEWS, mean_of_views, views
from vitrina.errors import BadRequest


def test_views_come_in_the_order_asked_and_keep_the_size() -> None:
    image = picture()
    seen = {name: view(image) for name, view in views(["flip", "zoom", "none"])}
    assert list(seen) == [
        "flip", "zoom_middle", "zoom_top_left", "zoom_top_right", "zoom_bottom_left", "zoom_bottom_right", "none",
    ]  # fmt: skip
    assert seen["none"] is image
    assert {(one.size, one.mode) for one in seen.values()} == {(image.size, "RGB")}


def test_every_view_is_another() -> None:
    for image in (picture(), picture(32, 32)):
        seen = [view(image).tobytes() for _, view in views(VIEWS)]
        assert len(set(seen)) == len(seen) == 11


def test_views_are_what_they_are_called() -> None:
    image = picture(32, 32)
    seen = {name: levels(view(image)) for name, view in views(VIEWS)}
    pixels = levels(image)
    assert (seen["flip"] == pixels[:, ::-1]).all()
    assert (seen["flip_vertical"] == pixels[::-1]).all()
    assert (seen["rotate_90"] == np.rot90(pixels)).all()
    assert (seen["rotate_180"] == np.rot90(pixels, 2)).all()
    assert (seen["rotate_270"] == np.rot90(pixels, 3)).all()
    corner = image.resize((32, 32), Image.Resampling.BICUBIC, box=(4, 0, 32, 28))
    assert np.abs(seen["zoom_top_right"] - levels(corner)).max() <= 1


def test_views_travel_to_a_worker() -> None:
    image = picture()
    for name, view in views(VIEWS):
        assert pickle.loads(pickle.dumps(view))(image).tobytes() == view(image).tobytes(), name


KINDS = "none, flip, flip_vertical, rotate_90, rotate_180, rotate_270, zoom"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], f"Expected a list of views among {KINDS}; found []. Begin with [none, flip]."),
        ("flip", f"Expected a list of views among {KINDS}; found 'flip'. Begin with [none, flip]."),
        (
            ["none", "rotate_45", 3],
            f"Expected a list of views among {KINDS}; found unknown 3, rotate_45. Begin with [none, flip].",
        ),
        (["flip", "none", "flip"], "Expected each view once; found flip more than once. Name each view once."),
    ],
)
def test_wrong_views_are_refused(names: Any, text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        views(names)
    assert str(caught.value) == text


def test_the_mean_weighs_every_view_alike() -> None:
    given = np.array([[[0.9, 0.1], [0.2, 0.8]], [[0.5, 0.5], [0.4, 0.6]]], dtype=np.float32)
    mean = mean_of_views(given)
    assert mean.dtype == np.float64
    assert mean == pytest.approx(np.array([[0.7, 0.3], [0.3, 0.7]]))
    assert mean_of_views(np.zeros((2, 0, 3))).shape == (0, 3)


@pytest.mark.parametrize("shape", [(2, 3), (0, 2, 3)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(BadRequest) as caught:
        mean_of_views(np.zeros(shape))
    assert str(caught.value) == (
        f"Expected probabilities of shape (views, pictures, classes); found shape {shape}. Stack one (n, k) a view."
    )


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_logits_are_refused(value: float) -> None:
    with pytest.raises(BadRequest) as caught:
        mean_of_views(np.full((1, 2, 3), value))
    assert str(caught.value) == (
        "Expected probabilities from 0 to 1; found others. Average after softmax or sigmoid, not the logits."
    )
