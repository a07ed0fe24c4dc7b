"""Labels turned over by seed are found; real ones beside cleanlab's defaults."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from tests.doubts.made import NAMES, features_of, flipped, names_of
from vitrina.doubts.label_errors import LabelErrorSettings, judge_labels, label_errors
from vitrina.errors import BadRequest

TARGET = np.arange(240) % 4
FEATURES = features_of(TARGET, seed=0)
QUICK = LabelErrorSettings(repeats=1)


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_flipped_labels_are_found(share: float) -> None:
    told = flipped(TARGET, share=share, seed=1)
    wrong = told != TARGET
    judged = judge_labels(FEATURES, names_of(told), seed=0, settings=QUICK)
    assert wrong[judged.suspected].mean() >= 0.9
    assert judged.suspected[wrong].mean() >= 0.9
    right = [judged.suggestion[row] == NAMES[TARGET[row]] for row in np.flatnonzero(judged.suspected & wrong)]
    assert np.mean(right) >= 0.9
    assert average_precision_score(wrong, -judged.quality) >= 0.95
    assert judged.not_judged == {}


def test_doubts_come_least_believed_first_in_words() -> None:
    given = names_of(flipped(TARGET, share=0.1, seed=1))
    judged = judge_labels(FEATURES, given, seed=0, settings=QUICK)
    found = label_errors(judged, given)
    assert sorted(one.row for one in found) == np.flatnonzero(judged.suspected).tolist()
    qualities = [float(judged.quality[one.row]) for one in found]
    assert qualities == sorted(qualities)
    assert found[0].score == 1
    first = found[0]
    assert (first.kind, first.label, first.suggestion) == (
        "label_error",
        given[first.row],
        NAMES[TARGET[first.row]],
    )
    assert first.reason.startswith(f"labelled {first.label}; a classifier fitted on other pictures says")
    assert first.reason.endswith(f"against {qualities[0]:.2f})")


def test_clean_labels_raise_hardly_any_doubt() -> None:
    judged = judge_labels(FEATURES, names_of(TARGET), seed=0, settings=QUICK)
    assert judged.suspected.sum() <= 2


def test_same_seed_same_judgement_and_progress_reaches_its_end() -> None:
    given, said = names_of(flipped(TARGET, share=0.1, seed=1)), []
    first = judge_labels(FEATURES, given, seed=5, settings=QUICK, progress=lambda *told: said.append(told))
    again = judge_labels(FEATURES, given, seed=5, settings=QUICK)
    assert first.quality.tobytes() == again.quality.tobytes()
    assert first.suggestion == again.suggestion
    assert said[0] == ("label errors", 0, 10)
    assert said[-1] == ("label errors", 10, 10)


def test_copies_with_the_same_wrong_label_do_not_vouch_for_one_another() -> None:
    features, given = FEATURES.copy(), TARGET.copy()
    copies = np.arange(0, 48, 4)
    features[copies], given[copies] = features[0], 1
    groups = np.arange(len(given))
    groups[copies] = 0
    apart = judge_labels(features, names_of(given), groups=groups, seed=0, settings=QUICK)
    together = judge_labels(features, names_of(given), seed=0, settings=QUICK)
    assert apart.suspected[copies].all()
    assert not together.suspected[copies].any()


def test_what_cannot_be_judged_is_named() -> None:
    given = names_of(TARGET)
    given[0] = given[1] = None
    given[2:4] = ["rat", "rat"]
    given[4] = "yak"
    groups = np.arange(len(given))
    groups[2:4] = 2
    judged = judge_labels(FEATURES, given, groups=groups, seed=0, settings=QUICK)
    assert judged.not_judged == {"rat": 2, "yak": 1}
    assert np.isnan(judged.quality[:5]).all()
    assert not np.isnan(judged.quality[5:]).any()
    assert not judged.suspected[:5].any()


@pytest.mark.parametrize(
    ("labels", "not_judged"),
    [([None] * 6, {}), (["cat"] * 6, {"cat": 6}), (["cat"] * 5 + ["dog"], {"cat": 5, "dog": 1}), ([], {})],
)
def test_one_class_or_none_is_no_question(labels: list[str | None], not_judged: dict[str, int]) -> None:
    judged = judge_labels(FEATURES[: len(labels)], labels, seed=0)
    assert judged.not_judged == not_judged
    assert judged.l2 is None
    assert label_errors(judged, labels) == []


def test_classes_of_two_and_three_are_judged_without_a_warning() -> None:
    rows = np.r_[0:40:4, 1:12:4, 2:10:4]
    judged = judge_labels(FEATURES[rows], names_of(TARGET[rows]), seed=0)
    assert not np.isnan(judged.quality).any()


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 9)), max_size=24), st.integers(0, 9))
def test_any_small_collection_is_taken(rows: list[tuple[int, int]], seed: int) -> None:
    labels = [None if label < 0 else NAMES[label] for label, _ in rows]
    groups = np.array([group for _, group in rows], dtype=int)
    judged = judge_labels(FEATURES[: len(rows)], labels, groups=groups, seed=seed, settings=QUICK)
    unjudged = np.isnan(judged.quality)
    assert unjudged.sum() == sum(judged.not_judged.values()) + labels.count(None)
    assert ((judged.quality[~unjudged] >= 0) & (judged.quality[~unjudged] <= 1)).all()
    for row in np.flatnonzero(judged.suspected):
        assert judged.suggestion[row] not in (None, labels[row])


def test_a_penalty_from_a_sample() -> None:
    told = flipped(TARGET, share=0.1, seed=1)
    sampled = LabelErrorSettings(repeats=1, sample=100)
    judged = judge_labels(FEATURES, names_of(told), seed=0, settings=sampled)
    assert average_precision_score(told != TARGET, -judged.quality) >= 0.95


def test_figures_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        judge_labels(FEATURES, ["cat"], seed=0)
    assert str(refused.value) == (
        "Expected a label, a group for each of 240 rows of features; found 1 labels, no groups. "
        "Compute the features again for this collection."
    )


@pytest.mark.slow
def test_people_s_errors_are_ranked_no_worse_than_by_cleanlab_s_defaults(shared_data: Path) -> None:
    """240 of the pictures; `benchmarks/label_errors.py` has all 2,000, five columns, several seeds."""
    from cleanlab.classification import CleanLearning
    from threadpoolctl import threadpool_limits

    from vitrina.models.backbone import load_model
    from vitrina.models.features import compute_features

    folder = shared_data / "noisy_cifar10n"
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))[:240]
    features = compute_features(
        load_model("bundled/efficientnet-lite0"), [folder / row["file"] for row in rows]
    )
    given = [row["worse"] for row in rows]
    wrong = np.array([row["worse"] != row["clean"] for row in rows])
    names = sorted(set(given))
    # One thread, as ours has: two on busy cores take ten times as long.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        # Its default classifier may stop before it converges on raw features.
        warnings.simplefilter("ignore")
        theirs = CleanLearning(seed=0).find_label_issues(features, np.array([names.index(n) for n in given]))
    ours = judge_labels(features, given, seed=0)
    assert average_precision_score(wrong, -ours.quality) >= average_precision_score(
        wrong, -theirs["label_quality"]
    )
