"""Like pictures lie near one another; the same seed gives the same map."""

from __future__ import annotations

import json

import numpy as np
import pytest

from vitrina.errors import BadRequest
from vitrina.results.collection_map import Mapped, map_json, map_positions


def groups(n: int = 40, d: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Three groups that are plainly apart: features (n, d), the group of each."""
    random = np.random.default_rng(0)
    kinds = np.arange(n) % 3
    return (random.normal(size=(3, d)) * 4)[kinds] + random.normal(size=(n, d)), kinds


def test_groups_of_features_are_groups_on_the_map() -> None:
    features, kinds = groups()
    positions = map_positions(features.astype(np.float32))
    assert positions.dtype == np.float32
    assert positions.min(axis=0).tolist() == [0, 0]
    assert positions.max(axis=0).tolist() == [1, 1]
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2) + 9 * np.eye(len(kinds))
    assert (kinds[distances.argmin(axis=1)] == kinds).all()


def test_the_same_seed_gives_the_same_map() -> None:
    features, _ = groups(30)
    np.testing.assert_array_equal(map_positions(features, seed=3), map_positions(features, seed=3))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 6, 7])
def test_few_pictures_have_places_too(n: int) -> None:
    positions = map_positions(groups(40)[0][:n])
    assert positions.shape == (n, 2)
    assert ((positions >= 0) & (positions <= 1)).all()
    if n > 1:
        assert len(np.unique(positions, axis=0)) == n


def test_pictures_that_are_all_alike_lie_in_the_middle() -> None:
    assert (map_positions(np.ones((9, 4))) == 0.5).all()


def test_one_feature_is_enough() -> None:
    assert np.isfinite(map_positions(np.arange(12.0)[:, None])).all()


def test_what_is_no_feature_is_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        map_positions(np.array([[1.0, np.nan]]))
    assert str(refused.value) == (
        "Expected finite features (n, d) and a perplexity of at least 1; "
        "found features (1, 2), perplexity 30.0. Compute the features again; use a perplexity of 30."
    )


def test_the_page_gets_points_and_counts() -> None:
    mapped = Mapped(("a", "b"), np.array([[0, 1], [0.123456, 0.5]], np.float32), ("cat", "dog"), ("cat", "owl"))
    told = json.loads(json.dumps(map_json(mapped)))
    assert told == {
        "n": 2,
        "wrong": 1,
        "points": [
            {"picture_id": "a", "x": 0.0, "y": 1.0, "label": "cat", "said": "cat"},
            {"picture_id": "b", "x": 0.1235, "y": 0.5, "label": "dog", "said": "owl"},
        ],
    }


def test_without_a_model_nothing_is_wrong() -> None:
    told = map_json(Mapped(("a",), np.zeros((1, 2), np.float32), ("cat",)))
    assert told["wrong"] is None
    assert told["points"][0]["said"] is None


def test_every_picture_needs_its_own() -> None:
    with pytest.raises(BadRequest) as refused:
        Mapped(("a", "b"), np.zeros((2, 2), np.float32), ("cat", "dog"), ("cat",))
    assert str(refused.value) == (
        "Expected a position (x, y), a label and, where there is one, an answer for each of 2 pictures; "
        "found positions (2, 2), 2 labels, 1 answers. Give one of each for every picture."
    )
