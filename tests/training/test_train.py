"""python -m training train, evaluate, compare, card: what goes wrong is said, what is there is measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sklearn.metrics import accuracy_score, f1_score

from tests.learning.made import make_work
from tests.learning.tiny import recipe
from training.__main__ import main


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With two runs, of three epochs and of one, both measured."""
    work = make_work(tmp_path_factory.mktemp("train") / "work", test=8)
    for name, epochs in (("three", 3), ("one", 1)):
        assert (
            main(["train", str(written(work, name=name, num_train_epochs=epochs, test_time=["flip"]))]) == 0
        )
        assert main(["evaluate", str(work / "runs" / name)]) == 0
    return work


def written(work: Path, **more: Any) -> Path:
    """A recipe file; the settings of `tests.learning.tiny`."""
    told = recipe(work, **more).told
    path = work.parent / f"{told['name']}.yaml"
    path.write_text(yaml.safe_dump(told), encoding="utf-8")
    return path


def results(work: Path, name: str = "three") -> dict[str, Any]:
    text = (work / "runs" / name / "evaluation" / "eval_results.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_figures_are_those_of_the_predictions(work: Path) -> None:
    told, rows = results(work), lines(work / "runs" / "three" / "evaluation" / "predictions.jsonl")
    assert len(rows) == told["data"]["n"] == 24
    truth, said = [row["label"] for row in rows], [row["top_label"] for row in rows]
    assert told["test"]["accuracy"]["value"] == pytest.approx(accuracy_score(truth, said))
    assert told["test"]["macro"]["f1"]["value"] == pytest.approx(
        f1_score(truth, said, average="macro", zero_division=0)
    )
    answered = [row for row in rows if not row["abstained"]]
    assert told["abstention"]["coverage"]["value"] == pytest.approx(len(answered) / 24)
    split = json.loads((work / "split" / "split_report.json").read_text(encoding="utf-8"))
    assert told["data"]["sha256"] == split["hashes"]["test"]
    assert told["test_time_augmentation"]["views"] == ["none", "flip"]
    known = lines(work / "runs" / "three" / "evaluation" / "validation_predictions.jsonl")
    assert not {row["picture_id"] for row in known} & {row["picture_id"] for row in rows}


def test_the_page_and_its_pictures_are_there(work: Path) -> None:
    folder = work / "runs" / "three" / "evaluation"
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert "three" in page
    assert len(list((folder / "pictures").glob("*.jpg"))) > 3
    assert (folder / "map-en-day.png").is_file()


def test_measured_before_is_left_as_it_is(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (work / "runs" / "three" / "evaluation" / "eval_results.json").stat().st_mtime_ns
    assert main(["evaluate", str(work / "runs" / "three")]) == 0
    assert "measured before, left as it is" in capsys.readouterr().out
    assert (work / "runs" / "three" / "evaluation" / "eval_results.json").stat().st_mtime_ns == before


def test_other_intervals_are_measured_anew(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, folder = work / "runs" / "one", tmp_path / "figures"
    command = ["evaluate", str(run), "--output_dir", str(folder), "--explain", "false", "--seed"]
    before = (run / "evaluation" / "eval_results.json").stat().st_mtime_ns
    said = []
    for seed in ("1", "1", "2"):
        assert main([*command, seed]) == 0
        told = json.loads((folder / "eval_results.json").read_text(encoding="utf-8"))
        assert told["bootstrap"]["seed"] == int(seed)
        assert told["test"]["accuracy"]["value"] == results(work, "one")["test"]["accuracy"]["value"]
        said.append("measured before, left as it is" in capsys.readouterr().out)
    assert said == [False, True, False]
    assert not (folder / "index.html").exists()  # The page stands beside the run's own figures.
    assert (run / "evaluation" / "eval_results.json").stat().st_mtime_ns == before


def test_figures_without_a_page(work: Path, tmp_path: Path) -> None:
    shutil.copytree(work, tmp_path / "work")
    run = tmp_path / "work" / "runs" / "one"
    shutil.rmtree(run / "evaluation")
    assert main(["evaluate", str(run), "--pages", "false", "--explain", "false"]) == 0
    assert (run / "evaluation" / "predictions.jsonl").is_file()
    assert not (run / "evaluation" / "index.html").exists()
    assert main(["evaluate", str(run), "--explain", "false"]) == 0
    assert (run / "evaluation" / "index.html").is_file()


@pytest.mark.parametrize("named", [None, ["none"], "none", []])
def test_a_run_without_a_tracker(
    named: object, work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(work, name="quiet", num_train_epochs=1, limit=6, report_to=named)
    assert main(["train", str(path), "--output_dir", str(tmp_path / "run")]) == 0
    said = capsys.readouterr().out
    assert "trackio" not in said
    assert f"model: {tmp_path / 'run' / 'model'}" in said
    assert (tmp_path / "run" / "history.csv").is_file()


def test_runs_are_compared_on_the_same_pictures(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(work / "runs" / "three"), str(work / "runs" / "one")]) == 0
    said = capsys.readouterr().out
    assert "three" in said
    assert "one" in said
    assert "p = " in said


def test_the_card_is_written_from_the_reports(work: Path) -> None:
    assert main(["card", str(work / "runs" / "three"), "--license", "mit"]) == 0
    card = (work / "runs" / "three" / "card" / "README.md").read_text(encoding="utf-8")
    assert card == (work / "runs" / "three" / "model" / "README.md").read_text(encoding="utf-8")
    from huggingface_hub import ModelCard

    entries = ModelCard(card).data.eval_results
    assert entries is not None
    by_type = {entry.metric_type: entry.metric_value for entry in entries}
    assert by_type["accuracy"] == results(work)["test"]["accuracy"]["value"]


def test_another_split_is_no_split_of_this_run(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_work(tmp_path / "other", first=500)
    assert main(["evaluate", str(work / "runs" / "one"), "--data", str(other)]) == 2
    assert "Expected the split that one was trained on (" in capsys.readouterr().err


def test_a_model_changed_since_is_refused(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors.torch import load_file, save_file

    run = tmp_path / "work" / "runs" / "one"
    shutil.copytree(work, tmp_path / "work")
    weights = load_file(run / "model" / "model.safetensors")
    weights["classifier.bias"] += 1
    save_file(weights, run / "model" / "model.safetensors", {"format": "pt"})
    assert main(["evaluate", str(run)]) == 2
    assert "It was changed since it was trained: train again." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (
            {"learning_rat": 0.1},
            "keys that a recipe knows in bad.yaml; found learning_rat. Did you mean learning_rate",
        ),
        ({"learning_rate": "fast"}, "a number under learning_rate in bad.yaml; found 'fast'"),
        ({"mode": "magic"}, "one of head, last_n, full, scratch under mode in bad.yaml; found 'magic'"),
        ({"model": "vgg-99"}, "an architecture among "),
        ({"augment": {"spin": 3}}, "spin"),
        (
            {"class_weights": {"blue": 1}},
            "a weight for each of blue, green, red; found green, red on one side alone",
        ),
        ({"test_time": ["backwards"]}, "a list of views among "),
        ({"report_to": "paper"}, "report_to among trackio, mlflow, tensorboard, none; found 'paper'"),
        ({"task": "regression", "targets": ["label_of_none"]}, "targets among the columns"),
        (
            {"mode": "head", "architecture": {}, "model": "nobody/nothing"},
            "the model nobody/nothing from the Hub",
        ),
        ({"data": "nowhere"}, "a split in nowhere; found no split/split_report.json"),
    ],
)
def test_one_clear_message_and_code_2(
    told: dict[str, Any], message: str, work: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(recipe(work).told | told), encoding="utf-8")
    assert main(["train", str(path), "--output_dir", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("python -m training train: Expected ")
    assert message in said
    assert "Traceback" not in said
    assert not (tmp_path / "run" / "model").exists()
    assert not (tmp_path / "run" / "train_report.json").exists()


def test_another_recipe_does_not_take_the_place_of_a_run(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(work, name="one", num_train_epochs=2)
    before = np.load(work / "runs" / "one" / "validation_logits.npy")
    assert main(["train", str(path)]) == 2
    said = capsys.readouterr().err
    assert "was begun with; found another one (other recipe). Choose another --output_dir or name" in said
    np.testing.assert_array_equal(np.load(work / "runs" / "one" / "validation_logits.npy"), before)


def test_a_folder_with_other_files_is_not_touched(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letters.txt").write_text("dear", encoding="utf-8")
    assert main(["train", str(written(work)), "--output_dir", str(tmp_path), "--overwrite", "true"]) == 2
    assert "a new or empty folder" in capsys.readouterr().err
    assert (tmp_path / "letters.txt").read_text(encoding="utf-8") == "dear"


def test_it_wants_a_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train"]) == 2
    assert (
        "Expected a recipe; found nothing. Run python -m training train RECIPE.yaml."
        in capsys.readouterr().err
    )
    assert main(["train", "--help"]) == 0
    assert "usage: python -m training train RECIPE.yaml" in capsys.readouterr().out
