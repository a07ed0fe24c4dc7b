"""Runs in order, tested against the best."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from tests.measures.made_runs import multi_label_run, regression_run, single_label_run
from vitrina.errors import BadRequest
from vitrina.measures.compared import compare, figure_at
from vitrina.measures.measured import read_run, scores_by_picture
from vitrina.measures.paired import holm


def test_the_best_comes_first_and_is_tested_against_each(tmp_path: Path) -> None:
    training = {
        "mode": "head",
        "minutes": 1.25,
        "model": {"reference": "bundled/efficientnet-lite0", "parameters": 3_400_000},
    }
    runs = [
        read_run(single_label_run(tmp_path / "weak", lift=0.3, seed=1)),
        read_run(single_label_run(tmp_path / "good", lift=2.6, seed=2, training=training)),
        read_run(single_label_run(tmp_path / "near", lift=2.4, seed=3)),
    ]
    report = compare(runs, seed=0, resamples=500)
    assert [row["name"] for row in report["runs"]] == ["good", "near", "weak"]
    values = [row["figures"]["accuracy"]["value"] for row in report["runs"]]
    assert values == sorted(values, reverse=True)
    best, near, weak = report["runs"]
    assert (best["model"], best["mode"], best["minutes"]) == ("bundled/efficientnet-lite0", "head", 1.25)
    assert (weak["model"], weak["mode"], weak["parameters"]) == ("weak@sha256:0123456789ab", None, None)
    assert near["figures"]["macro F1"] == runs[2].results["test"]["macro"]["f1"]

    right = {run.name: scores_by_picture(run, sorted(run.answers)) > 0 for run in runs}
    expected = []
    for test in report["tests"]:
        only_best = int((right["good"] & ~right[test["other"]]).sum())
        only_other = int((~right["good"] & right[test["other"]]).sum())
        assert (test["best"], test["only_best"], test["only_other"]) == ("good", only_best, only_other)
        assert test["p"] == pytest.approx(binomtest(only_best, only_best + only_other).pvalue)
        assert test["difference"]["value"] == pytest.approx((only_best - only_other) / 120)
        expected.append(test["p"])
    assert [test["p_adjusted"] for test in report["tests"]] == pytest.approx(holm(expected))
    assert [test["ahead"] for test in report["tests"]] == [None, "good"]
    assert report["data"] == {"sha256": "ab" * 32, "n": 120}


def test_a_smaller_error_is_better(tmp_path: Path) -> None:
    runs = [
        read_run(regression_run(tmp_path / "far", spread=0.3, seed=1)),
        read_run(regression_run(tmp_path / "close", spread=0.05, seed=2)),
    ]
    report = compare(runs, seed=0, resamples=500)
    assert [row["name"] for row in report["runs"]] == ["close", "far"]
    (test,) = report["tests"]
    assert test["difference"]["value"] < 0
    assert test["ahead"] == "close"
    mae = [row["figures"]["MAE"]["value"] for row in report["runs"]]
    assert test["difference"]["value"] == pytest.approx(mae[0] - mae[1])


def test_any_number_of_classes(tmp_path: Path) -> None:
    runs = [
        read_run(multi_label_run(tmp_path / "weak", lift=0.2, seed=1)),
        read_run(multi_label_run(tmp_path / "good", lift=4.0, seed=2)),
    ]
    report = compare(runs, seed=0, resamples=500)
    assert report["tests"][0]["ahead"] == "good"
    assert report["tests"][0]["method"] == "paired bootstrap"
    assert report["tested"] == "average precision a picture"
    scores = [scores_by_picture(run, sorted(run.answers)) for run in runs]
    assert report["tests"][0]["difference"]["value"] == pytest.approx(np.mean(scores[1] - scores[0]))


def test_the_same_run_twice_shows_no_difference(tmp_path: Path) -> None:
    folders = [single_label_run(tmp_path / place / "head", lift=1.0) for place in ("one", "two")]
    report = compare([read_run(folder) for folder in folders], seed=0, resamples=100)
    assert [row["name"] for row in report["runs"]] == ["head (head)", "head (head) #2"]
    assert (report["tests"][0]["p"], report["tests"][0]["ahead"]) == (1.0, None)


def test_one_run_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as refused:
        compare([read_run(single_label_run(tmp_path / "head", lift=1.0, n=5))], seed=0)
    assert str(refused.value) == (
        "Expected two runs or more; found 1. Name the folders of the runs to compare."
    )


def test_a_figure_that_is_not_there() -> None:
    assert figure_at({"macro": None}, ("macro", "f1")) == {"value": None, "interval": None, "n": None}
