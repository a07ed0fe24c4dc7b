"""AUROC and average precision, beside scikit-learn, with weights and ties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, label_ranking_average_precision_score, roc_auc_score

from tests.measures.made import NAMES, multi
from vitrina.measures.intervals import drawn
from vitrina.measures.ranking import (
    _auroc,
    _average_precision,
    auroc_figure,
    average_precision_by_picture,
    average_precision_figures,
)

# Few values, so that scores tie.
PICTURES = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.booleans(), st.integers(0, 3)),
    min_size=2,
    max_size=25,
)


@settings(max_examples=50, deadline=None)
@given(PICTURES)
def test_weighted_they_agree_with_scikit_learn(pictures: list[tuple[float, bool, int]]) -> None:
    scores, truth, weights = (np.array(each) for each in zip(*pictures, strict=True))
    own_auroc = _auroc(scores, truth)(weights[None].astype(float))[0]
    own_precision = _average_precision(scores, truth)(weights[None].astype(float))[0]
    if not weights[truth].any():
        assert np.isnan(own_precision)
        assert np.isnan(own_auroc)
        return
    kept = weights > 0
    expected = average_precision_score(truth[kept], scores[kept], sample_weight=weights[kept])
    assert own_precision == pytest.approx(expected)
    if not weights[~truth].any():
        assert np.isnan(own_auroc)
    else:
        expected = roc_auc_score(truth[kept], scores[kept], sample_weight=weights[kept])
        assert own_auroc == pytest.approx(expected)


def test_the_mean_over_classes_leaves_out_what_cannot_be_said() -> None:
    scores, targets = multi(80)
    targets[:, 3] = 0
    truth = targets.astype(bool)
    figure = auroc_figure(scores, truth, seed=0, resamples=100)
    assert figure["value"] == pytest.approx(roc_auc_score(targets[:, :3], scores[:, :3], average="macro"))
    made = average_precision_figures(scores, truth, NAMES, seed=0, resamples=100)
    expected = average_precision_score(targets[:, :3], scores[:, :3], average="macro")
    assert made["mean_average_precision"]["value"] == pytest.approx(expected)
    assert made["per_class"]["d"] == {"value": None, "interval": None, "n": 0}
    assert made["per_class"]["a"]["n"] == targets[:, 0].sum()


def test_the_interval_is_that_of_whole_resamples() -> None:
    scores, targets = multi(50, 2, seed=2)
    own = auroc_figure(scores, targets.astype(bool), seed=7, resamples=150)["interval"]
    places = np.random.default_rng(7).integers(0, 50, size=(150, 50))
    anew = [roc_auc_score(targets[p], scores[p], average="macro") for p in places]
    assert own == pytest.approx(np.quantile(anew, [0.025, 0.975]).tolist())


def test_many_pictures_draw_fewer_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[int] = []

    def counted(
        generator: np.random.Generator, n: int, *, rows: int, counted: list[int] = rows
    ) -> np.ndarray:
        counted.append(rows)
        return drawn(generator, n, rows=rows)

    monkeypatch.setattr("vitrina.measures.intervals.drawn", counted)
    monkeypatch.setattr("vitrina.measures.ranking._MOST_ENTRIES", 100_000)
    scores, targets = multi(100, 2)
    auroc_figure(scores, targets.astype(bool), seed=0, resamples=1000)
    auroc_figure(scores[:50], targets[:50].astype(bool), seed=0, resamples=10_000)
    assert rows == [500, 1000]
    auroc_figure(np.tile(scores, (10, 1)), np.tile(targets, (10, 1)) > 0, seed=0, resamples=1000)
    assert rows[2:] == [200]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000))
def test_a_picture_is_ranked_as_scikit_learn_does(seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores, truth = generator.integers(0, 4, (9, 5)) / 4, generator.random((9, 5)) < 0.4
    truth[0] = False
    own = average_precision_by_picture(scores, truth)
    assert own.mean() == pytest.approx(label_ranking_average_precision_score(truth, scores))
    assert own[0] == 1.0
