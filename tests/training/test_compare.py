"""python -m training compare."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.measures.made_runs import multi_label_run, single_label_run
from training.compare import main, markdown, sentences
from vitrina.errors import BadRequest


def test_the_table_and_what_the_tests_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training = {"mode": "full", "minutes": 12.34, "model": {"reference": "a|b", "parameters": 85_800_963}}
    runs = [
        single_label_run(tmp_path / "weak", lift=0.3, seed=1),
        single_label_run(tmp_path / "good", lift=2.6, seed=2, training=training),
        single_label_run(tmp_path / "near", lift=2.4, seed=3),
    ]
    main([*(str(run) for run in runs), "--output_dir", str(tmp_path / "out"), "--resamples", "500"])
    report = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    text = (tmp_path / "out" / "compare.md").read_text(encoding="utf-8")
    out = capsys.readouterr().out
    header, good, near, weak = out.splitlines()[:4]
    assert header.split("  ")[0].strip() == "name"
    assert "calibration error" in header
    assert [row.split()[0] for row in (good, near, weak)] == ["good", "near", "weak"]
    figure = report["runs"][0]["figures"]["accuracy"]
    low, high = figure["interval"]
    assert f"{figure['value']:.3f} ({low:.3f} to {high:.3f})" in good
    assert good.endswith("12.3     85,800,963")
    assert weak.split()[-2:] == ["-", "-"]
    assert "| good | a\\|b | full | " in text
    assert "a|b" in good
    for said in sentences(report):
        assert said in out
        assert f"- {said}\n" in text
    assert str(tmp_path) not in text + json.dumps(report)


def test_the_words_of_a_test() -> None:
    test = {
        "best": "one",
        "other": "two",
        "difference": {"value": 0.0325, "interval": [0.01, 0.055], "n": 232},
        "p_adjusted": 0.0031,
        "ahead": "one",
    }
    report = {"data": {"n": 232}, "tested": "accuracy", "tests": [test]}
    assert sentences(report) == [
        "232 test pictures, the same for all; 95 % intervals over resampled pictures in brackets.",
        "one is better than two, p = 0.0031: accuracy of one less that of two +0.033 (+0.010 to +0.055).",
    ]
    report["tests"] = [test | {"ahead": None, "p_adjusted": 0.4}, test | {"p_adjusted": 0.00002}]
    assert sentences(report)[1:] == [
        "p values corrected for 2 comparisons (Holm 1979).",
        "one and two: no difference that 232 pictures could show, p = 0.4.",
        "one is better than two, p < 0.001: accuracy of one less that of two +0.033 (+0.010 to +0.055).",
    ]


def test_other_columns_for_other_tasks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [multi_label_run(tmp_path / name, lift=lift) for name, lift in (("one", 1.0), ("two", 3.0))]
    main([*map(str, runs), "--resamples", "200"])
    out = capsys.readouterr().out
    assert "mAP" in out
    assert "exact match" in out
    assert out.splitlines()[1].startswith("two")


def test_a_figure_that_cannot_be_said_is_a_dash() -> None:
    nothing = {"value": None, "interval": None, "n": 0}
    row = {"name": "one", "model": None, "mode": None, "minutes": None, "parameters": None}
    row["figures"] = {"MAE": {"value": 0.5, "interval": None, "n": 1}, "RMSE": nothing, "R2": nothing}  # type: ignore[assignment]
    report = {"task": "regression", "runs": [row], "data": {"n": 1}, "tests": [], "tested": "absolute error"}
    assert "| one | - | - | 0.500 | - | - | - | - |" in markdown(report)


def test_runs_on_other_pictures_are_refused(tmp_path: Path) -> None:
    runs = [single_label_run(tmp_path / name, lift=1.0, n=n) for name, n in (("one", 20), ("two", 22))]
    with pytest.raises(BadRequest, match=r"found \d+ pictures or labels that differ between the test sides"):
        main([*map(str, runs), "--output_dir", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_no_runs_end_with_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "usage: python -m training compare" in capsys.readouterr().err
