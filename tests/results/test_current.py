"""A page is current while what it was made of stays the same."""

from __future__ import annotations

from pathlib import Path

from tests.results.made import Pictures, Run
from vitrina.report.write import write_text
from vitrina.results.current import MADE_OF, is_current, made_of


def mark(run: Path) -> None:
    import json

    write_text(run / "evaluation" / "index.html", "page")
    write_text(run / "evaluation" / MADE_OF, json.dumps(made_of(run)))


def test_a_whole_page_is_current(whole_run: Path) -> None:
    assert is_current(whole_run)


def test_a_change_of_any_source_is_seen(run: Run, pictures: Pictures) -> None:
    assert not is_current(run.folder)
    mark(run.folder)
    assert is_current(run.folder)
    (run.folder / "history.csv").write_text("epoch\n1\n", encoding="utf-8")
    assert not is_current(run.folder)
    mark(run.folder)
    (run.folder / "train_report.json").unlink()
    assert not is_current(run.folder)


def test_without_page_or_with_a_torn_mark_it_is_not(run: Run) -> None:
    mark(run.folder)
    (run.folder / "evaluation" / MADE_OF).write_text("{", encoding="utf-8")
    assert not is_current(run.folder)
    mark(run.folder)
    (run.folder / "evaluation" / "index.html").unlink()
    assert not is_current(run.folder)
