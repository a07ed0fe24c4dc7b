"""Whether a new model may take the place of the one in force: not worse on the same test pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from vitrina.errors import BadRequest

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Compared:
    """One figure of both models on the same `n` test pictures.

    `name` is "accuracy" or the figure of a class; `worse_by` is positive where the new one is worse; it passes up to
    `allowed`. None where the figure cannot be said of one of the two (no test picture of a class): that passes.
    """

    name: str
    new: float | None
    champion: float | None
    n: int
    worse_by: float | None
    allowed: float

    @property
    def passes(self) -> bool:
        return self.worse_by is None or self.worse_by <= self.allowed + 1e-9


@dataclass(frozen=True)
class Gate:
    """What was compared, over all first, then class by class; `n` test pictures."""

    n: int
    compared: tuple[Compared, ...]

    @property
    def refused(self) -> tuple[Compared, ...]:
        """Where the new one is worse beyond the margin."""
        return tuple(one for one in self.compared if not one.passes)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"n": self.n, "compared": [asdict(one) | {"passes": one.passes} for one in self.compared]}


def compare_with_champion(
    new: Figures, champion: Figures, *, task: str, n: int, margin: float = 0.01, class_margin: float = 0.05
) -> Gate:
    """Accuracy and recall of each class (single_label), average precision (multi_label), errors (regression).

    `new` and `champion` are "test" of an eval_results.json, measured on the same `n` pictures. `margin` and
    `class_margin` are shares, 0 to 1, of the value range; a class is allowed at least one picture, since nothing less
    can be told of it. Raises BadRequest for other figures, for a margin outside 0 to 1.
    """
    for name, value in (("margin", margin), ("class_margin", class_margin)):
        if not 0 <= value <= 1:
            raise BadRequest(f"a {name} from 0 to 1", str(value), "Say 0.01 for one point.")
    try:
        over_all, classes = _figures(task)
        found = [
            _one(over_all, new[over_all], champion[over_all], allowed=margin, lower=task == "regression")
        ]
        found += list(_classes(new, champion, task=task, classes=classes, allowed=class_margin))
    except (KeyError, TypeError, AttributeError) as problem:
        raise BadRequest(
            f"figures of both models for the task {task}, with the same classes",
            f"{type(problem).__name__}: {problem}",
            "Run python -m training evaluate again, with this version.",
        ) from problem
    return Gate(n, tuple(found))


def _figures(task: str) -> tuple[str, tuple[str, str]]:
    """(figure over all, (key of the classes, figure of each))."""
    return {
        "single_label": ("accuracy", ("per_class", "recall")),
        "multi_label": ("mean_average_precision", ("per_class", "average_precision")),
        "regression": ("mae", ("per_target", "mae")),
    }[task]


def _classes(
    new: Figures, champion: Figures, *, task: str, classes: tuple[str, str], allowed: float
) -> Iterator[Compared]:
    key, figure = classes
    for name in new[key]:
        mine, theirs = new[key][name], champion[key][name]
        # Of the pictures of a class: the recall of ten cannot fall by less than a tenth.
        support = int(mine.get("support") or mine[figure]["n"] or 0)
        one_picture = 1 / support if support and task == "single_label" else 0.0
        yield _one(
            f"{figure} of {name}",
            mine[figure] | {"n": support},
            theirs[figure],
            allowed=max(allowed, one_picture),
            lower=task == "regression",
        )


def _one(name: str, new: Figures, champion: Figures, *, allowed: float, lower: bool) -> Compared:
    mine, theirs = new["value"], champion["value"]
    worse = None if mine is None or theirs is None else (mine - theirs if lower else theirs - mine)
    return Compared(name, mine, theirs, int(new["n"] or 0), worse, allowed)
