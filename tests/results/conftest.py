"""Runs for the tests of the page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.results.made import Pictures, Run, drawn_pictures, heat_maker, single_label_run
from vitrina.results import write_results
from vitrina.results.read import Results, read_run


@pytest.fixture(scope="session")
def pictures() -> Pictures:
    return drawn_pictures()


@pytest.fixture(scope="session")
def made_run(pictures: Pictures, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One class a picture. Tests copy it."""
    return single_label_run(tmp_path_factory.mktemp("runs") / "run", list(pictures))


@pytest.fixture
def run(made_run: Run, tmp_path: Path) -> Run:
    """A copy, to be changed as the test wants it."""
    folder = tmp_path / "run"
    shutil.copytree(made_run.folder, folder)
    copy = Run.__new__(Run)
    copy.folder, copy.names, copy.task = folder, made_run.names, made_run.task
    copy.evaluated, copy.trained = dict(made_run.evaluated), dict(made_run.trained)
    return copy


@pytest.fixture(scope="session")
def results(made_run: Run) -> Results:
    return read_run(made_run.folder)


@pytest.fixture(scope="session")
def whole_run(made_run: Run, pictures: Pictures, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With its page, plots and heat maps written, of a head that was fitted at once. Tests only read it."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    shutil.copytree(made_run.folder, folder)
    (folder / "history.csv").unlink()
    write_results(folder, picture_of=pictures.__getitem__, heat_of=heat_maker(pictures), examples=10)
    return folder
