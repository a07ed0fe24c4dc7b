"""Nearest pictures by the features of a backbone: exact search."""

from __future__ import annotations

import numpy as np

# So many pictures are worth as much as knowing nothing of where the features' centre lies.
_PRIOR = 100
_QUERIES = 4096


def centred(
    features: np.ndarray, rows: np.ndarray, *, centre: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(unit vectors float32 (m, d) of `rows` of `features` (n, d), the centre (d,) that was taken away).

    All features of one backbone point the same way, those of one domain (galaxies, night skies) all the more.
    Without their mean the cosine tells pictures of one collection apart. Of a few pictures the mean says
    little, so only m / (m + 100) of it is taken. Holds one copy of the rows.
    """
    units = np.array(features[rows], dtype=np.float32)
    if centre is None:
        mean = units.mean(axis=0, dtype=np.float64) if len(units) else np.zeros(units.shape[1])
        centre = (mean * (len(units) / (len(units) + _PRIOR))).astype(np.float32)
    units -= centre
    units /= np.maximum(np.linalg.norm(units, axis=1, keepdims=True), 1e-12)
    return units, centre


def nearest(
    units: np.ndarray, *, most_each: int, least: float, queries: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(rows int64 (m, 2), cosine float32 (m,)): for each vector its nearest others with a cosine of `least`.

    `units` float32 (n, d) of length one. Without `queries` the vectors are searched among themselves and each
    pair comes once with first < second; with them, a row is (query, vector). Every vector is compared with
    every other (`faiss.knn`): nothing is missed but what lies beyond the `most_each` nearest.
    """
    import faiss

    given = units if queries is None else queries
    count = min(len(units), most_each + (queries is None))
    if count == 0 or len(given) == 0:
        return np.empty((0, 2), np.int64), np.empty(0, np.float32)
    rows, cosines = [], []
    for at in range(0, len(given), _QUERIES):
        block = np.ascontiguousarray(given[at : at + _QUERIES], dtype=np.float32)
        cosine, other = faiss.knn(block, units, count, metric=faiss.METRIC_INNER_PRODUCT)
        query = np.repeat(np.arange(at, at + len(block)), count)
        good = (cosine.ravel() >= least) & (other.ravel() >= 0)
        if queries is None:
            good &= other.ravel() != query
        rows.append(np.column_stack([query[good], other.ravel()[good]]))
        cosines.append(cosine.ravel()[good])
    pairs, cosine = np.concatenate(rows).astype(np.int64), np.concatenate(cosines)
    if queries is not None:
        return pairs, cosine
    pairs.sort(axis=1)
    _, first = np.unique(pairs[:, 0] * len(units) + pairs[:, 1], return_index=True)
    return pairs[first], cosine[first]
