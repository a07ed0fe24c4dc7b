"""When the pages show the stages as they are now."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.report.made import Reports
from vitrina.report import is_current, write_report
from vitrina.report.current import MADE_OF, PAGES, made_of


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """Collected and cleaned, as far as the pages' age is told by it."""
    for place in ("collected/collect_report.json", "cleaned/clean_report.json"):
        (tmp_path / place).parent.mkdir()
        (tmp_path / place).write_text("{}")
    (tmp_path / "report").mkdir()
    for page in PAGES:
        (tmp_path / "report" / page).write_text("<p>")
    (tmp_path / "report" / MADE_OF).write_text(json.dumps(made_of(tmp_path)))
    return tmp_path


def test_pages_are_current_until_a_stage_says_something_else(shown: Path) -> None:
    empty = hashlib.sha256(b"{}").hexdigest()
    assert made_of(shown) == {"collect": empty, "clean": empty, "split": None}
    assert is_current(shown)
    (shown / "cleaned" / "clean_report.json").write_text('{"more": 1}')
    assert not is_current(shown)
    (shown / "cleaned" / "clean_report.json").write_text("{}")
    assert is_current(shown)
    (shown / "split").mkdir()
    (shown / "split" / "split_report.json").write_text("{}")
    assert not is_current(shown)


@pytest.mark.parametrize("name", [*PAGES, MADE_OF])
def test_a_page_that_is_missing_is_not_current(shown: Path, name: str) -> None:
    (shown / "report" / name).unlink()
    assert not is_current(shown)


def test_half_a_list_is_not_current(shown: Path) -> None:
    (shown / "report" / MADE_OF).write_text("{ half a fi")
    assert not is_current(shown)


def test_a_whole_report_is_current(whole_work: Path) -> None:
    assert is_current(whole_work)
    assert json.loads((whole_work / "report" / MADE_OF).read_text("utf-8")) == made_of(whole_work)


def test_a_report_that_was_stopped_is_not_current(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where the stages are again as the last whole report found them."""
    reports.clean([])
    write_report(reports.work)
    assert is_current(reports.work)

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vitrina.report.write.write_plots", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_report(reports.work)
    assert not is_current(reports.work)
