"""Working folders for the report's tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.report.made import Reports, collected, make_pile, usual_queue
from vitrina.pile import open_pile
from vitrina.report import write_report
from vitrina.report.found import Found, read_work


@pytest.fixture(scope="session")
def collected_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Only collected. Tests copy it."""
    folder = tmp_path_factory.mktemp("report")
    make_pile(folder / "pile <of> pictures")
    collected(folder / "work", folder / "pile <of> pictures")
    return folder / "work"


@pytest.fixture
def reports(collected_work: Path, tmp_path: Path) -> Reports:
    """Reports on a copy of the collection, to be written as the test wants them."""
    work = tmp_path / "work"
    shutil.copytree(collected_work, work)
    return Reports(work, open_pile(work / "collected"))


@pytest.fixture(scope="session")
def whole_work(collected_work: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collected, cleaned, split, with its report written. Tests only read it."""
    work = tmp_path_factory.mktemp("whole") / "work"
    shutil.copytree(collected_work, work)
    made = Reports(work, open_pile(work / "collected"))
    made.clean(usual_queue(made))
    made.split()
    write_report(work)
    return work


@pytest.fixture(scope="session")
def found(whole_work: Path) -> Found:
    return read_work(whole_work)
