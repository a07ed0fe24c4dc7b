"""Features in fewer dimensions, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from vitrina.errors import BadRequest

DIMENSIONS = 256
_BLOCK = 8192  # Rows at a time: 84 MB of float64 where a row has 1,280.
_NOTHING = 1e-10  # A direction with less than this share of the largest one's variance is rounding.


def centred_space(features: np.ndarray, *, dimensions: int = DIMENSIONS) -> np.ndarray:
    """float32 (n, k), k <= dimensions: the principal components of features (n, d), by falling variance.

    All by one factor, so that the variances of the d features sum to 1: what a penalty means then depends
    neither on d nor on the backbone. The features keep their relative scales: with each standardised instead, the
    log loss was higher on trashnet, galaxy_smallgz1, noisy_cifar10n (by up to 0.04), lower on grocery10.
    Raises BadRequest where a value is not finite. No randomness; needs n x k and d x d numbers of memory.
    """
    mean = np.zeros(_checked(features).shape[1])
    for block in _blocks(features):
        mean += block.sum(axis=0)
    mean /= max(1, len(features))

    def centred(block: np.ndarray) -> np.ndarray:
        return block - mean

    moment = _moment(features, centred) / max(1, len(features))
    whole = float(np.trace(moment))
    return _projected(features, centred, moment, dimensions) / np.float32(whole**0.5 if whole > 0 else 1.0)


def unit_space(features: np.ndarray, *, dimensions: int = DIMENSIONS) -> np.ndarray:
    """float32 (n, k), k <= dimensions, whose inner products are the cosines of features (n, d), nearly.

    Rows brought to length 1, then turned to the k directions that hold most of them. What lies outside is
    lost, so a row that does not fit is shorter than 1 and lies farther from all: for finding outliers the
    right side to err on. Not centred: after centring, distances told strangers from members far worse
    (24 photographs among 800 galaxies: average precision 0.03 after 0.90). Raises BadRequest as above.
    """
    moment = _moment(_checked(features), _unit)
    return _projected(features, _unit, moment, dimensions)


def _unit(block: np.ndarray) -> np.ndarray:
    return block / np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-12)


def _checked(features: np.ndarray) -> np.ndarray:
    if features.ndim != 2:
        raise BadRequest("features (n, d)", f"shape {features.shape}", "Compute the features again.")
    for start in range(0, len(features), _BLOCK):
        bad = np.flatnonzero(~np.isfinite(features[start : start + _BLOCK]).all(axis=1))
        if len(bad):
            raise BadRequest(
                "finite features",
                f"a value that is not in row {start + int(bad[0])}",
                "Compute the features again.",
            )
    return features


def _blocks(features: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(features), _BLOCK):
        yield np.asarray(features[start : start + _BLOCK], dtype=np.float64)


def _moment(features: np.ndarray, prepared: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    moment = np.zeros((features.shape[1], features.shape[1]))
    for block in _blocks(features):
        block = prepared(block)
        moment += block.T @ block
    return moment


def _projected(
    features: np.ndarray,
    prepared: Callable[[np.ndarray], np.ndarray],
    moment: np.ndarray,
    dimensions: int,
) -> np.ndarray:
    sizes, directions = np.linalg.eigh(moment)
    sizes, directions = sizes[::-1], directions[:, ::-1]
    kept = max(1, min(dimensions, int((sizes > _NOTHING * max(sizes[0], 1e-300)).sum())))
    directions = directions[:, :kept]
    # An eigenvector's sign is arbitrary; the largest component decides, so that it is the same everywhere.
    largest = np.abs(directions).argmax(axis=0)
    directions = directions * np.where(directions[largest, np.arange(kept)] < 0, -1.0, 1.0)
    turned = np.empty((len(features), kept), dtype=np.float32)
    done = 0
    for block in _blocks(features):
        turned[done : done + len(block)] = prepared(block) @ directions
        done += len(block)
    return turned
