"""Axes of features: no more than there are pictures, the same answers as before turning."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.learning.axes import Axes, standard_of


@pytest.mark.parametrize(("n", "d", "axes"), [(50, 8, 8), (8, 50, 7)])
def test_axes_keep_what_a_weight_says(n: int, d: int, axes: int) -> None:
    rng = np.random.default_rng(2)
    features = (rng.normal(size=(n, d)) * 5 + 2).astype(np.float32)
    found = Axes.of(features)
    assert found.turned.shape == (n, axes)
    np.testing.assert_allclose((found.turned**2).mean(axis=0), found.spread, rtol=1e-6)
    weight, bias = rng.normal(size=(2, axes)), rng.normal(size=2)
    raw, raw_bias = found.to_raw(weight, bias)
    np.testing.assert_allclose(features @ raw.T + raw_bias, found.turned @ weight.T + bias, atol=1e-4)


def test_what_never_changes_is_not_divided_by_its_nothing() -> None:
    features = np.array([[1000.1, 1.0, 0.0], [1000.1, 3.0, 0.0]], dtype=np.float32)
    mean, scale = standard_of(features)
    np.testing.assert_allclose(mean, [1000.1, 2, 0], rtol=1e-6)
    assert scale.tolist() == [1, 1, 1]
    assert Axes.of(features).turned.shape == (2, 1)
