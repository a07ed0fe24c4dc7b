"""Label errors of noisy_cifar10n: our ranking beside cleanlab's defaults on the same features, in one run."""

from __future__ import annotations

import argparse
import csv
import os
import platform
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

COLUMNS = ("aggre", "random1", "random2", "random3", "worse")
BACKBONE = "bundled/efficientnet-lite0"
RESAMPLES = 1000


def main() -> None:
    """Compute the features, judge each column with both, print average precisions and their ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.label_errors", description=__doc__)
    parser.add_argument("--data", default="../shared/data/noisy_cifar10n", help="folder with labels.csv")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of the folds, for both sides")
    parser.add_argument("--features", help=".npy in which the features are kept between runs")
    told = parser.parse_args()
    with (Path(told.data) / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    features = features_of(rows, Path(told.data), kept=Path(told.features) if told.features else None)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    print(f"{len(rows):,} pictures, {BACKBONE} {features.shape[1]} features; {machine}")
    print(f"cleanlab {version('cleanlab')}: CleanLearning() as it comes, ranked by its label_quality")
    print(
        f"average precision, mean (least to most) of {told.seeds} seeds; the proposals' precision and recall"
    )
    print(f"sure: share of {RESAMPLES} resamples of the pictures in which ours is ahead (seed 0)")
    for column in COLUMNS:
        compare(features, rows, column, seeds=told.seeds)


def features_of(rows: list[dict[str, str]], folder: Path, *, kept: Path | None) -> np.ndarray:
    """float32 (n, d) of the pictures as they are."""
    if kept is not None and kept.exists():
        return np.load(kept)
    from vitrina.models.backbone import load_model
    from vitrina.models.features import compute_features

    features = compute_features(load_model(BACKBONE), [folder / row["file"] for row in rows])
    if kept is not None:
        np.save(kept, features)
    return features


def compare(features: np.ndarray, rows: list[dict[str, str]], column: str, *, seeds: int) -> None:
    """Print one column: what it is given, how both sides rank what is wrong in it."""
    given = [row[column] for row in rows]
    wrong = np.array([row[column] != row["clean"] for row in rows])
    ours = [judged_by_us(features, given, seed=seed) for seed in range(seeds)]
    theirs = [judged_by_cleanlab(features, given, seed=seed) for seed in range(seeds)]
    print(f"\n{column}: {wrong.mean():.1%} wrong")
    means = []
    for name, side in (("ours", ours), ("cleanlab", theirs)):
        found = [precision_of(wrong, quality) for quality, _, _ in side]
        means.append(np.mean(found))
        counted = [(wrong[issues].mean(), issues[wrong].mean()) for _, issues, _ in side]
        precision, recall = np.mean(counted, axis=0)
        seconds = np.median([spent for _, _, spent in side])
        print(
            f"  {name:9} {means[-1]:.3f} ({min(found):.3f} to {max(found):.3f});"
            f" proposals: precision {precision:.2f}, recall {recall:.2f}; {seconds:.1f} s"
        )
    many = int(theirs[0][1].sum())
    first = [wrong[np.argsort(side[0][0], kind="stable")[:many]].mean() for side in (ours, theirs)]
    print(
        f"  of the first {many}, as many as cleanlab proposes: wrong {first[0]:.2f}, by cleanlab {first[1]:.2f}"
    )
    sure = share_ahead(wrong, ours[0][0], theirs[0][0])
    print(f"  ratio     {means[0] / means[1]:.3f}; sure {sure:.3f}")


def judged_by_us(
    features: np.ndarray, given: list[str], *, seed: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """(quality, proposed, seconds)."""
    from vitrina.doubts.label_errors import judge_labels

    start = time.perf_counter()
    judged = judge_labels(features, given, seed=seed)
    return judged.quality, judged.suspected, time.perf_counter() - start


def judged_by_cleanlab(
    features: np.ndarray, given: list[str], *, seed: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """(quality, proposed, seconds): logistic regression in five folds, self-confidence."""
    from cleanlab.classification import CleanLearning
    from threadpoolctl import threadpool_limits

    names = sorted(set(given))
    labels = np.array([names.index(name) for name in given])
    start = time.perf_counter()
    # One thread, as ours has: on a machine whose cores are busy two take ten times as long.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        # Its default classifier may stop before it converges on raw features, and says so.
        warnings.simplefilter("ignore")
        found = CleanLearning(seed=seed).find_label_issues(features, labels)
    spent = time.perf_counter() - start
    return found["label_quality"].to_numpy(), found["is_label_issue"].to_numpy(), spent


def precision_of(wrong: np.ndarray, quality: np.ndarray) -> float:
    """Average precision of `quality`, lowest first, as a ranking of what is wrong."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(wrong, -quality))


def share_ahead(wrong: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> float:
    """Share of bootstrap resamples in which our average precision is not below theirs."""
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, len(wrong), len(wrong)) for _ in range(RESAMPLES)]
    return float(
        np.mean([precision_of(wrong[d], ours[d]) >= precision_of(wrong[d], theirs[d]) for d in drawn])
    )


if __name__ == "__main__":
    main()
