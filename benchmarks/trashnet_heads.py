"""Heads on a real collection: our stages beside a plain linear probe on the same features, in one run.

python -m benchmarks.trashnet_heads [--work WORK] [--seeds 5]

First the stages as a person calls them: train with mode head, measured on the split's test side. One test side is
small, so then cross-validation over all pictures of the split: five folds, pictures of one duplicate group on one side,
once for each seed. In each fold ours splits what it may learn from again, by group, and chooses its penalty on a fifth
of it (vitrina.learning.heads.fit_linear): once with the backbone's own preprocessing, once "tuned" by TUNED, keys of a
recipe. The probe is scikit-learn's logistic regression, C = 1, on the features as they come: once on all that it may
learn from, since it chooses nothing, once on the rows ours learns from. An accuracy is the share of right answers, each
picture's mean over the seeds; intervals and p are by bootstrap over pictures, paired for differences. The settings of
TUNED were found by cross-validation on the pictures of trashnet themselves, those of its test side among them: their
lead there is hopeful, and the intervals do not cover that.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.networks import SMALLEST, saved
from benchmarks.side_by_side import machine, silence
from benchmarks.splits import split_of_folder, split_of_photos

if TYPE_CHECKING:
    from PIL import Image

    from vitrina.labels import LabelScheme
    from vitrina.learning.sides import Side, Sides
    from vitrina.models.backbone import LoadedModel
    from vitrina.models.feature_cache import Pictures

BUNDLED = "bundled/efficientnet-lite0"
FOLDS = 5
# Before there was a train stage: five-fold cross-validation of such a probe on this collection.
EARLIER = {"efficientnet-lite0": 0.84, "weights_vit_tiny_patch16_224": 0.87}
# Keys of a recipe that helped on this collection; `flips` are what head_views with augment: {flip: both} shows of a
# picture beside itself, here each flip once.
TUNED: dict[str, dict[str, Any]] = {
    "efficientnet-lite0": {"size": 288, "fit": "squash", "flips": ("horizontal", "vertical")},
    "weights_vit_tiny_patch16_224": {"flips": ("horizontal", "vertical")},
}
OTHERS: dict[str, Any] = {"flips": ("horizontal",)}


@dataclass(frozen=True)
class Known:
    """Every picture of a split: features (n, d), labels (n,), duplicate groups (n,).

    `tuned` (n, d) are features by the settings of TUNED, `flipped` those of its flips, for pictures of train alone.
    """

    features: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    scheme: LabelScheme
    tuned: np.ndarray
    flipped: tuple[np.ndarray, ...]


# Rows -> logits (rows, k); (known, rows of train, rows to choose on) -> such an answer.
Answer = Callable[[np.ndarray], np.ndarray]
Fit = Callable[[Known, np.ndarray, np.ndarray], Answer]


def main(arguments: Sequence[str] | None = None) -> None:
    """The stages, then cross-validation, for each backbone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/trashnet"), help="class folders")
    parser.add_argument("--work", type=Path, help="working folder with a split, else --data is prepared")
    parser.add_argument(
        "--backbones", nargs="+", default=[BUNDLED, "../shared/data/weights_vit_tiny_patch16_224"]
    )
    parser.add_argument("--seeds", "--repeats", type=int, default=5, help="of the folds, for both sides")
    parser.add_argument("--smallest", action="store_true", help="a network of some thousand numbers")
    told = parser.parse_args(arguments)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="benchmark-") as place:
        folder = Path(place)
        if told.smallest:
            counts = {"train": 30, "validation": 10, "test": 10}
            told.work = split_of_photos(folder / "work", counts, size=(96, 64))
            told.backbones = [str(saved(SMALLEST, folder / "tiny"))]
        work = told.work or split_of_folder(told.data, folder / "work")
        for backbone in told.backbones:
            judged(backbone, work, folder / "runs", seeds=told.seeds)


