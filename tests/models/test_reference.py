"""What names a model."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitrina.errors import ModelUnavailable
from vitrina.models.reference import ModelReference


@pytest.mark.parametrize(
    ("text", "kind", "name", "revision"),
    [
        ("bundled/efficientnet-lite0", "bundled", "efficientnet-lite0", None),
        ("google/vit-base-patch16-224", "hub", "google/vit-base-patch16-224", None),
        ("org/name@v1.0", "hub", "org/name", "v1.0"),
        ("org/name@refs/pr/7", "hub", "org/name", "refs/pr/7"),
        ("./org/name", "folder", "./org/name", None),
        ("~/models/mine", "folder", "~/models/mine", None),
        ("models/2026/mine", "folder", "models/2026/mine", None),
        ("mine", "folder", "mine", None),
        ("/srv/models/a@b", "folder", "/srv/models/a@b", None),
        ("../mine", "folder", "../mine", None),
    ],
)
def test_it_reads_and_writes_itself(text: str, kind: str, name: str, revision: str | None) -> None:
    reference = ModelReference.parse(text)
    assert (reference.kind, reference.name, reference.revision) == (kind, name, revision)
    assert str(reference) == text
    assert ModelReference.parse(str(reference)) == reference


def test_a_folder_that_exists_is_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "org" / "name").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert ModelReference.parse("org/name").kind == "folder"
    assert ModelReference.parse(Path("bundled/x")).kind == "folder"


@pytest.mark.parametrize("text", ["", "  ", "a\0b"])
def test_an_empty_name_is_refused(text: str) -> None:
    with pytest.raises(ModelUnavailable) as refusal:
        ModelReference.parse(text)
    assert str(refusal.value) == (
        f"Expected the name of a model; found {text!r}. "
        "Write bundled/efficientnet-lite0, a folder, or org/name@revision."
    )
