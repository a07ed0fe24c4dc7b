from __future__ import annotations

import numpy as np

from vitrina.duplicates.neighbours import centred, nearest


def test_the_nearest_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(0)
    units, _ = centred(rng.normal(size=(150, 24)).astype(np.float32), np.arange(150))
    pairs, cosine = nearest(units, most_each=5, least=0.2)
    every = units @ units.T
    np.fill_diagonal(every, -1)
    wanted = set()
    for row in range(150):
        for other in np.argsort(-every[row])[:5].tolist():
            if every[row, other] >= 0.2:
                wanted.add((min(row, other), max(row, other)))
    assert set(map(tuple, pairs.tolist())) == wanted
    assert np.allclose(cosine, every[pairs[:, 0], pairs[:, 1]], atol=1e-5)


def test_queries_meet_each_vector_with_its_cosine() -> None:
    rng = np.random.default_rng(1)
    units, centre = centred(rng.normal(size=(60, 16)).astype(np.float32), np.arange(60))
    asked, _ = centred(rng.normal(size=(3, 16)).astype(np.float32), np.arange(3), centre=centre)
    pairs, cosine = nearest(units, most_each=4, least=-1.0, queries=asked)
    assert len(pairs) == 12
    assert np.allclose(cosine, (asked @ units.T)[pairs[:, 0], pairs[:, 1]], atol=1e-5)


def test_what_all_features_share_says_nothing() -> None:
    rng = np.random.default_rng(2)
    features = (3 + rng.normal(size=(4000, 32))).astype(np.float32)
    units, centre = centred(features, np.arange(4000))
    assert abs(float((units[:200] @ units[200:400].T).mean())) < 0.1
    assert np.allclose(centre, features.mean(axis=0) * 4000 / 4100, rtol=1e-3)


def test_of_one_picture_the_mean_is_hardly_taken() -> None:
    units, _ = centred(np.array([[3.0, 4.0]], np.float32), np.arange(1))
    assert np.allclose(units, [[0.6, 0.8]], atol=1e-6)


def test_nothing_has_no_neighbours() -> None:
    empty = np.empty((0, 8), np.float32)
    pairs, cosine = nearest(empty, most_each=3, least=0.0)
    assert pairs.shape == (0, 2)
    assert cosine.shape == (0,)
