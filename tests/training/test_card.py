"""python -m training card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cards.made_model_reports import eval_results, train_report
from tests.cards.made_reports import clean_report, collect_report, hexes, split_report
from training.__main__ import main
from training.arguments import CardArguments
from training.card import REPORTS, RUN_REPORTS, write_card, write_model_card
from vitrina.errors import BadRequest, NotFound


@pytest.fixture
def work(tmp_path: Path) -> Path:
    made = {"collect": collect_report(), "clean": clean_report(), "split": split_report()}
    for stage, report in made.items():
        path = tmp_path / "w" / REPORTS[stage]
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(report), encoding="utf-8")
    return tmp_path / "w"


def test_it_writes_the_card(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--license", "cc-by-4.0", "--title", "Night market", "--origin", "taken by the stall keepers"]
    described = "Dishes, grills and menus of a night market, photographed from the counter."
    for _ in range(2):
        assert main(["card", str(work), *options, "--description", described]) == 0
    golden = Path(__file__).parents[1] / "cards" / "golden_data_card.md"
    assert (work / "card" / "README.md").read_text(encoding="utf-8") == golden.read_text(encoding="utf-8")
    assert [path.name for path in (work / "card").iterdir()] == ["README.md"]
    assert capsys.readouterr().out.endswith(f"data card: {work / 'card' / 'README.md'}\n")


@pytest.mark.parametrize("option", ["--dataset_id", "--repo_id"])
def test_a_name_on_the_hub_stands_in_the_lines_that_load_it(work: Path, option: str) -> None:
    assert main(["card", str(work), "--license", "mit", option, "org/market"]) == 0
    card = (work / "card" / "README.md").read_text(encoding="utf-8")
    assert 'data = load_dataset("org/market")\n' in card
    assert "Not published yet" not in card


@pytest.mark.parametrize("stage", ["collect", "clean", "split"])
def test_a_missing_report_names_the_stage(work: Path, stage: str, capsys: pytest.CaptureFixture[str]) -> None:
    (work / REPORTS[stage]).unlink()
    assert main(["card", str(work), "--license", "mit"]) == 2
    assert capsys.readouterr().err == (
        f"python -m training card: Expected the report of {stage} at {REPORTS[stage]} in w; found none. "
        f"Run python -m training {stage} first.\n"
    )
    assert not (work / "card").exists()


def test_no_template(work: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as missing:
        write_card(work, CardArguments(license="mit"), template=tmp_path / "data_cards" / "template.md")
    assert str(missing.value) == (
        "Expected the card's template at data_cards/template.md; found none. "
        "Run it from a checkout of the repository."
    )


def test_the_licence_is_asked_for(work: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["card", str(work)])
    assert ended.value.code == 2


TOLD = ["--license", "apache-2.0", "--title", "Night market", "--origin", "taken by the stall keepers"]


@pytest.fixture
def run(work: Path) -> Path:
    """A run that was evaluated, in WORK/runs beside the split it was trained on."""
    run = work / "runs" / "market-head"
    for stage, report in {"train": train_report(), "evaluate": eval_results()}.items():
        path = run / RUN_REPORTS[stage]
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(report), encoding="utf-8")
        (run / "model").mkdir(exist_ok=True)
    (run / "model" / "config.json").write_text("{}", encoding="utf-8")
    return run


def test_it_writes_the_card_of_a_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    described = "Tells dishes, grills and menus of a night market apart."
    for _ in range(2):
        assert main(["card", str(run), *TOLD, "--description", described]) == 0
    golden = (Path(__file__).parents[1] / "cards" / "golden_model_card.md").read_bytes()
    assert (run / "card" / "README.md").read_bytes() == golden
    assert (run / "model" / "README.md").read_bytes() == golden
    assert sorted(path.name for path in run.rglob("*README*")) == ["README.md", "README.md"]
    assert capsys.readouterr().out.endswith(f"model card: {run / 'card' / 'README.md'}\n")
    assert not (run.parents[1] / "card").exists()


def test_a_run_alone_is_told_without_its_groups(run: Path, tmp_path: Path) -> None:
    alone = run.rename(tmp_path / "alone")
    text = write_model_card(alone, CardArguments(license="mit", repo_id="ana/market")).read_text(encoding="utf-8")
    assert "Not measured here: groups and leaks" in text
    assert 'model="ana/market")' in text


def test_a_split_made_since_is_not_taken_for_its_own(run: Path) -> None:
    other = split_report() | {"fingerprint": hexes("e")}
    (run.parents[1] / REPORTS["split"]).write_text(json.dumps(other), encoding="utf-8")
    text = write_model_card(run, CardArguments(license="mit")).read_text(encoding="utf-8")
    assert "Not measured here: groups and leaks" in text


def test_a_run_before_its_evaluation(run: Path) -> None:
    (run / RUN_REPORTS["evaluate"]).unlink()
    text = write_model_card(run, CardArguments(license="mit")).read_text(encoding="utf-8")
    assert "Not measured yet: run `python -m training evaluate` on this run." in text
    assert "model-index" not in text
    assert 'model="market-head/model")' in text


def test_an_evaluation_of_an_earlier_model_is_refused(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train = train_report() | {"revision": "model@sha256:ba9876543210"}
    (run / RUN_REPORTS["train"]).write_text(json.dumps(train), encoding="utf-8")
    assert main(["card", str(run), *TOLD]) == 2
    assert capsys.readouterr().err == (
        "python -m training card: Expected an eval_results.json of the model as it is now; found "
        "model@sha256:0123456789ab instead of model@sha256:ba9876543210. Run python -m training evaluate again.\n"
    )
    assert not list(run.rglob("*README*"))


def test_what_a_run_may_lack(run: Path, tmp_path: Path) -> None:
    told = CardArguments(license="mit")
    (run / RUN_REPORTS["evaluate"]).write_text("{", encoding="utf-8")
    with pytest.raises(BadRequest) as refused:
        write_model_card(run, told)
    assert str(refused.value).startswith("Expected JSON at evaluation/eval_results.json in market-head; found ")
    assert refused.value.next_step == "Run python -m training evaluate again."
    with pytest.raises(NotFound) as missing:
        write_model_card(run, told, template=tmp_path / "model_cards" / "template.md")
    assert missing.value.expected == "the card's template at model_cards/template.md"
    (run / "model" / "config.json").unlink()
    with pytest.raises(NotFound) as missing:
        write_model_card(run, told)
    assert str(missing.value) == (
        "Expected the model of the run at model in market-head; found none. Run python -m training train again."
    )
    (run / RUN_REPORTS["train"]).unlink()
    with pytest.raises(NotFound) as missing:
        write_model_card(run, told)
    assert str(missing.value) == (
        "Expected the report of train at train_report.json in market-head; found none. "
        "Run python -m training train first."
    )
