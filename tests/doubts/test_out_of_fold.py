"""Probabilities from heads that have not seen the row."""

from __future__ import annotations

import numpy as np

from tests.doubts.made import features_of, flipped
from vitrina.doubts.out_of_fold import Fold, choose_penalty, out_of_fold
from vitrina.doubts.space import centred_space

HOW = Fold(folds=5, repeats=2, seed=3)


def test_a_row_is_judged_by_its_neighbours_never_by_itself_or_its_copies() -> None:
    target = np.arange(80) % 2
    features = features_of(target, seed=0)
    # Five identical pictures on the side of class 0, all labelled 1: together they could convince a head.
    features[:10:2] = features[0]
    given = target.copy()
    given[:10:2] = 1
    groups = np.arange(80)
    groups[:10:2] = 0
    space = centred_space(features)
    apart = out_of_fold(space, given, groups, l2=0.01, how=HOW)
    vouched = out_of_fold(space, given, np.arange(80), l2=0.01, how=HOW)
    assert apart[0, 1] < 0.1
    assert vouched[0, 1] > 0.5
    np.testing.assert_allclose(apart.sum(axis=1), 1, atol=1e-5)


def test_noise_asks_for_a_stronger_penalty() -> None:
    target = np.arange(200) % 4
    space = centred_space(features_of(target, seed=1, dimensions=60))
    grid = (0.001, 0.01, 0.1, 1.0)
    clean = choose_penalty(space, target, np.arange(200), grid=grid, how=HOW)
    noisy = choose_penalty(space, flipped(target, share=0.4, seed=2), np.arange(200), grid=grid, how=HOW)
    assert clean < noisy


def test_rows_of_no_use_are_judged_but_not_learned_from() -> None:
    target = np.arange(60) % 2
    space = centred_space(features_of(target, seed=2))
    given = target.copy()
    given[:20] = 1 - given[:20]
    kept = np.arange(60) >= 20
    found = out_of_fold(space, given, np.arange(60), l2=0.1, how=HOW, kept=kept)
    assert (found[:20].argmax(axis=1) == target[:20]).all()


def test_a_class_that_is_not_elsewhere_leaves_its_rows_unjudged() -> None:
    target = np.array([0, 1] * 10 + [2, 2])
    groups = np.array([*range(20), 20, 20])
    found = out_of_fold(centred_space(features_of(target, seed=4)), target, groups, l2=0.1, how=HOW)
    assert np.isnan(found[20:]).all()
    assert not np.isnan(found[:20]).any()


def test_progress_reaches_its_end() -> None:
    said: list[tuple[int, int]] = []
    target = np.arange(20) % 2
    space = centred_space(features_of(target, seed=5))
    out_of_fold(space, target, np.arange(20), l2=1.0, how=HOW, told=lambda done, of: said.append((done, of)))
    assert said == [(done, 10) for done in range(1, 11)]