def judged(backbone: str, work: Path, runs: Path, *, seeds: int) -> None:
    """One backbone: the run, then every side of the cross-validation."""
    from vitrina.learning.sides import open_sides
    from vitrina.measures.paired import paired_difference

    name = Path(backbone).name
    print(f"\n{name} on {work.name}")
    by_stages(backbone, work, runs / name)
    known = known_of(backbone, open_sides(work), work)
    print(f"cross-validation: {len(known.labels):,} pictures in {len(set(known.groups)):,} groups, {seeds} seeds")
    right: dict[str, np.ndarray] = {}
    for side, fit in SIDES.items():
        each = [cross_validated(known, fit, seed=seed) for seed in range(seeds)]
        right[side] = np.mean(each, axis=0)
        # Against nothing right: the mean itself, with its interval.
        found = paired_difference(right[side], np.zeros(len(right[side])), seed=0)
        spread = ", ".join(f"{one.mean():.4f}" for one in each)
        print(f"  {side:16} accuracy {said(found)}; by seed {spread}", flush=True)
    for side in (side for side in SIDES if side.startswith("vitrina")):
        for other in ("probe", "probe, same rows"):
            beside(right, side, other)
        if name in EARLIER:
            ahead = 100 * (right[side].mean() - EARLIER[name])
            print(f"  {side} ahead of the earlier figure, {EARLIER[name]:.2f}: {ahead:+.1f} points")


def beside(right: dict[str, np.ndarray], side: str, other: str) -> None:
    """By how much `side` is ahead on the same pictures."""
    from vitrina.measures.paired import paired_difference

    found = paired_difference(right[side], right[other], seed=0)
    low, high = (100 * end for end in found["interval"])
    print(
        f"  {side} ahead of {other} by {100 * found['value']:+.2f} points (95 % interval {low:+.2f} to {high:+.2f}, "
        f"paired, p {found['p']:.4f}); ratio of errors: {errors(right[side], right[other]):.3f}"
    )


def by_stages(backbone: str, work: Path, run: Path) -> None:
    """Accuracy on the split's test side of what `python -m training train` makes."""
    from training.recipe import settings_of
    from training.train import train
    from vitrina.learning.evaluated import measure_run, open_run

    told = {"name": run.name, "model": backbone, "mode": "head", "data": str(work), "report_to": "none"}
    with silence():
        report = train(
            settings_of({**told, "disable_tqdm": True}, said="head.yaml"), run, command="train head.yaml"
        )
        test = measure_run(open_run(run, work=work), seed=0).results["test"]
    counts = {side: count["pictures"] for side, count in report["input"]["counts"].items()}
    print(
        f"train and evaluate: accuracy on test {said(test['accuracy'])}, log loss {test['log_loss']['value']:.3f} "
        f"({counts['train']:,} of train, {counts['validation']} of validation, {counts['test']} of test; "
        f"l2 {report['chosen']['l2']:g}, {report['minutes'] * 60:.0f} s)"
    )


def known_of(backbone: str, sides: Sides, work: Path) -> Known:
    """Features come from the cache that the stage left, others are computed."""
    from vitrina.models.feature_cache import PLAIN, FeatureCache
    from vitrina.models.precision import fast_precision
    from vitrina.models.preprocessing import with_preprocessing
    from vitrina.models.trainable import load_backbone

    every = list(sides.sides.values())
    told = TUNED.get(Path(backbone).name, OTHERS)
    with silence():
        loaded = load_backbone(backbone, sides.scheme, seed=0)
        tuned = with_preprocessing(loaded, size=told.get("size"), fit=told.get("fit"))
        cache, precision = FeatureCache(work / "features"), fast_precision(loaded.model)

        def features(model: LoadedModel, shown: Sequence[Pictures], view: str) -> np.ndarray:
            return np.concatenate([cache.features_of(model, one, precision=precision, view=view) for one in shown])

        plain, best = features(loaded, every, PLAIN), features(tuned, every, PLAIN)
        flipped = [
            features(tuned, [Flipped(side, how) for side in every], f"flipped {how}") for how in told["flips"]
        ]
    return Known(
        plain,
        np.concatenate([side.labels for side in every]),
        groups_of(work, [name for side in every for name in side.picture_id]),
        sides.scheme,
        best,
        tuple(flipped),
    )


