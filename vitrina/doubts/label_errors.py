"""Labels that a classifier which has not seen them does not believe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vitrina.doubts.doubt import Doubt, places
from vitrina.doubts.out_of_fold import Fold, Progress, choose_penalty, out_of_fold
from vitrina.doubts.space import DIMENSIONS, centred_space
from vitrina.errors import BadRequest

# Rows above which one repeat is enough: chance in the folds weighs less the more there are.
_LARGE = 20_000
_PLAINLY = 10


@dataclass(frozen=True)
class LabelErrorSettings:
    """How labels are judged.

    `folds` and `repeats` of cross-validation (one repeat above 20,000 pictures); `dimensions` features are
    reduced to; `l2_grid`: penalties tried, where the features' variances sum to 1; `sample`: most pictures
    on which the penalty is chosen.
    """

    folds: int = 5
    repeats: int = 4
    dimensions: int = DIMENSIONS
    l2_grid: tuple[float, ...] = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12)
    sample: int = 10_000


@dataclass(frozen=True)
class JudgedLabels:
    """What out-of-fold probabilities say of n labels.

    `quality` float32 (n,), 0 to 1, low = suspicious, NaN where not judged; `suspected` bool (n,): another
    label is likelier, and either cleanlab counts the row among the errors (the lowest qualities, as many as
    confident learning estimates) or the other label is ten times as likely; `suggestion`: that label,
    None elsewhere; `confidence` float32 (n,): its probability, NaN elsewhere; `l2`: the penalty chosen, None
    where nothing could be judged; `not_judged`: label -> pictures that carry it and could not be judged,
    because all are of one group, or no other label is there.
    """

    quality: np.ndarray
    suspected: np.ndarray
    suggestion: list[str | None]
    confidence: np.ndarray
    l2: float | None
    not_judged: dict[str, int]


def judge_labels(
    features: np.ndarray,
    labels: Sequence[str | None],
    *,
    groups: np.ndarray | None = None,
    seed: int,
    settings: LabelErrorSettings = LabelErrorSettings(),
    progress: Progress = lambda stage, done, of: None,
) -> JudgedLabels:
    """Judge every label of features (n, d) by heads fitted on other groups: a copy cannot vouch for itself.

    Logistic regression on frozen features, its penalty chosen by log loss; then once more without what
    cleanlab suspects ("both" of its prunings), so that wrong labels no longer teach. The quality is cleanlab's
    self-confidence in the geometric mean of the two. After Northcutt, Jiang, Chuang 2021 (JAIR 70), who prune
    before fitting. `progress("label errors", done, of)`. Unlabelled rows are not judged. 40 fits on
    (n, 256) numbers at most, 50 on a sample for the penalty; three arrays n x classes. Raises BadRequest.
    """
    if len(labels) != len(features) or (groups is not None and len(groups) != len(features)):
        raise BadRequest(
            f"a label, a group for each of {len(features)} rows of features",
            f"{len(labels)} labels, {len(groups) if groups is not None else 'no'} groups",
            "Compute the features again for this collection.",
        )
    groups = np.arange(len(labels)) if groups is None else np.asarray(groups)
    rows, names, left_out = _judgeable(labels, groups)
    if len(names) < 2:
        everything = Counter(label for label in labels if label is not None)
        return _none_judged(len(labels), dict(sorted(everything.items())))
    index = {name: place for place, name in enumerate(names)}
    target = np.array([index[str(labels[row])] for row in rows], dtype=np.int64)
    space = centred_space(features, dimensions=settings.dimensions)[rows]
    l2, probabilities = _probabilities(
        space, target, groups[rows], seed=seed, settings=settings, progress=progress
    )
    known = ~np.isnan(probabilities[:, 0])
    left_out += Counter(names[one] for one in target[~known].tolist())
    judged = replace(_none_judged(len(labels), dict(sorted(left_out.items()))), l2=l2)
    if known.any():
        _fill(judged, rows[known], target[known], probabilities[known], names)
    return judged


def label_errors(judged: JudgedLabels, labels: Sequence[str | None]) -> list[Doubt]:
    """A "label_error" for each suspected row, the least believed first."""
    rows = np.flatnonzero(judged.suspected)
    rows = rows[np.lexsort((rows, judged.quality[rows]))]
    scores = places(-judged.quality[rows].astype(np.float64))
    return [
        Doubt(
            row=row,
            kind="label_error",
            score=float(score),
            label=labels[row],
            suggestion=judged.suggestion[row],
            partners=(),
            reason=(
                f"labelled {labels[row]}; a classifier fitted on other pictures says {judged.suggestion[row]} "
                f"({judged.confidence[row]:.2f} against {judged.quality[row]:.2f})"
            ),
        )
        for row, score in zip(rows.tolist(), scores, strict=True)
    ]


def _judgeable(
    labels: Sequence[str | None], groups: np.ndarray
) -> tuple[np.ndarray, list[str], Counter[str]]:
    """(rows whose label stands in two groups or more, those labels sorted, the others with their counts)."""
    groups_of: dict[str, set[int]] = {}
    for label, group in zip(labels, groups.tolist(), strict=True):
        if label is not None:
            groups_of.setdefault(label, set()).add(group)
    names = sorted(name for name, found in groups_of.items() if len(found) > 1)
    judgeable = set(names)
    rows = np.array([row for row, label in enumerate(labels) if label in judgeable], dtype=np.int64)
    left_out = Counter(label for label in labels if label is not None and label not in judgeable)
    return rows, names, left_out


def _probabilities(
    space: np.ndarray,
    target: np.ndarray,
    groups: np.ndarray,
    *,
    seed: int,
    settings: LabelErrorSettings,
    progress: Progress,
) -> tuple[float, np.ndarray]:
    """(penalty, float32 (n, classes): the geometric mean of both passes, each row summing to 1)."""
    from cleanlab.filter import find_label_issues

    repeats = settings.repeats if len(target) <= _LARGE else 1
    how = Fold(folds=settings.folds, repeats=repeats, seed=seed)
    steps = settings.folds * repeats
    progress("label errors", 0, 2 * steps)
    sample = np.arange(len(target))
    if len(sample) > settings.sample:
        sample = np.sort(np.random.default_rng([seed, 1]).choice(sample, settings.sample, replace=False))
    l2 = choose_penalty(space[sample], target[sample], groups[sample], grid=settings.l2_grid, how=how)
    first = out_of_fold(
        space, target, groups, l2=l2, how=how, told=lambda done, _: progress("label errors", done, 2 * steps)
    )
    known, kept = ~np.isnan(first[:, 0]), np.ones(len(target), dtype=bool)
    if known.any():
        kept[known] = ~find_label_issues(target[known], first[known], filter_by="both", n_jobs=1)
    second = out_of_fold(
        space,
        target,
        groups,
        l2=l2,
        how=how,
        kept=kept,
        told=lambda done, _: progress("label errors", steps + done, 2 * steps),
    )
    # Where pruning took the whole class out of the other folds, the first pass alone speaks.
    second = np.where(np.isnan(second), first, second)
    mean = np.sqrt(first * second)
    return l2, mean / np.maximum(mean.sum(axis=1, keepdims=True), 1e-12)


def _fill(
    judged: JudgedLabels, rows: np.ndarray, target: np.ndarray, probabilities: np.ndarray, names: list[str]
) -> None:
    """Into `judged`: what `probabilities` (m, classes) say of `rows` (m,) with labels `target` (m,)."""
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    quality = get_label_quality_scores(target, probabilities)
    counted = find_label_issues(target, probabilities, filter_by="low_self_confidence", n_jobs=1)
    best = probabilities.argmax(axis=1)
    # cleanlab's count is cautious where errors are plain: without the second rule a quarter of 5 % flipped
    # labels between well separated classes went unsaid.
    plain = quality * _PLAINLY < probabilities.max(axis=1)
    wrong = (counted | plain) & (best != target)
    judged.quality[rows] = quality
    judged.suspected[rows] = wrong
    for place in np.flatnonzero(wrong).tolist():
        judged.suggestion[rows[place]] = names[best[place]]
        judged.confidence[rows[place]] = probabilities[place, best[place]]


def _none_judged(count: int, not_judged: dict[str, int]) -> JudgedLabels:
    nothing = np.full(count, np.nan, dtype=np.float32)
    return JudgedLabels(
        nothing, np.zeros(count, dtype=bool), [None] * count, nothing.copy(), None, not_judged
    )
