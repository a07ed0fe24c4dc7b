"""Names as they may be shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.readers.piles import labels, skipped
from vitrina.errors import BadRequest
from vitrina.readers import open_source, read_folder
from vitrina.readers.names import shown


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("plain name.jpg", "plain name.jpg"),
        ("é 猫\u200b.jpg", "é 猫\u200b.jpg"),
        ("\x1b[31mred\x07.jpg", "\ufffd[31mred\ufffd.jpg"),
        ("a\r\n\tb\x00\x7f", "a\ufffd\ufffd\ufffdb\ufffd\ufffd"),
        ("é\x9b31m\x80\x9f\xa0", "é\ufffd31m\ufffd\ufffd\xa0"),
        (os.fsdecode(b"\xff\x1b.jpg"), "\ufffd\ufffd.jpg"),
        ("\ud800\x1b", "?\ufffd"),
    ],
)
def test_no_control_character_is_shown(name: str, said: str) -> None:
    assert shown(name) == said


def test_a_file_of_such_a_name_is_read(tmp_path: Path) -> None:
    for name in ("cats/\x1b[2J.jpg", "cats/1.jpg", "do\x1bgs/2.jpg", "dogs/3.jpg", "\x1b.txt"):
        path = tmp_path / "pi\x1ble" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"bytes of " + os.fsencode(name))
    source = read_folder(tmp_path / "pi\x1ble")
    assert labels(source) == {"cats/\ufffd[2J.jpg": "cats", "cats/1.jpg": "cats", "dogs/3.jpg": "dogs"}
    assert {item.source for item in source.items} == {"folder:pi\ufffdle"}
    reasons = skipped(source)
    assert sorted(reasons) == ["do\ufffdgs/2.jpg", "\ufffd.txt"]
    assert reasons["do\ufffdgs/2.jpg"].startswith("its folder's name cannot be a label: ")
    assert "\x1b" not in f"{source.inferred}{source.skipped}{source.class_names}"
    datas = [data for _, data in source.read(source.items)]
    assert b"bytes of cats/\x1b[2J.jpg" in datas
    with pytest.raises(BadRequest) as refused:
        open_source(tmp_path / "pi\x1ble" / "\x1b.txt")
    assert "a file, \ufffd.txt" in str(refused.value)