@dataclass(frozen=True)
class Flipped:
    """The pictures of a side turned over, "horizontal" or "vertical"."""

    side: Side
    how: str

    @property
    def keys(self) -> Sequence[str]:
        """Of the pictures as they are."""
        return self.side.keys

    def picture(self, row: int) -> Image.Image:
        """One of them."""
        from PIL import ImageOps

        picture = self.side.picture(row)
        return ImageOps.mirror(picture) if self.how == "horizontal" else ImageOps.flip(picture)


def groups_of(work: Path, names: list[str]) -> np.ndarray:
    """The duplicate group of each picture as cleaning found it; each its own where nothing was cleaned."""
    survey = work / "cleaned" / "survey.parquet"
    if not survey.is_file():
        return np.arange(len(names))
    import pandas

    table = pandas.read_parquet(survey, columns=["picture_id", "duplicate_group"])
    group = dict(zip(table["picture_id"], table["duplicate_group"], strict=True))
    return np.array([group[name] for name in names])


def cross_validated(known: Known, fit: Fit, *, seed: int) -> np.ndarray:
    """1.0 for each picture that a head fitted without its fold has right."""
    right = np.zeros(len(known.labels))
    for rows, test in folds(known, np.arange(len(known.labels)), seed=seed):
        train, validation = folds(known, rows, seed=seed + 1_000)[0]
        answer = fit(known, train, validation)
        right[test] = answer(test).argmax(axis=1) == known.labels[test]
    return right


def folds(known: Known, rows: np.ndarray, *, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """(train, test) rows, classes in their shares, no group on both sides."""
    from sklearn.model_selection import StratifiedGroupKFold

    made = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    labels, groups = known.labels[rows], known.groups[rows]
    return [(rows[train], rows[test]) for train, test in made.split(labels, labels, groups)]


def ours(known: Known, train: np.ndarray, validation: np.ndarray) -> Answer:
    """As the stage does, with nothing set."""
    return _fitted(known, [known.features], train, validation)


def ours_tuned(known: Known, train: np.ndarray, validation: np.ndarray) -> Answer:
    """As the stage does, with TUNED."""
    return _fitted(known, [known.tuned, *known.flipped], train, validation)


def _fitted(known: Known, seen: Sequence[np.ndarray], train: np.ndarray, validation: np.ndarray) -> Answer:
    from vitrina.learning.examples import Examples
    from vitrina.learning.heads import fit_linear, logits_of

    targets = np.eye(len(known.scheme.names))[known.labels]
    learned = Examples(np.concatenate([one[train] for one in seen]), np.tile(targets[train], (len(seen), 1)))
    fitted = fit_linear(learned, Examples(seen[0][validation], targets[validation]), scheme=known.scheme)
    return lambda rows: logits_of(fitted.weight, fitted.bias, seen[0][rows])


def probe(known: Known, train: np.ndarray, validation: np.ndarray) -> Answer:
    """Logistic regression as it comes, on all rows."""
    return probe_on_same_rows(known, np.concatenate([train, validation]), validation)


def probe_on_same_rows(known: Known, train: np.ndarray, validation: np.ndarray) -> Answer:
    """The same on rows of train alone."""
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        # Raw features may not have converged by then, and scikit-learn says so.
        warnings.simplefilter("ignore")
        fitted = LogisticRegression(C=1.0, max_iter=1000).fit(known.features[train], known.labels[train])
    return lambda rows: np.asarray(fitted.predict_log_proba(known.features[rows]))


SIDES: dict[str, Fit] = {
    "vitrina": ours,
    "vitrina, tuned": ours_tuned,
    "probe": probe,
    "probe, same rows": probe_on_same_rows,
}


def errors(right: np.ndarray, other: np.ndarray) -> float:
    """Below 1 where the first errs less often."""
    wrong = float(1 - other.mean())
    return float(1 - right.mean()) / wrong if wrong else float("nan")


def said(figure: dict[str, Any]) -> str:
    """ "0.871 (95 % interval 0.850 to 0.890)"."""
    low, high = figure["interval"]
    return f"{figure['value']:.4f} (95 % interval {low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
