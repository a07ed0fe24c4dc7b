"""python -m training suite, and the recipes of the experiments."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.learning.made import make_work
from tests.learning.tiny import recipe
from training.__main__ import main
from training.recipe import load_settings, with_values
from training.suite import EXPERIMENTS, RECIPES, Study, markdown
from training.train import train
from vitrina.errors import BadRequest

FILES = sorted(RECIPES.glob("*.yaml"))
SCRATCH = [path for path in FILES if load_settings(path).model.mode == "scratch"]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_work(tmp_path_factory.mktemp("suite") / "work", train=4, validation=2, test=6)


def written(folder: Path, name: str, **more: Any) -> str:
    told = {key: value for key, value in recipe(folder, **more).told.items() if key != "data"}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(told | {"name": name, "about": f"about {name}"}), encoding="utf-8")
    return str(path)


def test_there_are_the_six_of_the_study_and_more() -> None:
    names = {path.stem for path in FILES}
    assert set(EXPERIMENTS) < names
    assert {"small_cnn", "head_bundled", "resnet_head", "vit_full", "votes"} < names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recipe_is_a_record(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    settings = load_settings(path)
    assert settings.name == path.stem
    assert settings.about.endswith(".")
    assert settings.data.data == "work"
    measured = yaml.safe_load(text)["measured"]
    for data, told in measured.items():
        assert told["n"] > 0, data
        assert 2 <= len(told["interval"]) <= 2
        low, high = told["interval"]
        assert low <= told["accuracy" if "accuracy" in told else "mae"] <= high
        assert told["command"].startswith("python -m training ")
        assert {"date", "hardware", "minutes"} <= set(told)
    # A command that works elsewhere names no folder of the machine it ran on.
    assert "/tmp" not in text
    assert "/work/" not in text


@pytest.mark.parametrize("path", SCRATCH, ids=lambda path: path.stem)
def test_networks_from_nothing_train(path: Path, work: Path, tmp_path: Path) -> None:
    small = {"data": str(work), "size": 32, "num_train_epochs": 1, "precision": "float32", "limit": 6}
    settings = with_values(load_settings(path), small | {"report_to": "none"}, name=path.stem)
    report = train(settings, tmp_path / "run", command="python -m training train")
    assert report["epochs"] == 1.0
    assert report["preprocessing"]["grey"] == (path.stem == "cnn_grey")
    assert (report["class_weights"] is not None) == (path.stem == "cnn_balanced")
    assert report["reproduced"]["loaded"] == report["reproduced"]["trained"]


def test_a_study_ends_in_one_table(work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two that learn, one whose backbone is nowhere, one with a size that is none: code 2, the others measured."""
    shutil.copytree(work / "split", tmp_path / "work" / "split")
    place = tmp_path / "work"
    files = [
        written(place, "long", num_train_epochs=12, learning_rate=0.01),
        written(place, "short", num_train_epochs=1, learning_rate=1e-6),
        written(place, "absent", mode="head", model="./no/such/folder", architecture={}),
        written(place, "odd", size=33),
    ]
    command = ["suite", str(place), "--scale", "full", "--experiments", *files]
    assert main(command) == 2
    said = capsys.readouterr()
    folder = place / "runs" / "suite"
    report = json.loads((folder / "suite.json").read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in report["experiments"]}
    assert [rows[name]["state"] for name in ("long", "short", "absent", "odd")] == [
        "measured", "measured", "skipped", "failed",
    ]  # fmt: skip
    assert list(rows)[:2] == [run["name"] for run in report["compared"]["runs"]]
    for name in ("long", "short"):
        told = json.loads((folder / name / "evaluation" / "eval_results.json").read_text(encoding="utf-8"))
        assert rows[name]["accuracy"] == told["test"]["accuracy"]
        assert rows[name]["accuracy"]["n"] == 18
        assert rows[name]["macro_f1"] == told["test"]["macro"]["f1"]
        assert not (folder / name / "evaluation" / "index.html").exists()
    assert rows["absent"]["reason"].startswith("Expected")
    assert "no/such/folder" in rows["absent"]["reason"]
    assert "a multiple of vit-tiny's patch" in rows["odd"]["reason"]
    assert "found 1 that did not: odd." in said.err
    text = (folder / "suite.md").read_text(encoding="utf-8")
    assert text == markdown(report)
    assert text in said.out
    value, (low, high) = rows["long"]["accuracy"]["value"], rows["long"]["accuracy"]["interval"]
    assert f"| long | {value:.3f} ({low:.3f} to {high:.3f}) |" in text
    assert "| absent | skipped | - | - | - | - |" in text
    assert "18 test pictures, the same for all" in text
    assert "Small scale" not in text
    assert str(tmp_path) not in text.replace("./no/such/folder", "")

    assert main(command) == 2
    again = capsys.readouterr().out
    assert again.count("trained before with the same recipe and split") == 2
    assert again.count("measured before, left as it is") == 2
    assert json.loads((folder / "suite.json").read_text(encoding="utf-8")) == report

    # A model that is no longer the one that was trained is no backbone that is missing.
    (folder / "short" / "model" / "preprocessor_config.json").unlink()
    assert main([*command[:5], files[0], files[1]]) == 2
    report = json.loads((folder / "suite.json").read_text(encoding="utf-8"))
    assert [row["state"] for row in report["experiments"]] == ["measured", "failed"]


