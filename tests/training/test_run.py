"""python -m training run: a pile goes in; a model, its figures and both cards come out."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from transformers import pipeline

from tests.learning.made import NAMES, picture
from tests.learning.tiny import EXACT
from training.__main__ import main


def make_pile(folder: Path, *, each: int = 14) -> Path:
    """Class folders of small pictures, one of them cut short."""
    for place, name in enumerate(NAMES):
        (folder / name).mkdir(parents=True)
        for number in range(each):
            data = picture(name, 100 * place + number, size=(96, 80))
            (folder / name / f"{number:02}.png").write_bytes(data)
    (folder / "red" / "cut.png").write_bytes(picture("red", 999)[:400])
    return folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    told = {
        "name": "tiny", "model": "vit-tiny", "mode": "scratch", "architecture": dict(EXACT), "size": 32,
        "num_train_epochs": 1, "report_to": "none", "precision": "float32", "disable_tqdm": True,
    }  # fmt: skip
    path = tmp_path_factory.mktemp("recipe") / "tiny.yaml"
    path.write_text(yaml.safe_dump(told), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def given(recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command, run once."""
    base = tmp_path_factory.mktemp("road")
    words = [
        "run", str(make_pile(base / "my pile")), "--output_dir", str(base / "work"), "--license", "mit",
        "--backbone", "none", "--recipe", str(recipe),
    ]  # fmt: skip
    assert main(words) == 0
    return words


def test_the_road_ends_with_a_model_and_two_cards(given: list[str]) -> None:
    work = Path(given[3])
    assert (work / "report" / "index.html").is_file()
    assert (work / "card" / "README.md").is_file()
    run = work / "runs" / "tiny"
    assert (run / "evaluation" / "index.html").is_file()
    assert "# tiny" in (run / "card" / "README.md").read_text(encoding="utf-8")
    classify = pipeline("image-classification", model=str(run / "model"))
    assert {answer["label"] for answer in classify(str(Path(given[1]) / "red" / "00.png"))} == set(NAMES)


def test_again_it_skips_what_is_done_and_says_where_all_lies(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(given[3]) / "runs" / "tiny"
    before = {
        path: path.stat().st_mtime_ns for path in (run / "train_report.json", run / "model" / "config.json")
    }
    assert main(given) == 0
    said = capsys.readouterr().out
    assert said.count("left as it is") >= 4
    assert {path: path.stat().st_mtime_ns for path in before} == before
    last = said.strip().splitlines()[-8:]
    assert str(run / "evaluation" / "index.html") in last[2]
    assert f"python -m vitrina import '{given[1]}' --collection my-pile --model {run}" in last[6]


def test_a_recipe_that_cannot_be_read_is_said_before_the_pile_is(
    given: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [
        "run",
        given[1],
        "--output_dir",
        str(tmp_path / "work"),
        "--license",
        "mit",
        "--recipe",
        "none.yaml",
    ]
    assert main(words) == 2
    assert "Expected a recipe at none.yaml; found No such file or directory." in capsys.readouterr().err
    assert not (tmp_path / "work").exists()
