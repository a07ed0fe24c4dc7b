"""The pictures that tell most come first."""

from __future__ import annotations

from dataclasses import replace

from vitrina.results.galleries import galleries, pictures_of
from vitrina.results.predicted import Predicted
from vitrina.results.read import Results


def shown(name: str, label: str | None, x: float, y: float) -> Predicted:
    said = "x" if x >= y else "y"
    return Predicted(
        name,
        f"{name}.png",
        {"x": x, "y": y},
        labels=() if label is None else (label,),
        said=(said,),
        confidence=max(x, y),
        known=label is not None,
    )


TEST = (
    shown("d", "x", 0.9, 0.1),
    shown("c", "y", 0.8, 0.2),
    shown("b", "y", 0.8, 0.2),
    shown("a", "x", 0.45, 0.55),
    shown("e", "y", 0.3, 0.7),
    shown("f", None, 1.0, 0.0),
)


def ids(results: Results, limit: int = 9) -> dict[str, list[str]]:
    return {one.kind: [p.picture_id for p in one.shown] for one in galleries(results, limit=limit)}


def test_order_by_confidence_then_by_name(results: Results) -> None:
    assert ids(replace(results, test=TEST)) == {
        "most_wrong": ["b", "c", "a"],
        "most_right": ["d", "e"],
        "least_sure": ["a", "e", "b", "c", "d"],
    }


def test_limits_keep_the_total(results: Results) -> None:
    several = galleries(replace(results, test=TEST), limit=1)
    assert [(one.total, len(one.shown)) for one in several] == [(3, 1), (2, 1), (5, 1)]
    assert pictures_of(several) == ["b", "d", "a"]


def test_other_tasks_are_ranked_by_error(results: Results) -> None:
    numbers = tuple(
        Predicted(name, f"{name}.png", {"x": 0.5}, targets={"x": target})
        for name, target in (("a", 0.4), ("b", 1.0), ("c", 0.5))
    )
    told = replace(results, test=numbers, evaluated={**results.evaluated, "task": "regression"})
    assert ids(told) == {"largest_error": ["b", "a", "c"], "smallest_error": ["c", "a", "b"]}
