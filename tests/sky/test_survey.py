"""The survey is seeded, balanced, honest about wrong arguments."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml

from vitrina.errors import VitrinaError
from vitrina.sky.survey import CLASSES, render_galaxy, render_survey

RECIPE = Path(__file__).resolve().parents[2] / "training" / "recipes" / "simulated_sky.yaml"


def test_same_seed_gives_the_same_pictures() -> None:
    first = [(g.image.tobytes(), g.parameters) for g in render_survey(12, seed=5, size=64)]
    second = [(g.image.tobytes(), g.parameters) for g in render_survey(12, seed=5, size=64)]
    assert first == second
    assert len({picture for picture, _ in first}) == 12


def test_another_seed_gives_other_pictures() -> None:
    one, other = (next(iter(render_survey(1, seed=seed, size=64))) for seed in (1, 2))
    assert one.image.tobytes() != other.image.tobytes()
    assert one.parameters != other.parameters


def test_a_picture_does_not_depend_on_the_count() -> None:
    few = [g.image.tobytes() for g in render_survey(6, seed=9, size=64)]
    many = [g.image.tobytes() for g in render_survey(18, seed=9, size=64)]
    assert many[:6] == few
    alone = render_galaxy(CLASSES[4], seed=9, index=4, size=64)
    assert alone.image.tobytes() == few[4]


@pytest.mark.parametrize("count", [12, 15])
def test_classes_are_balanced(count: int) -> None:
    numbers = Counter(g.label for g in render_survey(count, seed=3, size=64))
    assert set(numbers) == set(CLASSES)
    assert max(numbers.values()) - min(numbers.values()) <= 1


def test_pictures_have_the_promised_form() -> None:
    for number, galaxy in enumerate(render_survey(6, seed=2, size=96)):
        assert galaxy.index == number
        assert galaxy.image.mode == "RGB"
        assert galaxy.image.size == (96, 96)
        pixels = np.asarray(galaxy.image)
        assert pixels.max() > 90, galaxy.label
        # Most of the picture is night.
        assert np.median(pixels) < 60, galaxy.label
        assert galaxy.parameters["class"] == galaxy.label
        assert all(isinstance(value, (float, str)) for value in galaxy.parameters.values())
        assert {"half_light_radius_px", "ab_magnitude_r", "seeing_arcsec"} <= set(galaxy.parameters)


def test_size_changes_the_sampling_but_not_the_galaxy() -> None:
    small = render_galaxy("elliptical", seed=4, index=0, size=96).parameters
    large = render_galaxy("elliptical", seed=4, index=0, size=192).parameters
    assert large["half_light_radius_arcsec"] == pytest.approx(small["half_light_radius_arcsec"])
    assert large["half_light_radius_px"] == pytest.approx(2 * float(small["half_light_radius_px"]))


def test_progress_counts_every_picture() -> None:
    seen: list[tuple[int, int]] = []
    list(render_survey(3, seed=1, size=64, progress=lambda done, count: seen.append((done, count))))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            {"count": 0, "seed": 1},
            "Expected a count of pictures that is a whole number from 1 to 1000000; found 0. "
            "Give a number in that range.",
        ),
        (
            {"count": 6, "seed": -1},
            "Expected a seed that is a whole number from 0 to 9223372036854775807; found -1. "
            "Give a number in that range.",
        ),
        (
            {"count": 6, "seed": 1, "size": 2000},
            "Expected a picture size in px that is a whole number from 64 to 512; found 2000. "
            "Give a number in that range.",
        ),
        (
            {"count": 1.5, "seed": 1},
            "Expected a count of pictures that is a whole number from 1 to 1000000; found 1.5. "
            "Give a number in that range.",
        ),
    ],
)
def test_wrong_numbers_are_refused_at_the_call(arguments: dict[str, int], text: str) -> None:
    with pytest.raises(VitrinaError) as caught:
        render_survey(**arguments)
    assert str(caught.value) == text


def test_unknown_class_is_refused_with_the_known_ones() -> None:
    with pytest.raises(VitrinaError) as caught:
        render_galaxy("comet", seed=1, index=0)
    assert str(caught.value) == (
        "Expected a class of galaxy, one of elliptical, spiral, barred_spiral, edge_on, irregular, merger; "
        "found 'comet'. Choose one of the known classes."
    )


def test_recipe_and_simulator_agree() -> None:
    recipe = yaml.safe_load(RECIPE.read_text(encoding="utf-8"))
    assert tuple(recipe["labels"]) == CLASSES
    assert set(recipe["label_titles"]) == set(CLASSES)
    assert recipe["simulated"] is True
    assert "simulated" in recipe["description"]["en"]
    assert "simulad" in recipe["description"]["es"]
    survey = recipe["survey"]
    render_survey(survey["count"], seed=survey["seed"], size=survey["size"])
    assert 0 < survey["held_out"] < 1


def test_importing_the_package_brings_nothing_heavy() -> None:
    code = "import sys, vitrina.sky; print(any(m in sys.modules for m in ('numpy', 'scipy', 'PIL', 'torch')))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
