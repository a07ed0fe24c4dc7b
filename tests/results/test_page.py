"""The page: whole, escaped, in every language, from nowhere but its own folder; what is missing is said or left out."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.report.test_page import Read
from tests.results.made import BOLD, END, TRICK, Pictures, Run, heat_maker, multi_label_run, regression_run
from vitrina.results.page import SECTIONS, facts, worst
from vitrina.results.predicted import Predicted
from vitrina.results.read import Results, read_run
from vitrina.results.write import Sources, write_page


def written(run: Path, pictures: Pictures, **told: Any) -> Read:
    """The page of `run`, written without its plots."""
    sources = Sources(pictures.__getitem__, told.pop("heat_of", None))
    return Read(write_page(read_run(run), run / "evaluation", sources, **told).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(whole_run: Path) -> Read:
    return Read((whole_run / "evaluation/index.html").read_text(encoding="utf-8"))


def test_every_section_is_there_and_in_the_contents(page: Read) -> None:
    there = [name for name in SECTIONS if name != "map"]
    assert [told["id"] for told in page.all("section")] == there
    links = [str(told["href"]) for told in page.all("a")][2 : 2 + len(there)]
    # After the link to the content and home come those of the contents.
    assert [f"#{name}" for name in there] == links


def test_ids_are_there_once_and_labels_name_them(page: Read) -> None:
    ids = [told["id"] for _, told in page.elements if "id" in told]
    assert len(ids) == len(set(ids))
    for _, told in page.elements:
        assert (told.get("aria-labelledby") or ids[0]) in ids
        address = told.get("href") or ""
        assert not address.startswith("#") or address[1:] in ids


def test_headings_skip_no_level(page: Read) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_picture_is_beside_the_page_with_its_size_and_a_text(whole_run: Path, page: Read) -> None:
    for told in page.all("img"):
        assert re.fullmatch(r"(pictures|heat)/[0-9a-f]{64}\.jpg|[\w-]+\.png", str(told["src"]))
        with Image.open(whole_run / "evaluation" / str(told["src"])) as image:
            shape = image.width / image.height
        assert int(str(told["width"])) / int(str(told["height"])) == pytest.approx(shape, rel=0.02)
        assert told["alt"]
        assert told["loading"] == "lazy"


def test_only_our_scripts_may_run_and_nothing_comes_from_elsewhere(whole_run: Path, page: Read) -> None:
    (policy,) = [told["content"] for told in page.all("meta") if told.get("http-equiv")]
    assert str(policy).startswith("default-src 'none'; script-src 'sha256-")
    assert len(page.scripts) == 2
    assert not [told for _, told in page.elements if any(name.startswith("on") for name in told)]
    text = (whole_run / "evaluation/index.html").read_text(encoding="utf-8")
    # The name of the SVG language, in the icon: never fetched.
    addresses = re.findall(r"https?://[^\"'\s)]+", text)
    assert all(address.startswith("http://www.w3.org/2000/svg%22") for address in addresses)
    assert END not in text
    assert not page.all("b")
    assert BOLD in page.text("classes")
    assert TRICK in page.text("confusion")
    assert END in page.text("recipe")


def test_figures_of_the_reports_are_on_the_page(page: Read, made_run: Run) -> None:
    test = made_run.evaluated["test"]["accuracy"]
    told = f"{100 * test['value']:.1f}"
    assert f"{told} %" in page.text(None)
    assert f"{told.replace('.', ',')} %" in page.text(None)
    assert f"{100 * test['interval'][0]:.1f} – {100 * test['interval'][1]:.1f}" in page.text(None)
    abstention = made_run.evaluated["abstention"]
    answered, right = (round(100 * abstention[key]["value"]) for key in ("coverage", "precision"))
    assert f"it answers {answered} of 100 pictures and is right in {right} of 100 of those." in page.text(None)
    assert "were used for choosing" in page.text(None)
    assert "Checked on 16 pictures" in page.text("galleries")
    assert "in 94 of 100" in page.text("galleries")
    assert "python -m training train WORK --mode head" in page.text("made")
    assert "model@sha256:0123456789ab" in page.text("made")
    assert "The penalty 1 was chosen by log loss on validation." in page.text("learning")
    assert "from 60 resamples of the pictures (seed 0)" in page.text("overall")


def test_every_field_opens_its_pictures(page: Read, results: Results) -> None:
    cells = [str(told["href"]) for told in page.all("a") if str(told["href"]).startswith("#cell-")]
    pairs = {(one.labels[0], one.said[0]) for one in results.test}
    assert len(cells) == len(set(cells)) == len(pairs)
    opened = [told["id"] for told in page.all("div") if told.get("class") == "behind"]
    assert [f"#{one}" for one in opened] == cells


def test_heat_maps_stand_beside_their_pictures(page: Read, whole_run: Path) -> None:
    heat = {str(told["src"]) for told in page.all("img") if str(told["src"]).startswith("heat/")}
    assert heat == {f"heat/{path.name}" for path in (whole_run / "evaluation/heat").iterdir()}
    assert "Beside each picture" in page.text("galleries")


def test_every_text_is_there_in_every_language(page: Read) -> None:
    spans = [told["class"] for told in page.all("span") if (told.get("class") or "").startswith("in-")]
    assert spans.count("in-en") == spans.count("in-es") > 300


def test_what_is_missing_is_left_out_or_said(run: Run, pictures: Pictures) -> None:
    for name in ("history.csv", "train_report.json", "evaluation/validation_predictions.jsonl"):
        (run.folder / name).unlink()
    for key in ("calibration", "abstention", "class_thresholds", "explained", "validation", "bootstrap"):
        run.evaluated[key] = None
    run.evaluated |= {"not_measured": [BOLD], "refused": [{"file_name": "torn.png"}, "gone.png"]}
    run.trained = {}
    run.write()
    (run.folder / "train_report.json").unlink()
    page = written(run.folder, {}, language="es")
    assert page.all("html") == [{"lang": "es"}]
    assert [told["id"] for told in page.all("section")] == ["classes", "confusion", "galleries", "overall", "made"]
    assert "No heat maps were made for this page." in page.text("galleries")
    assert "no thumbnail" in page.text("galleries")
    assert "Without a test picture" in page.text("classes")
    assert "2 pictures could not be read and are in no figure:" in page.text("overall")
    assert "torn.png" in page.text("overall")
    assert "This run has no train_report.json" in page.text("made")
    assert "were used for choosing" not in page.text(None)
    assert not page.all("img") or all(str(told["src"]).endswith(".png") for told in page.all("img"))


def test_figures_that_cannot_be_said_are_not_made_up(run: Run, pictures: Pictures) -> None:
    nothing = {"value": None, "interval": None, "n": 0}
    row = dict.fromkeys(("precision", "recall", "f1"), nothing) | {"support": 0}
    test = {"accuracy": nothing, "per_class": {BOLD: row}, "confusion": {}, "macro": None, "log_loss": nothing}
    run.evaluated["test"] = test
    run.evaluated["abstention"] |= {"coverage": nothing, "precision": nothing, "curve": []}
    run.evaluated["class_thresholds"][BOLD] |= {"threshold": None, "precision": nothing, "recall": nothing}
    run.write()
    page = written(run.folder, pictures)
    assert "There are too few test pictures to say how good this model is." in page.text(None)
    assert "cannot be said" in page.text("classes")
    assert "on test the model answers no picture at all" in page.text("abstention")
    assert "none reaches it" in page.text("abstention")


def test_a_model_that_always_answers_says_so(run: Run, pictures: Pictures) -> None:
    run.evaluated["abstention"]["abstain_below"] = 0.0
    run.write()
    page = written(run.folder, pictures)
    assert "It answers every picture." in page.text(None)
    assert "the model answers every picture" in page.text("abstention")


def test_many_classes_have_a_list_in_place_of_a_table(run: Run, pictures: Pictures) -> None:
    names = [*run.evaluated["class_names"], *(f"kind {number}" for number in range(30))]
    run.evaluated["class_names"] = names
    run.write()
    page = written(run.folder, pictures)
    assert "With 36 classes the whole table would help nobody." in page.text("confusion")
    assert "taken for" in page.text("confusion")


def test_several_classes_a_picture(pictures: Pictures, tmp_path: Path) -> None:
    run = multi_label_run(tmp_path / "run", list(pictures))
    page = written(run.folder, pictures, heat_of=heat_maker(pictures), examples=3)
    assert [told["id"] for told in page.all("section")] == [
        "classes", "galleries", "abstention", "overall", "learning", "recipe", "made",
    ]  # fmt: skip
    assert "Average precision" in page.text("classes")
    assert "mean average precision on test" in page.text(None)
    assert "Thresholds by class" in page.text("abstention")
    assert "3 of 60 shown" in page.text("galleries")


def test_numbers(pictures: Pictures, tmp_path: Path) -> None:
    run = regression_run(tmp_path / "run", list(pictures))
    page = written(run.folder, pictures, examples=3)
    assert "Mean absolute error" in page.text("classes")
    assert f"{run.evaluated['test']['mae']['value']:.3f}" in page.text(None)
    assert "instead of" in page.text("galleries")
    assert "answers-0-en-day.png" in {told["src"] for told in page.all("img")}


def test_worst_targets_come_first() -> None:
    one = Predicted("a", "a.png", {"x": 0.5, "y": 0.5, "z": 0.5}, targets={"x": 0.4, "y": 0.9, "z": 0.5})
    assert worst(one, most=2) == [("y", 0.9), ("x", 0.4)]


def test_facts_leave_out_what_nobody_told(results: Results) -> None:
    told = dict(facts(results))
    assert told["hardware"] == "AMD EPYC"
    assert told["seed"] == "0"
    assert told["test_hash"] == "a" * 64
    assert "precision" in told
