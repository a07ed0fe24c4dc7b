"""Files that are there whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from vitrina.pile.files import whole, write_json


def test_a_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    with whole(path) as partial:
        partial.write_text("new")
        assert not path.exists()
    assert os.listdir(path.parent) == ["file"]
    assert path.read_text() == "new"


def test_a_block_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def half() -> None:
        with whole(path) as partial:
            partial.write_text("half")
            raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        half()
    assert os.listdir(tmp_path) == ["file"]
    assert path.read_text() == "old"


def test_json_is_utf8_for_people(tmp_path: Path) -> None:
    value = {"name": "café ☕", "values": [1, None, 0.5]}
    write_json(tmp_path / "report.json", value)
    data = (tmp_path / "report.json").read_bytes()
    assert json.loads(data) == value
    assert "café ☕".encode() in data
    assert data.startswith(b'{\n  "name"')
    assert data.endswith(b"}\n")
