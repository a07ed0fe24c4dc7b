"""Recipes: what they hold, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.models.bundled import imagenet_names
from vitrina.models.class_map import ClassMap
from vitrina.recipe import load_recipe

RECIPES = Path(__file__).resolve().parent.parent / "training" / "recipes"


@pytest.fixture
def content() -> dict[str, Any]:
    both = {"en": "Two", "es": "Dos"}
    return {
        "slug": "two-things",
        "title": dict(both),
        "description": dict(both),
        "labels": ["b", "a"],
        "label_titles": {"a": dict(both), "b": dict(both)},
        "model": "bundled/efficientnet-lite0",
        "class_map": {"b": ["pizza"], "a": ["espresso"]},
        "abstain_below": 0.5,
        "simulated": False,
        "measured": {"n": 3},
    }


def written(content: object, folder: Path) -> Path:
    path = folder / "two.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return path


def test_it_says_what_is_written(content: dict[str, Any], tmp_path: Path) -> None:
    path = written(content, tmp_path)
    recipe = load_recipe(path)
    assert recipe.labels.names == ("b", "a")
    assert list(recipe.label_titles) == ["b", "a"]
    assert recipe.class_map == {"b": ["pizza"], "a": ["espresso"]}
    assert recipe.title == {"en": "Two", "es": "Dos"}
    assert (recipe.slug, recipe.model, recipe.abstain_below) == (
        "two-things",
        "bundled/efficientnet-lite0",
        0.5,
    )
    assert (recipe.simulated, recipe.measured, recipe.path, recipe.survey) == (False, {"n": 3}, path, None)


def test_a_survey_instead_of_a_class_map(content: dict[str, Any], tmp_path: Path) -> None:
    del content["class_map"], content["abstain_below"]
    content |= {"survey": {"count": 600, "held_out": 0.25}}
    recipe = load_recipe(written(content, tmp_path))
    assert recipe.class_map is None
    assert recipe.survey == {"count": 600, "held_out": 0.25}
    assert recipe.abstain_below == 0.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red", "size": 3}, "found unknown colour, size. Correct the file."),
        (
            {"slug": "Two Things"},
            "Expected 1 to 64 of a-z, 0-9 and - under slug in the recipe two.yaml; found 'Two Things'.",
        ),
        (
            {"abstain_below": 1.5},
            "Expected a number from 0 to 1 under abstain_below in the recipe two.yaml; found 1.5.",
        ),
        (
            {"abstain_below": "low"},
            "Expected a float under abstain_below in the recipe two.yaml; found 'low'.",
        ),
        (
            {"class_map": None},
            "Expected a threshold with a class map alone under abstain_below in the recipe two.yaml",
        ),
        ({"abstain_below": True}, "Expected a float under abstain_below in the recipe two.yaml; found True."),
        ({"simulated": "no"}, "Expected a bool under simulated in the recipe two.yaml; found 'no'."),
        ({"labels": ["a", 2]}, "Expected texts under labels in the recipe two.yaml; found ['a', 2]."),
        ({"labels": ["a", "a"]}, "Expected labels that differ as labels in two.yaml; found 'a' twice."),
        (
            {"labels": ["a", "c"]},
            "Expected exactly a, c under label_titles in the recipe two.yaml; found ['a', 'b'].",
        ),
        (
            {"class_map": {"a": ["pizza"]}},
            "Expected exactly b, a under class_map in the recipe two.yaml; found ['a'].",
        ),
        ({"class_map": {"a": "pizza", "b": ["x"]}}, "Expected a list of class names under class_map.a"),
        (
            {"title": {"en": "Two"}},
            "Expected a text under each of en, es under title in the recipe two.yaml;",
        ),
        ({"title": {"en": "Two", "es": " "}}, "Expected a text under each of en, es under title"),
        (
            {"survey": {"count": "many"}},
            "Expected a number under survey.count in the recipe two.yaml; found 'many'.",
        ),
    ],
)
def test_what_is_wrong_is_named(
    content: dict[str, Any], tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        load_recipe(written(content | change, tmp_path))
    assert message in str(refused.value)


def test_missing_keys_are_named(content: dict[str, Any], tmp_path: Path) -> None:
    del content["slug"], content["measured"]
    with pytest.raises(BadRequest) as refused:
        load_recipe(written(content, tmp_path))
    assert str(refused.value) == (
        "Expected the keys slug, title, description, labels, label_titles, model, simulated, "
        "measured, class_map, abstain_below, survey in the recipe two.yaml; found no slug, measured. Correct the file."
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "Expected YAML in the recipe two.yaml; found "),
        ("a: 1\na: 2\n", "the key 'a' stands twice"),
        ("? [1]\n: 2\n", "Expected YAML in the recipe two.yaml; found "),
        ("- a\n", "Expected keys and values in the recipe two.yaml; found list. Start from another recipe."),
        ("", "Expected keys and values in the recipe two.yaml; found NoneType. Start from another recipe."),
        ("a: !!python/object/apply:os.system [ls]\n", "Expected YAML in the recipe two.yaml; found "),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        load_recipe(written(text, tmp_path))
    assert message in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as refused:
        load_recipe(tmp_path / "none.yaml")
    assert str(refused.value) == (
        f"Expected a recipe at {tmp_path / 'none.yaml'}; found No such file or directory. Check the path."
    )


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_recipe_of_the_house_loads(path: Path) -> None:
    recipe = load_recipe(path)
    if recipe.class_map is not None:
        matrix = ClassMap(recipe.class_map).matrix(LabelScheme(tuple(imagenet_names())), labels=recipe.labels)
        assert matrix.sum(axis=1).max() == 1.0


def test_the_figures_of_the_restaurant_recipe_belong_to_its_map() -> None:
    recipe = load_recipe(RECIPES / "restaurant_photos.yaml")
    assert recipe.labels.names == ("food", "drink", "inside", "outside", "menu")
    assert recipe.class_map is not None
    assert recipe.measured["revision"].endswith(f"+map:{ClassMap(recipe.class_map).fingerprint}")
    whole = recipe.measured["all"]
    assert whole["n"] == sum(figures["support"] for figures in whole["per_class"].values())
    right = sum(figures["support"] * figures["recall"] for figures in whole["per_class"].values())
    assert right / whole["n"] == pytest.approx(whole["accuracy"]["share"], abs=1e-3)
