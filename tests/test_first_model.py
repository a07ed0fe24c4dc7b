"""A first classifier: trained on one part, measured on another, by the model as it was saved."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from vitrina.errors import VitrinaError
from vitrina.first_model import fit_first_model, hold_out
from vitrina.labels import LabelScheme


def test_hold_out_is_stratified_and_by_seed() -> None:
    labels = ["a"] * 40 + ["b"] * 12
    train, held = hold_out(labels, share=0.25, seed=3)
    assert sorted(train + held) == list(range(52))
    assert sum(labels[i] == "a" for i in held) == 10
    assert sum(labels[i] == "b" for i in held) == 3
    assert hold_out(labels, share=0.25, seed=3) == (train, held)
    assert hold_out(labels, share=0.25, seed=4) != (train, held)


@pytest.mark.parametrize(
    ("labels", "found"), [(["a"] * 9 + ["b"] * 3, "b (3)"), (["a"] * 9, "1 class"), ([], "0 class")]
)
def test_too_few_pictures_are_told(labels: list[str], found: str) -> None:
    with pytest.raises(VitrinaError) as error:
        hold_out(labels, share=0.25, seed=0)
    assert str(error.value) == (
        f"Expected at least two classes with four labelled pictures each; found {found}. "
        "Label more pictures, then train again."
    )


def test_what_is_measured_is_the_saved_model_on_pictures_held_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    # Red or blue with noise: any backbone tells them apart, so a figure far below 1 would be a fault.
    tints = {"red": (200, 40, 40), "blue": (40, 40, 200)}
    labels = ["red", "blue"] * 10
    pictures = [
        np.clip(np.array(tints[label]) + rng.normal(0, 30, (96, 96, 3)), 0, 255).astype(np.uint8)
        for label in labels
    ]
    seen: list[str] = []
    first = fit_first_model(
        pictures,
        labels,
        LabelScheme(("red", "blue")),
        slug="tints",
        data=tmp_path,
        seed=0,
        progress=lambda doing, done, of: seen.append(doing),
    )
    assert first.folder.startswith("models/tints-")
    report = json.loads((tmp_path / first.folder / "eval_results.json").read_text())
    assert report == first.measured
    assert (report["n"], report["trained_on"]) == (5, 15)
    assert report["accuracy"] == 1
    assert report["revision"] == first.revision
    assert [a.top_label for a in first.predictions] == [labels[i] for i in first.held_out]
    assert seen[0] == "features"
    assert seen[-1] == "head"
    again = fit_first_model(
        pictures, labels, LabelScheme(("red", "blue")), slug="tints", data=tmp_path, seed=0
    )
    assert again.revision == first.revision  # The same seed, the same model, the same place.
