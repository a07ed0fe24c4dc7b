"""python -m training card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cards.made_reports import clean_report, collect_report, split_report
from training.__main__ import main
from training.arguments import CardArguments
from training.card import REPORTS, write_card
from vitrina.errors import NotFound


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
        write_card(work, CardArguments(license="mit"), template=tmp_path / "template.md")
    assert str(missing.value) == (
        "Expected the card's template at data_cards/template.md; found none. "
        "Run it from a checkout of the repository."
    )


def test_the_licence_is_asked_for(work: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["card", str(work)])
    assert ended.value.code == 2
