"""Numbers in columns, where a picture has them instead of one class."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme

if TYPE_CHECKING:
    from datasets import Dataset

# What a picture without a label counts as where no target of it is above 0.
NONE = "none of the targets"
_NO_TARGETS = frozenset(
    {"image", "label", "picture_id", "pixel_sha256", "duplicate_group"}
    | {"source", "file_name", "group", "official_split", "balance_copy"}
)


@dataclass(frozen=True)
class Targets:
    """`names` of k columns with the `values` of n rows, float64 (n, k); NaN in a whole row that lacks one of them."""

    names: tuple[str, ...]
    values: np.ndarray

    def ranked(self, row: int) -> tuple[str, ...]:
        """The names, highest value first, of equals that which stands first; () where the row has no numbers.

        Where none is above 0, as in a picture of no class at all, NONE comes before them.
        """
        values = self.values[row]
        if math.isnan(values[0]):
            return ()
        order = [self.names[column] for column in np.argsort(-values, kind="stable")]
        return tuple(order if values.max() > 0 else [NONE, *order])

    def stands_for(self, labels: Sequence[str | None]) -> list[str | None]:
        """`labels`, and where there is none the highest target; None where there is neither."""
        return [label or (*self.ranked(row), None)[0] for row, label in enumerate(labels)]

    def told(self, row: int) -> list[float] | None:
        """The values of one row as a report or a digest takes them."""
        values: list[float] = self.values[row].tolist()
        return None if math.isnan(values[0]) else values

    def figures(self, rows: Sequence[int]) -> dict[str, dict[str, Any]]:
        """For each target `n`, the rows among `rows` that have numbers, and their `mean`; None where there are none."""
        chosen = self.values[np.asarray(rows, dtype=np.int64)]
        chosen = chosen[~np.isnan(chosen[:, 0])]
        means = [round(float(mean), 4) for mean in chosen.mean(axis=0)] if len(chosen) else [None] * len(self.names)
        return {name: {"n": len(chosen), "mean": mean} for name, mean in zip(self.names, means, strict=True)}


def read_targets(dataset: Dataset, names: Sequence[str], *, file_names: Sequence[str]) -> Targets:
    """The columns `names` as numbers. An empty cell is a missing number, not 0.

    Raises BadRequest for a column that is not there or is named twice, for what is no number in one.
    """
    here = [name for name in dataset.column_names if name not in _NO_TARGETS]
    unknown = [name for name in names if name not in here]
    if unknown:
        raise BadRequest(
            f"--targets with columns among {', '.join(here) or 'none, which is all that the collection has'}",
            ", ".join(unknown),
            "Name columns that came with the pictures, or collect them with a table that has these.",
        )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadRequest("--targets with each column once", f"{', '.join(twice)} twice", "Name it once.")
    scheme = LabelScheme(tuple(names), task="regression")
    columns = [_numbers(dataset[name][:], name, file_names) for name in scheme.names]
    values = np.array(columns, dtype=np.float64).T.reshape(len(dataset), len(names))
    values[np.isnan(values).any(axis=1)] = np.nan
    return Targets(scheme.names, values)


def require_some(targets: Targets) -> None:
    """Raises BadRequest where no row has a number in every column."""
    if np.isnan(targets.values).all():
        raise BadRequest(
            f"pictures with a number in each of {', '.join(targets.names)}",
            f"none among {len(targets.values)}",
            "Name other columns with --targets, or fill these in and collect again.",
        )


def strata(
    labels: Sequence[str | None], targets: Targets, *, groups: np.ndarray, rows: Sequence[int], sides: int
) -> list[str | None]:
    """What each picture is dealt under: its label, else its highest target, else None.

    A class must be on every side, a highest target need not: one that lies in fewer groups of `rows` than there are
    `sides` gives way to the next highest, in the end to the class with most pictures.
    """
    ranked = [() if label else targets.ranked(row) for row, label in enumerate(labels)]
    classes = Counter(label for label in labels if label)
    most = min(classes, key=lambda name: (-classes[name], name)) if classes else None
    kept = list(dict.fromkeys(name for names in ranked for name in names))
    while True:
        answer = [
            label or next((name for name in ranked[row] if name in kept), most if ranked[row] else None)
            for row, label in enumerate(labels)
        ]
        spread: dict[str, set[int]] = {name: set() for name in kept}
        for row in rows:
            name = answer[row]
            if ranked[row] and name in spread:
                spread[name].add(int(groups[row]))
        few = [name for name in kept if 0 < len(spread[name]) < sides and name not in classes]
        if not few or (len(kept) == 1 and most is None):
            return answer
        kept.remove(min(few, key=lambda name: (len(spread[name]), answer.count(name), -kept.index(name))))


def _numbers(values: Sequence[Any], name: str, file_names: Sequence[str]) -> list[float]:
    return [_number(value, name, file_name) for value, file_name in zip(values, file_names, strict=True)]


def _number(value: Any, name: str, file_name: str) -> float:
    if value is None or value == "":
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.inf
    if math.isinf(number):
        raise BadRequest(
            f"numbers, or nothing, in the target column {name}",
            f"{str(value)[:60]!r} for {file_name}",
            "Correct the table and collect again, or name another column.",
        )
    return number
