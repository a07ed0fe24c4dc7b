"""A recipe: the record of one collection, its model, what that reached."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from vitrina.errors import BadRequest, VitrinaError
from vitrina.labels import LabelScheme

LANGUAGES = ("en", "es")
_SLUG = re.compile(r"[a-z0-9-]{1,64}")
_REQUIRED = {
    "slug": str,
    "title": dict,
    "description": dict,
    "labels": list,
    "label_titles": dict,
    "model": str,
    "simulated": bool,
    "measured": dict,
}
_OPTIONAL = {"class_map": dict, "abstain_below": float, "survey": dict}


@dataclass(frozen=True)
class Recipe:
    """What a recipe file says, checked.

    `title`, `description` and each of `label_titles` hold "en" and "es". `model` is a model reference, in a
    recipe with a `survey` the backbone. `class_map` is label -> names of the model's classes, None where a
    model of its own is trained. `abstain_below`, 0 to 1, belongs to the class map. `survey`
    holds the numbers of a simulated survey (count, seed, ...). `measured` is free: figures, n, intervals, date,
    command, what they are worth.
    """

    slug: str
    title: dict[str, str]
    description: dict[str, str]
    labels: LabelScheme
    label_titles: dict[str, dict[str, str]]
    model: str
    class_map: dict[str, list[str]] | None
    abstain_below: float
    simulated: bool
    measured: dict[str, Any]
    path: Path
    survey: dict[str, float] | None = field(default=None)


def load_recipe(path: Path) -> Recipe:
    """Read a YAML recipe. Raises BadRequest naming file and key: unknown, missing, repeated, wrong type."""
    path = Path(path)
    content = read_yaml(path)
    _check_keys(content, path)
    labels = _labels(content["labels"], path)
    titles = content["label_titles"]
    _same_labels("label_titles", titles, labels=labels, path=path)
    class_map = _class_map(content.get("class_map"), labels, path)
    survey = content.get("survey")
    for key, value in (survey or {}).items():
        number = isinstance(value, int | float) and not isinstance(value, bool)
        _expect(number, "a number", value, key=f"survey.{key}", path=path)
    _expect(
        _SLUG.fullmatch(content["slug"]), "1 to 64 of a-z, 0-9 and -", content["slug"], key="slug", path=path
    )
    # A model of its own carries its threshold in its config.json; a class map has no other place for one.
    given = content.get("abstain_below")
    _expect(
        (given is None) == (class_map is None),
        "a threshold with a class map alone",
        given,
        key="abstain_below",
        path=path,
    )
    share = float(given or 0.0)
    _expect(0.0 <= share <= 1.0, "a number from 0 to 1", share, key="abstain_below", path=path)
    return Recipe(
        slug=content["slug"],
        title=_languages(content["title"], key="title", path=path),
        description=_languages(content["description"], key="description", path=path),
        labels=labels,
        label_titles={
            name: _languages(titles[name], key=f"label_titles.{name}", path=path) for name in labels.names
        },
        model=content["model"],
        class_map=class_map,
        abstain_below=share,
        simulated=content["simulated"],
        measured=content["measured"],
        path=path,
        survey=survey,
    )


class _OnceLoader(yaml.SafeLoader):
    """Safe YAML in which a key stands once: the plain loader keeps the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands twice", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file in which a key stands once. Raises BadRequest: unreadable, no mapping."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_OnceLoader)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "bytes that are not UTF-8"
        raise BadRequest(f"a recipe at {path}", reason, "Check the path.") from error
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise BadRequest(f"YAML in the recipe {path.name}", said, "Correct the file.") from error
    if not isinstance(content, dict):
        raise BadRequest(
            f"keys and values in the recipe {path.name}", type(content).__name__, "Start from another recipe."
        )
    return content


def _check_keys(content: Mapping[str, Any], path: Path) -> None:
    known = _REQUIRED | _OPTIONAL
    unknown = sorted(str(key) for key in content if key not in known)
    missing = [key for key in _REQUIRED if key not in content]
    if unknown or missing:
        parts = [f"unknown {', '.join(unknown)}"] * bool(unknown) + [f"no {', '.join(missing)}"] * bool(
            missing
        )
        raise BadRequest(
            f"the keys {', '.join(known)} in the recipe {path.name}", " and ".join(parts), "Correct the file."
        )
    for key, kind in known.items():
        if key not in content or (key in _OPTIONAL and content[key] is None):
            continue
        value = content[key]
        right = isinstance(value, kind) or (kind is float and type(value) is int)
        _expect(right, f"a {kind.__name__}", value, key=key, path=path)


def _labels(names: list[Any], path: Path) -> LabelScheme:
    _expect(all(isinstance(name, str) for name in names), "texts", names, key="labels", path=path)
    try:
        return LabelScheme(tuple(names))
    except VitrinaError as error:
        raise BadRequest(
            f"{error.expected} as labels in {path.name}", error.found, error.next_step
        ) from error


def _same_labels(key: str, value: Mapping[str, Any], *, labels: LabelScheme, path: Path) -> None:
    _expect(
        set(value) == set(labels.names), f"exactly {', '.join(labels.names)}", list(value), key=key, path=path
    )


def _class_map(value: Any, labels: LabelScheme, path: Path) -> dict[str, list[str]] | None:
    if value is None:
        return None
    _same_labels("class_map", value, labels=labels, path=path)
    for label, names in value.items():
        right = isinstance(names, list) and names and all(isinstance(name, str) for name in names)
        _expect(right, "a list of class names", names, key=f"class_map.{label}", path=path)
    return dict(value)


def _languages(value: Any, *, key: str, path: Path) -> dict[str, str]:
    right = isinstance(value, dict) and set(value) == set(LANGUAGES)
    right = right and all(isinstance(text, str) and text.strip() for text in value.values())
    _expect(right, "a text under each of en, es", value, key=key, path=path)
    return {language: value[language] for language in LANGUAGES}


def _expect(right: object, expected: str, found: object, *, key: str, path: Path) -> None:
    if not right:
        raise BadRequest(
            f"{expected} under {key} in the recipe {path.name}", repr(found)[:200], "Correct the file."
        )
