"""One small split for all, read only."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.learning.made import make_work


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_work(tmp_path_factory.mktemp("split") / "work")
