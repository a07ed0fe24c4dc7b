"""Fewer dimensions that keep what counts."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.doubts import space
from vitrina.doubts.space import centred_space, unit_space
from vitrina.errors import BadRequest


@pytest.fixture
def features() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(300, 40)) * rng.uniform(0.1, 4, 40) + 2).astype(np.float32)


def test_centred_space_has_variances_that_sum_to_one_and_keeps_distances(features: np.ndarray) -> None:
    found = centred_space(features, dimensions=40)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found.var(axis=0).sum(), 1, rtol=1e-4)
    assert (np.diff(found.var(axis=0)) <= 1e-6).all()
    factor = np.sqrt(features.astype(np.float64).var(axis=0).sum())
    before = np.linalg.norm(features[:50, None] - features[None, :50], axis=2)
    after = np.linalg.norm(found[:50, None] - found[None, :50], axis=2)
    np.testing.assert_allclose(after * factor, before, rtol=1e-3, atol=1e-3)
    assert centred_space(features, dimensions=7).shape == (300, 7)


def test_a_penalty_means_the_same_whatever_the_scale(features: np.ndarray) -> None:
    np.testing.assert_allclose(centred_space(features), centred_space(features * 50 + 9), atol=1e-3)


def test_unit_space_has_cosines_as_inner_products(features: np.ndarray) -> None:
    found = unit_space(features, dimensions=40)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    np.testing.assert_allclose(found @ found.T, unit @ unit.T, atol=1e-4)
    fewer = unit_space(features, dimensions=5)
    assert fewer.shape == (300, 5)
    assert (np.linalg.norm(fewer, axis=1) <= 1 + 1e-5).all()


def test_blocks_do_not_show(features: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = centred_space(features), unit_space(features)
    monkeypatch.setattr(space, "_BLOCK", 37)
    np.testing.assert_allclose(centred_space(features), whole[0], atol=1e-5)
    np.testing.assert_allclose(unit_space(features), whole[1], atol=1e-5)


def test_features_all_alike_are_no_trouble() -> None:
    assert not centred_space(np.full((5, 3), 2.0, dtype=np.float32)).any()
    assert np.isfinite(unit_space(np.zeros((5, 3), dtype=np.float32))).all()


def test_features_that_are_not_finite_are_refused() -> None:
    features = np.ones((9, 3), dtype=np.float32)
    features[7, 1] = np.nan
    with pytest.raises(BadRequest) as refused:
        centred_space(features)
    assert str(refused.value) == (
        "Expected finite features; found a value that is not in row 7. Compute the features again."
    )
    with pytest.raises(BadRequest) as refused:
        unit_space(np.ones(4))
    assert str(refused.value) == "Expected features (n, d); found shape (4,). Compute the features again."
