"""Copies of one picture that carry different labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from vitrina.doubts.doubt import Doubt, places


def label_conflicts(
    copies: np.ndarray, labels: Sequence[str | None], *, quality: np.ndarray | None = None
) -> list[Doubt]:
    """A "label_conflict" for each labelled picture of a cluster that holds two labels or more.

    `copies` int (n,): cluster of each row; `quality` float (n,): 0 to 1, low = suspicious, NaN = unknown (see
    `JudgedLabels`), tells which label of two to doubt first. Most doubtful: the rarest label of its
    cluster, then the lowest quality. The first of each cluster come before all seconds, since who has seen
    the first has seen its partners beside it. `suggestion`: the label that most of the cluster carry.
    """
    clusters: dict[int, list[int]] = {}
    for row, cluster in enumerate(np.asarray(copies).tolist()):
        clusters.setdefault(cluster, []).append(row)
    trust = np.ones(len(labels)) if quality is None else np.where(np.isnan(quality), 1.0, quality)
    order: list[tuple[tuple[int, float, float, int], list[int]]] = []
    for rows in clusters.values():
        counts = Counter(labels[row] for row in rows if labels[row] is not None)
        if len(counts) < 2:
            continue
        shares = {label: count / counts.total() for label, count in counts.items()}
        labelled = [row for row in rows if labels[row] is not None]
        keys = sorted((shares[labels[row]], float(trust[row]), row) for row in labelled)
        order += [((place, *key), rows) for place, key in enumerate(keys)]
    order.sort(key=lambda entry: entry[0])
    scores = places(-np.arange(len(order)))
    return [
        _doubt(key[3], float(score), rows, labels) for (key, rows), score in zip(order, scores, strict=True)
    ]


def _doubt(row: int, score: float, rows: list[int], labels: Sequence[str | None]) -> Doubt:
    counts = Counter(label for label in (labels[one] for one in rows) if label is not None)
    # By count, then by name: Counter's own order would be that of the rows.
    ranked = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    clear = ranked[0][1] > ranked[1][1] and ranked[0][0] != labels[row]
    said = ", ".join(f"{count} {label}" for label, count in ranked)
    return Doubt(
        row=row,
        kind="label_conflict",
        score=score,
        label=labels[row],
        suggestion=ranked[0][0] if clear else None,
        partners=tuple(one for one in rows if one != row),
        reason=f"labelled {labels[row]}; {len(rows)} copies of this picture are labelled: {said}",
    )