def test_pages_where_they_are_asked_for(work: Path, tmp_path: Path) -> None:
    file = written(tmp_path, "page", num_train_epochs=1)
    told = ["--experiments", file, "--pages", "true", "--output_dir", str(tmp_path / "out"), "--limit", "6"]
    assert main(["suite", str(work), *told]) == 0
    assert (tmp_path / "out" / "page-small" / "evaluation" / "index.html").is_file()
    report = json.loads((tmp_path / "out" / "suite.json").read_text(encoding="utf-8"))
    assert report["compared"] is None
    assert report["experiments"][0]["accuracy"]["n"] == 6
    text = (tmp_path / "out" / "suite.md").read_text(encoding="utf-8")
    assert "Fewer than two were measured: no comparison." in text
    assert "Small scale: fewer pictures" in text


def test_scales_and_the_model_of_the_vit() -> None:
    small = Study(Path("w"), Path("w"), model="./folder", more={"report_to": "none"})
    cnn, vit, resnet = (small.settings(name) for name in ("cnn", "vit_head", "resnet"))
    assert (cnn.name, cnn.data.size, cnn.data.limit, cnn.trainer["num_train_epochs"]) == ("cnn-small", 64, 400, 8)
    assert (vit.model.model, vit.data.size, resnet.model.model) == ("./folder", None, "resnet-18")
    assert "num_train_epochs" not in vit.trainer
    assert vit.trainer["report_to"] == ["none"] or vit.trainer["report_to"] == "none"
    full = Study(Path("w"), Path("w"), scale="full", seed=3)
    recipe_says = load_settings(RECIPES / "cnn.yaml")
    assert full.settings("cnn").told == recipe_says.told | {"data": "w", "seed": 3}
    with pytest.raises(BadRequest) as refusal:
        full.settings("cnnn")
    assert str(refusal.value).startswith("Expected experiments among cnn, cnn_balanced")
    assert "found cnnn. Name a known one." in str(refusal.value)


def test_the_same_experiment_twice_is_refused(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suite", str(work), "--experiments", "cnn", "cnn"]) == 2
    assert "Expected experiments of different names; found cnn-small, cnn-small." in capsys.readouterr().err


@pytest.mark.slow
def test_two_experiments_on_photos(shared_data: Path, tmp_path: Path) -> None:
    """A head on what ImageNet taught is ahead of a network that begins with nothing."""
    pile, work = shared_data / "trashnet", tmp_path / "work"
    told = ["--output_dir", str(work), "--license", "mit", "--subset", "400", "--backbone", "none"]
    assert main(["prepare", str(pile), *told]) == 0
    experiments = ["--experiments", "cnn", "head_bundled", "--limit", "120", "--report_to", "none"]
    assert main(["suite", str(work), *experiments]) == 0
    report = json.loads((work / "runs" / "suite" / "suite.json").read_text(encoding="utf-8"))
    first, second = report["experiments"]
    assert [first["name"], second["name"]] == ["head_bundled-small", "cnn-small"]
    assert first["accuracy"]["value"] > 0.5
    assert report["compared"]["tests"][0]["ahead"] == "head_bundled-small"
