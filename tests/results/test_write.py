"""Stopped half-way no page is left; the same run gives the same page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.results.made import Pictures, Run, drawn_pictures, multi_label_run
from vitrina.errors import BadRequest, NotFound
from vitrina.results import is_current, write_results


@pytest.fixture
def small(tmp_path: Path, pictures: Pictures) -> Run:
    """A run with nothing to plot, so that writing it is quick."""
    run = multi_label_run(tmp_path / "run", list(pictures)[:20])
    run.trained |= {"grid": None, "history": []}
    run.write()
    return run


def test_a_page_is_whole_when_it_is_there(small: Run, pictures: Pictures) -> None:
    path = write_results(small.folder, picture_of=pictures.__getitem__, language="es")
    assert path == small.folder / "evaluation/index.html"
    assert is_current(small.folder)
    first = path.read_bytes()
    assert write_results(small.folder, picture_of=pictures.__getitem__, language="es").read_bytes() == first


def test_stopped_half_way_there_is_no_page(small: Run, pictures: Pictures) -> None:
    path = write_results(small.folder, picture_of=pictures.__getitem__)

    def gone(_: str) -> bytes:
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        write_results(small.folder, picture_of=gone)
    assert not path.exists()
    assert not is_current(small.folder)


def test_a_request_that_is_wrong_leaves_the_page_alone(small: Run, pictures: Pictures) -> None:
    write_results(small.folder, picture_of=pictures.__getitem__)
    with pytest.raises(BadRequest) as told:
        write_results(small.folder, picture_of=pictures.__getitem__, language="xx")
    assert str(told.value) == "Expected one of the languages en, es; found 'xx'. Choose one of them."
    assert is_current(small.folder)


def test_a_run_that_was_not_evaluated_is_left_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        write_results(tmp_path, picture_of={}.__getitem__)
    assert list(tmp_path.iterdir()) == []


def test_plots_of_an_earlier_page_are_cleared_and_nothing_else(small: Run, pictures: Pictures) -> None:
    folder = small.folder / "evaluation"
    for name in ("coverage-en-day.png", "answers-3-es-night.png", "mine.png"):
        (folder / name).write_bytes(b"earlier")
    before = json.loads((folder / "eval_results.json").read_text(encoding="utf-8"))
    write_results(small.folder, picture_of=pictures.__getitem__)
    assert sorted(path.name for path in folder.glob("*.png")) == ["mine.png"]
    assert json.loads((folder / "eval_results.json").read_text(encoding="utf-8")) == before


def test_pictures_are_drawn_the_same_each_time(pictures: Pictures) -> None:
    assert list(drawn_pictures(3)) == list(pictures)[:3]
