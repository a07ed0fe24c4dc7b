"""python -m training grid."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from tests.learning.made import make_work
from tests.learning.tiny import recipe
from training.__main__ import main
from training.grid import combinations, read_values, table
from vitrina.errors import BadRequest

# A patch of 5 pixels does not fit into pictures of 32: those runs fail, for a reason of their own.
OVER = ["--over", "learning_rate=1e-3,0.01", "--over", "architecture.patch_size=8,5"]
GOOD = [f"tiny-learning_rate={rate}-architecture.patch_size=8" for rate in ("0.001", "0.01")]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_work(tmp_path_factory.mktemp("grid") / "work", train=4)


@pytest.fixture(scope="module")
def file(work: Path) -> Path:
    told = {key: value for key, value in recipe(work, num_train_epochs=1).told.items() if key != "data"}
    path = work.parent / "tiny.yaml"
    path.write_text(yaml.safe_dump(told), encoding="utf-8")
    return path


def report(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "grid.json").read_text(encoding="utf-8"))
    return content


def test_every_combination_is_a_run(work: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["grid", str(file), *OVER, "--data", str(work)]
    assert main(command) == 2
    said = capsys.readouterr()
    folder = work / "runs" / "tiny-grid"
    told = report(folder)
    ended, failed = told["runs"][:2], told["runs"][2:]
    assert sorted(row["name"] for row in ended) == GOOD
    assert [row["loss"] for row in ended] == sorted(row["loss"] for row in ended)
    for row in ended:
        trained = json.loads((folder / row["name"] / "train_report.json").read_text(encoding="utf-8"))
        assert row["loss"] == trained["validation"]["log_loss"]
        assert row["validation"] == trained["validation"]
        assert trained["recipe"]["learning_rate"] == row["values"]["learning_rate"]
        assert trained["recipe"]["architecture"]["patch_size"] == 8
        assert trained["recipe"]["architecture"]["hidden_size"] == 16
        assert trained["command"] == told["command"]
    assert told["best"] == ended[0]["name"]
    assert told["on"] == "validation"
    for row in failed:
        assert (row["loss"], row["values"]["architecture.patch_size"]) == (None, 5)
        assert "a size that is a multiple of vit-tiny's patch of 5 pixels" in row["failed"]
        assert f"{row['name']} failed: {row['failed']}" in said.err
        assert f"{row['name']} failed: {row['failed']}" in said.out
    assert "Measured on 12 pictures of validation, which are used for choosing here" in said.out
    assert f"python -m training evaluate {folder / told['best']} --data {work}" in said.out
    assert "found 2 of 4 that did not: tiny-learning_rate=0.001-architecture.patch_size=5, " in said.err
    assert not list(folder.glob("*/evaluation")), "a grid measures nothing on test"
    written(folder, told)

    before = {name: (folder / name / "train_report.json").stat().st_mtime_ns for name in GOOD}
    assert main(command) == 2
    assert capsys.readouterr().out.count("trained before with the same recipe and split") == 2
    assert {name: (folder / name / "train_report.json").stat().st_mtime_ns for name in GOOD} == before
    assert report(folder) == told
    # The command that was printed; elsewhere, it draws no page.
    command = ["evaluate", str(folder / told["best"]), "--data", str(work)]
    assert main([*command, "--explain", "false", "--output_dir", str(work.parent / "measured")]) == 0


def written(folder: Path, told: dict[str, Any]) -> None:
    """Table and plot tell the same."""
    with (folder / "grid.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["name"] for row in rows] == [row["name"] for row in told["runs"]]
    assert float(rows[0]["validation_loss"]) == told["runs"][0]["loss"]
    assert rows[0]["architecture.patch_size"] == "8"
    assert rows[2]["validation_loss"] == ""
    assert rows[2]["failed"] == told["runs"][2]["failed"]
    with Image.open(folder / "grid.png") as plot:
        assert plot.format == "PNG"
        assert plot.width > plot.height > 200


def test_what_is_no_fault_of_a_request_is_named_as_well(
    work: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file lies where a run would: the system refuses its folder with an error of its own."""
    (tmp_path / "tiny-seed=0").write_text("notes", encoding="utf-8")
    command = ["grid", str(file), "--over", "seed=0", "--data", str(work), "--output_dir", str(tmp_path)]
    assert main(command) == 2
    told = report(tmp_path)
    assert told["best"] is None
    assert told["runs"][0]["failed"].startswith("FileExistsError: ")
    said = capsys.readouterr()
    assert "Traceback" in said.err
    assert "No run ended: there is nothing to compare." in said.out
    assert "evaluate" not in said.out
    assert (tmp_path / "grid.png").is_file()
    assert (tmp_path / "tiny-seed=0").read_text(encoding="utf-8") == "notes"


