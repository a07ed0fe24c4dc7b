"""Classes of one weight, or of one size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vitrina.errors import BadRequest
from vitrina.splits.request import lot


@dataclass(frozen=True)
class Sampled:
    """Rows after sampling: `kept` in their order, `dropped` in theirs, `copies` (each repeat once, so that a row may
    stand there several times); `to` pictures a class was the aim, `before` and `after` count the rows of each class."""

    kept: list[int]
    dropped: list[int]
    copies: list[int]
    to: int
    before: dict[str, int]
    after: dict[str, int]


def class_weights(labels: Sequence[str]) -> dict[str, float]:
    """n / (k x n_c) for each class that occurs, by name: the mean weight of a picture is 1.

    The "balanced" weights of scikit-learn's `compute_class_weight`. Raises BadRequest where there are no labels.
    """
    counts = _counts(labels)
    return {name: len(labels) / (len(counts) * count) for name, count in counts.items()}


def sample(
    labels: Sequence[str],
    *,
    keys: Sequence[str],
    kind: Literal["undersample", "oversample"],
    to: int | None = None,
    seed: int = 0,
) -> Sampled:
    """Classes brought to `to` rows: undersampling leaves rows out, oversampling repeats some.

    `to` is by default the size of the smallest class, the largest. Undersampling never repeats, oversampling never
    leaves out: classes that are smaller, or larger, stay whole. Who is left out or repeated hangs on keys and seed;
    every row of a class is repeated once before any is repeated twice. Raises BadRequest.
    """
    before = _counts(labels)
    wanted = to if to is not None else (min if kind == "undersample" else max)(before.values())
    if wanted < 1:
        raise BadRequest("1 picture a class or more", str(wanted), "Correct --balance_to.")
    rows_of: dict[str, list[int]] = {name: [] for name in before}
    for row in sorted(range(len(labels)), key=lambda row: (lot(keys[row], seed=seed), row)):
        rows_of[labels[row]].append(row)
    dropped: list[int] = []
    copies: list[int] = []
    for rows in rows_of.values():
        if kind == "undersample":
            dropped += rows[wanted:]
        else:
            copies += [rows[number % len(rows)] for number in range(wanted - len(rows))]
    gone = set(dropped)
    kept = [row for row in range(len(labels)) if row not in gone]
    after = _counts([labels[row] for row in [*kept, *copies]])
    return Sampled(kept, sorted(dropped), sorted(copies), wanted, before, after)


def _counts(labels: Sequence[str]) -> dict[str, int]:
    if not labels:
        raise BadRequest(
            "pictures in train to balance", "none", "Give train a share, or leave --balance out."
        )
    return dict(sorted(Counter(labels).items()))
