"""The golden picture, and what is looked at before a model serves."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.models.made import tiny
from vitrina.errors import ModelUnavailable
from vitrina.labels import LabelScheme
from vitrina.models.backbone import load_model, save_model
from vitrina.models.golden import GOLDEN, golden_picture, golden_scores, verify_model
from vitrina.repositories.manifest import MANIFEST, Manifest
from vitrina.repositories.release import Content

PETS = LabelScheme(("dog", "cat", "owl"))


def published(folder: Path, **told: object) -> Path:
    """A model folder with its golden answer and manifest."""
    save_model(tiny("resnet-18", scheme=PETS), folder)
    (folder / GOLDEN).write_bytes(golden_picture())
    loaded = load_model(folder)
    files = {path.name: path for path in folder.iterdir()}
    manifest = Manifest(
        kind="model",
        name="pets",
        created="",
        files={},
        labels=loaded.labels.names,
        task="single_label",
        golden=golden_scores(loaded, golden_picture()),
    )
    content = Content.of(files, replace(manifest, **told))  # type: ignore[arg-type]
    (folder / MANIFEST).write_bytes(content.manifest.to_bytes())
    return folder


def test_the_picture_is_the_same_everywhere_and_has_much_in_it() -> None:
    assert golden_picture() == golden_picture()
    pixels = np.asarray(Image.open(io.BytesIO(golden_picture())))
    assert pixels.shape == (288, 384, 3)
    assert pixels.std(axis=(0, 1)).min() > 40


def test_what_was_published_is_verified(tmp_path: Path) -> None:
    found = verify_model(published(tmp_path / "pets"), said="org/pets")
    assert found.not_verified == ()
    assert found.manifest is not None
    assert found.loaded.labels.names == ("dog", "cat", "owl")


def test_a_model_of_somebody_else_loads_and_says_what_was_not_verified(tmp_path: Path) -> None:
    save_model(tiny("resnet-18", scheme=PETS), tmp_path / "pets")
    found = verify_model(tmp_path / "pets", said="org/pets")
    assert found.manifest is None
    assert found.not_verified[0] == (
        f"There is no {MANIFEST} with org/pets: it was not published by Vitrina, or the file did not come along."
    )
    assert len(found.not_verified) == 4
    assert found.loaded.model is not None


def flip(folder: Path) -> None:
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-20] ^= 1
    (folder / "model.safetensors").write_bytes(data)


def break_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text("{")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (flip, r"found another model\.safetensors. Fetch it again"),
        (lambda folder: (folder / GOLDEN).unlink(), r"found no golden\.png. Fetch it again"),
        (lambda folder: (folder / "config.json").unlink(), r"found no config\.json"),
        (break_manifest, "a manifest of format 1 in vitrina_manifest.json"),
    ],
)
def test_damage_is_found(tmp_path: Path, damage: Callable[[Path], None], said: str) -> None:
    folder = published(tmp_path / "pets")
    damage(folder)
    with pytest.raises(ModelUnavailable, match=said):
        verify_model(folder, said="org/pets")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (
            {"golden": {"dog": 0.9, "cat": 0.05, "owl": 0.05}},
            r"the golden answer of org/pets .* Load it with the versions of the libraries",
        ),
        ({"golden": {"dog": 1 / 3}}, "the golden answer of org/pets"),
        ({"golden": None}, "the golden answer in vitrina_manifest.json of org/pets; found none"),
        (
            {"labels": ("owl", "cat", "dog")},
            r"the classes that .* names \(owl, cat, dog\); found dog, cat, owl",
        ),
        ({"kind": "dataset"}, "Expected a model in org/pets; found a dataset. Name a model's repository"),
    ],
)
def test_another_answer_than_was_published_is_refused(
    tmp_path: Path, told: dict[str, object], said: str
) -> None:
    with pytest.raises(ModelUnavailable, match=said):
        verify_model(published(tmp_path / "pets", **told), said="org/pets")


@pytest.mark.parametrize("name", ["model.safetensors", "preprocessor_config.json", "config.json", GOLDEN])
def test_a_manifest_that_leaves_a_file_out_vouches_for_nothing(tmp_path: Path, name: str) -> None:
    folder = published(tmp_path / "pets")
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    del told["files"][name]
    (folder / MANIFEST).write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(
        ModelUnavailable, match=f"names every file the model is loaded from; found none of {name}"
    ):
        verify_model(folder, said="org/pets")


def test_other_weights_do_not_give_the_golden_answer(tmp_path: Path) -> None:
    """The tolerance lets other processors through, not other models: a head that is half a turn away."""
    folder = published(tmp_path / "pets")
    loaded = load_model(folder)
    before = golden_scores(loaded, golden_picture())
    head = [one for one in loaded.model.parameters() if one.ndim == 2][-1]
    head.data[:] = -head.data
    after = golden_scores(loaded, golden_picture())
    assert max(abs(before[name] - after[name]) for name in before) > 0.01


@pytest.mark.parametrize(
    "unlisted", [("model.safetensors",), ("config.json", "preprocessor_config.json"), (GOLDEN,)]
)
def test_a_file_that_the_manifest_does_not_name_is_no_verified_one(
    tmp_path: Path, unlisted: tuple[str, ...]
) -> None:
    folder = published(tmp_path / "pets")
    told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    for name in unlisted:
        del told["files"][name]
    (folder / MANIFEST).write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(
        ModelUnavailable,
        match=rf"^Expected a {MANIFEST} of org/pets that names every file the model is loaded from; "
        rf"found none of {', '.join(unlisted)}\. Publish the version again\.$",
    ):
        verify_model(folder, said="org/pets")


def test_processing_that_was_added_later_is_found(tmp_path: Path) -> None:
    folder = published(tmp_path / "pets")
    (folder / "processor_config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelUnavailable, match=r"found none of processor_config\.json"):
        verify_model(folder, said="org/pets")
    (folder / "processor_config.json").unlink()
    (folder / "notes.json").write_text("{}", encoding="utf-8")
    assert verify_model(folder, said="org/pets").not_verified == ()
