"""The page as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitrina.report.captions import Plot
from vitrina.report.page import Pages
from vitrina.results.confusion import Confusion
from vitrina.results.galleries import Gallery
from vitrina.results.predicted import Predicted
from vitrina.results.read import Report, Results
from vitrina.results.tables import (
    COLUMNS,
    LEADING,
    class_rows,
    figure_rows,
    leading,
    n_of,
    threshold_rows,
    told,
)
from vitrina.results.words import ROOM, TEXTS

STYLES = ("frame.css", "report.css", "results.css")
PAGES = Pages(ROOM, TEXTS, STYLES)
SECTIONS = (
    "classes",
    "confusion",
    "galleries",
    "calibration",
    "abstention",
    "overall",
    "learning",
    "map",
    "recipe",
    "made",
)


def render(results: Results, *, language: str, **values: Any) -> str:
    """The page of a run. `values`: matrix, galleries, plots, maps, thumbnails, heat (see `write`)."""
    given: dict[str, Any] = {**_reports(results), **_tables(results), **values}
    there = [name for name in SECTIONS if _has(name, results, given)]
    return PAGES.render("results", language=language, results=results, sections=there, **given)


def _has(section: str, results: Results, given: Mapping[str, Any]) -> bool:
    plots: Mapping[str, Plot] = given["plots"]
    matrix: Confusion | None = given["matrix"]
    shown: list[Gallery] = given["galleries"]
    asked = {
        "overall": bool(given["figures"]),
        "confusion": matrix is not None,
        "galleries": any(gallery.total for gallery in shown),
        "calibration": bool(given["calibration"]),
        "abstention": bool(given["abstention"] or given["thresholds"]),
        "learning": results.trained is not None or bool(results.history),
        "map": bool(given["maps"]),
        "recipe": bool(given["recipe"]),
    }
    return asked.get(section, True) or (section == "learning" and "loss" in plots)


def _reports(results: Results) -> dict[str, Any]:
    evaluated, trained = results.evaluated, results.trained or {}
    return {
        "evaluated": evaluated,
        "trained": trained,
        "calibration": evaluated.get("calibration") or {},
        "abstention": evaluated.get("abstention") or {},
        "deletion": (evaluated.get("explained") or {}).get("deletion") or {},
        "recipe": trained.get("recipe") or {},
        "facts": facts(results),
        "unseen": list(evaluated.get("not_measured") or []),
        "refused": [_name(one) for one in evaluated.get("refused") or []],
    }


def _tables(results: Results) -> dict[str, Any]:
    abstention = results.evaluated.get("abstention") or {}
    augmented = results.evaluated.get("test_time_augmentation") or {}
    views = [str(view) for view in augmented.get("views") or []]
    return {
        "lead": leading(results),
        "leading": LEADING[results.task],
        "n": n_of(results.evaluated["test"], results) or len(results.test),
        "n_validation": n_of(results.evaluated.get("validation"), results),
        "validation": told((results.evaluated.get("validation") or {}).get(LEADING[results.task])),
        "columns": COLUMNS[results.task],
        "classes": class_rows(results),
        "figures": figure_rows(results),
        "thresholds": threshold_rows(results),
        "answered": told(abstention.get("coverage")),
        "right": told(abstention.get("precision")),
        "augmented": (views, told(augmented.get("accuracy"))) if views else None,
        "told": told,
        "plain": lambda figure: told(figure, share=False),
        "worst": worst,
    }


def worst(one: Predicted, *, most: int = 3) -> list[tuple[str, float]]:
    """The targets of which the answer is furthest from what it should have been, with that."""
    ranked = sorted((one.targets or {}).items(), key=lambda pair: (-abs(one.scores[pair[0]] - pair[1]), pair[0]))
    return ranked[:most]


def _name(one: object) -> str:
    if isinstance(one, Mapping):
        return str(one.get("file_name") or one.get("picture_id") or dict(one))
    return str(one)


def facts(results: Results) -> list[tuple[str, str]]:
    """How the run was made, as (text key, what is told); what nobody told is left out."""
    trained: Report = results.trained or {}
    hardware, given = trained.get("hardware") or {}, trained.get("input") or {}
    evaluated, model = results.evaluated, trained.get("model") or {}
    machine = [hardware.get("gpu"), hardware.get("cpu") or hardware.get("machine")]
    versions = [f"{name} {version}" for name, version in (trained.get("versions") or {}).items()]
    versions += [f"vitrina {evaluated['vitrina']}"] if evaluated.get("vitrina") else []
    rows: list[tuple[str, Any]] = [
        ("command", trained.get("command")),
        ("started_from", model.get("revision") or model.get("reference")),
        ("architecture", model.get("architecture")),
        ("revision", (evaluated.get("model") or {}).get("revision")),
        ("hardware", " · ".join(str(one) for one in machine if one) or None),
        ("versions", " · ".join(versions) or None),
        ("split", (evaluated.get("data") or {}).get("fingerprint") or given.get("fingerprint")),
        ("test_hash", (evaluated.get("data") or {}).get("sha256")),
        ("seed", None if trained.get("seed") is None else str(trained["seed"])),
        ("precision", trained.get("precision")),
    ]
    return [(key, str(value)) for key, value in rows if value]
