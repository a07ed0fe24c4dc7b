"""Where each picture of a collection lies on its map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.errors import BadRequest

# Kobak & Berens 2019 (doi:10.1038/s41467-019-13056-x): 50 principal components and a start from the first two,
# so that the large shape of the map is that of the features, run after run.
COMPONENTS = 50
PERPLEXITY = 30.0
# Below this many pictures t-SNE has no neighbours to weigh; two principal components are the map.
FEWEST = 6


@dataclass(frozen=True)
class Mapped:
    """Pictures with their places. `positions` float32 (n, 2), 0..1, x to the right, y down; `labels` are what
    the pictures are, `said` what the model said of each (None where no model was asked)."""

    picture_ids: Sequence[str]
    positions: np.ndarray
    labels: Sequence[str]
    said: Sequence[str] | None = None

    def __post_init__(self) -> None:
        n = len(self.picture_ids)
        lengths = [len(self.positions), len(self.labels), *([] if self.said is None else [len(self.said)])]
        if self.positions.shape != (n, 2) or set(lengths) != {n}:
            raise BadRequest(
                f"a position (x, y), a label and, where there is one, an answer for each of {n} pictures",
                f"positions {self.positions.shape}, {len(self.labels)} labels"
                + ("" if self.said is None else f", {len(self.said)} answers"),
                "Give one of each for every picture.",
            )

    @property
    def wrong(self) -> np.ndarray:
        """bool (n,): where the model said another class than the picture's."""
        if self.said is None:
            return np.zeros(len(self.picture_ids), dtype=bool)
        return np.array([said != label for said, label in zip(self.said, self.labels, strict=True)], dtype=bool)


def map_positions(features: np.ndarray, *, seed: int = 0, perplexity: float = PERPLEXITY) -> np.ndarray:
    """float32 (n, 2), 0..1: like pictures near one another; distances between groups mean little.

    t-SNE (van der Maaten & Hinton 2008) of the first 50 principal components of `features` (n, d). Perplexity
    (about the number of neighbours, 1 and up) is at most a third of the other pictures. Each axis is stretched
    to 0..1; pictures that are all alike lie in the middle. The same seed gives the same map on one machine.
    Raises BadRequest.
    """
    if features.ndim != 2 or not np.isfinite(features).all() or perplexity < 1:
        raise BadRequest(
            "finite features (n, d) and a perplexity of at least 1",
            f"features {features.shape}, perplexity {perplexity}",
            "Compute the features again; use a perplexity of 30.",
        )
    n = len(features)
    features = np.asarray(features, dtype=np.float64)
    if n < 2 or features.shape[1] == 0 or not np.ptp(features, axis=0).any():
        return np.full((n, 2), 0.5, dtype=np.float32)
    from sklearn.decomposition import PCA

    kept = min(COMPONENTS, n, features.shape[1])
    reduced = PCA(n_components=kept, random_state=seed).fit_transform(features)
    if n < FEWEST:
        return _stretched(np.pad(reduced, ((0, 0), (0, 1)))[:, :2])
    from sklearn.manifold import TSNE

    start = np.pad(reduced, ((0, 0), (0, 1)))[:, :2]
    # The start must be small, or early exaggeration cannot pull groups together.
    start = start / start[:, 0].std() * 1e-4
    clipped = min(perplexity, max(1.0, (n - 1) / 3))
    tsne = TSNE(perplexity=clipped, init=start.astype(np.float32), random_state=seed)
    return _stretched(tsne.fit_transform(reduced.astype(np.float32)))


def map_json(mapped: Mapped) -> dict[str, Any]:
    """{"n", "wrong", "points": [{"picture_id", "x", "y", "label", "said"}]} in the pictures' order.

    x, y 0..1 with four decimals; "said" is null where no model was asked. `wrong` counts pictures.
    """
    said = mapped.said if mapped.said is not None else [None] * len(mapped.picture_ids)
    rows = zip(mapped.picture_ids, mapped.positions, mapped.labels, said, strict=True)
    return {
        "n": len(mapped.picture_ids),
        "wrong": int(mapped.wrong.sum()) if mapped.said is not None else None,
        "points": [
            {"picture_id": name, "x": round(float(x), 4), "y": round(float(y), 4), "label": label, "said": answer}
            for name, (x, y), label, answer in rows
        ],
    }


def _stretched(positions: np.ndarray) -> np.ndarray:
    least, most = positions.min(axis=0), positions.max(axis=0)
    extent = np.where(most > least, most - least, 1.0)
    stretched = np.where(most > least, (positions - least) / extent, 0.5)
    return stretched.astype(np.float32)