def test_values_are_read_as_yaml() -> None:
    said = ["learning_rate=1e-3,0.01", "class_weights=none,auto", "architecture.grey=true,false"]
    assert read_values([*said, "l2=[1, 10],[3]"]) == {
        "learning_rate": [0.001, 0.01],
        "class_weights": ["none", "auto"],
        "architecture.grey": [True, False],
        "l2": [[1, 10], [3]],
    }


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ([], "Expected keys to vary, none of data, task, targets, limit, name; found none."),
        (["limit=10,20"], "found limit."),
        (["learning_rate"], "values that differ, as learning_rate=0.001,0.003; found 'learning_rate'."),
        (["learning_rate=1,1"], "values that differ"),
        (["seed=0", "seed=1"], "found 'seed=1'."),
        (["a.b.c=1"], "found 'a.b.c=1'."),
        (["seed=[1"], "found 'seed=[1'."),
    ],
)
def test_values_that_are_none(said: list[str], message: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        read_values(said)
    assert message in str(refusal.value)


def test_names_tell_values_and_nothing_else_changes(work: Path) -> None:
    settings = recipe(work)
    over = {"augment.flip": ["both"], "architecture.hidden_size": [16, 32], "model": ["bundled/x y"]}
    made = combinations(settings, over)
    assert [each.name for _, each in made] == [
        f"tiny-augment.flip=both-architecture.hidden_size={size}-model=bundled_x_y" for size in (16, 32)
    ]
    assert made[1][1].data.augment == {"flip": "both"}
    assert made[1][1].model.architecture == settings.model.architecture | {"hidden_size": 32}
    assert made[1][1].trainer == settings.trainer


def test_a_grid_has_an_end_and_knows_its_keys(work: Path) -> None:
    with pytest.raises(BadRequest) as refusal:
        combinations(recipe(work), {"seed": range(13), "learning_rate": [0.1, 0.2, 0.3, 0.4, 0.5]})
    assert str(refusal.value).startswith("Expected at most 64 combinations")
    assert "found 65 such as tiny-seed=12-learning_rate=0.5." in str(refusal.value)
    with pytest.raises(BadRequest) as refusal:
        combinations(recipe(work), {"learning_rat": [0.1]})
    assert "Did you mean learning_rate" in str(refusal.value)
    with pytest.raises(BadRequest):
        combinations(recipe(work), {"learning_rate": ["fast"]})


def test_the_table_of_regression_has_no_accuracy() -> None:
    row = {"name": "r-seed=0", "values": {"seed": 0}, "validation": {"n": 9, "mae": 0.21}, "loss": 0.5}
    lines = table(
        {"over": {"seed": [0]}, "runs": [row | {"epochs": None, "minutes": 0.26, "failed": None}], "said": "."}
    ).splitlines()
    assert lines[0].split() == ["seed", "validation", "loss", "mae", "epochs", "minutes"]
    assert lines[1].split() == ["0", "0.5000", "0.2100", "-", "0.3"]
