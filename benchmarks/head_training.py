"""Training a head on a frozen ViT: our train stage beside a plain Trainer on the same photos, in one run.

python -m benchmarks.head_training [--photos 64] [--repeats 3] [--parts speed accuracy]

Speed: ViT-B/16 with random weights, photos of 600 x 400. Ours is the whole stage (model, features of train and
validation, head, calibration, saving, loading afresh, asking again), from an empty cache; it does not depend on epochs.
Theirs is benchmarks.example_way with all but the head frozen: model, data set, so many epochs, validation once at the
end. Imports are charged to neither. What a run of 7,067 photos would take is worked out from these rates and labelled
so. Accuracy: ViT-Tiny's real weights on a collection of photos, both on the same test side. Their learning rate is the
one of --rates with the best accuracy on validation after the fewest epochs: the example's 5e-5 hardly moves a new head.
They see a new crop and flip of each photo every epoch; ours the photo as it is, and as many flipped views as --views
says.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.networks import SMALLEST, VIT_BASE, Network, saved
from benchmarks.side_by_side import interleaved, machine, ratio, silence, timed
from benchmarks.splits import class_folders, folders_of, split_of_folder, split_of_photos

if TYPE_CHECKING:
    from vitrina.learning.sides import Side

# The restaurant study: 8,312 photos, 85 of 100 for training.
STUDY, STUDY_VALIDATION = 7_067, 1_245
AIMS = {3: 9, 10: 29}


@dataclass
class Ours:
    """What each repeat of our stage took, seconds: whole, features alone, all of the head; photos a second."""

    wall: list[float] = field(default_factory=list)
    features: list[float] = field(default_factory=list)
    learning: list[float] = field(default_factory=list)


@dataclass
class Theirs:
    """What each repeat of the example took, seconds: until the first step, at the end of each epoch, validation."""

    setup: list[float] = field(default_factory=list)
    epochs: list[list[float]] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)

    def wall(self, epochs: int) -> list[float]:
        """A whole run of so many epochs."""
        parts = zip(self.setup, self.epochs, self.validation, strict=True)
        return [setup + ends[epochs - 1] + validation for setup, ends, validation in parts]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure speed, accuracy, or both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--photos", type=int, default=64, help="photos of train, 10 or more")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--epochs", type=int, nargs="+", default=sorted(AIMS))
    parser.add_argument("--parts", nargs="+", choices=["speed", "accuracy"], default=["speed", "accuracy"])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/trashnet"), help="class folders")
    parser.add_argument("--work", type=Path, help="working folder with a split, else --data is prepared")
    parser.add_argument(
        "--weights", type=Path, default=Path("../shared/data/weights_vit_tiny_patch16_224")
    )
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-3, 3e-3, 1e-2])
    parser.add_argument("--seeds", type=int, default=1, help="of the example, for accuracy")
    parser.add_argument("--views", type=int, default=0, help="head_views of ours, for accuracy: 0 to 3")
    parser.add_argument("--smallest", action="store_true", help="a network of some thousand numbers")
    told = parser.parse_args(arguments)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        if "speed" in told.parts:
            speed(told, Path(folder))
        if "accuracy" in told.parts:
            accuracy(told, Path(folder))


def speed(told: argparse.Namespace, folder: Path) -> None:
    """Both sides in turn, the ratios, what they mean for the study."""
    network = SMALLEST if told.smallest else VIT_BASE
    validation = max(5, round(told.photos * STUDY_VALIDATION / STUDY))
    print(f"\n{network}: head alone, {told.photos} photos of 600 x 400, {validation} of validation")
    model = saved(network, folder / "network")
    counts = {"train": told.photos, "validation": validation}
    work = split_of_photos(folder / "photos", counts)
    pictures = folders_of(work, folder / "pictures")
    ours, theirs = Ours(), Theirs()
    most = max(told.epochs)
    interleaved(
        {
            "vitrina": lambda: our_turn(model, work, ours),
            f"Trainer, {most} epochs": lambda: their_turn(
                model, pictures, folder / "example", epochs=most, seen=theirs
            ),
        },
        told.repeats,
        said="seconds",
    )
    photos = told.photos + validation
    rate = photos / np.median(ours.features)
    print(f"vitrina: median {np.median(ours.wall):.1f} s, features at {rate:.1f} photos/s")
    for epochs in told.epochs:
        wall = theirs.wall(epochs)
        print(
            f"Trainer, {epochs} epochs: median {np.median(wall):.1f} s, "
            f"{epochs * told.photos / np.median([ends[epochs - 1] for ends in theirs.epochs]):.1f} photos/s"
        )
        print(f"ratio at {epochs} epochs, {told.photos} photos: {ratio(wall, ours.wall)}")
    extrapolate(told, network, ours, theirs, validation=validation)


def our_turn(model: Path, work: Path, seen: Ours) -> float:
    """The train stage with an empty cache; seconds."""
    shutil.rmtree(work / "features", ignore_errors=True)
    shutil.rmtree(work / "runs", ignore_errors=True)
    report: dict[str, Any] = {}
    seen.wall.append(timed(lambda: report.update(head_run(model, work))))
    seen.features.append(report["more"]["features"]["computed"] / report["images_per_second"])
    seen.learning.append(report["minutes"] * 60 - seen.features[-1])
    return seen.wall[-1]


def head_run(model: Path, work: Path, **more: Any) -> dict[str, Any]:
    """`python -m training train` with mode head; its report."""
    from training.recipe import settings_of
    from training.train import run_folder, train

    told = {"name": "head", "model": str(model), "mode": "head", "data": str(work), "report_to": "none"}
    settings = settings_of({**told, "disable_tqdm": True, **more}, said="head.yaml")
    with silence():
        return train(settings, run_folder(settings), command="python -m training train head.yaml")


def their_turn(model: Path, pictures: Path, place: Path, *, epochs: int, seen: Theirs) -> float:
    """Model, data set, epochs, validation once; seconds of all."""
    from benchmarks.example_way import Way, example

    shutil.rmtree(place, ignore_errors=True)
    with silence():
        begun = time.perf_counter()
        made = example(model, pictures, way=Way(epochs=epochs, head_only=True), place=place)
        seen.setup.append(time.perf_counter() - begun)
        made.trainer.train()
        seen.epochs.append(made.clock.epochs)
        seen.validation.append(timed(lambda: made.accuracy("validation")))
        return time.perf_counter() - begun


def extrapolate(
    told: argparse.Namespace, network: Network, ours: Ours, theirs: Theirs, *, validation: int
) -> None:
    """The same for the study's photos: rates times photos, what does not grow as it was, the head measured."""
    from vitrina.learning.finish import ASKED

    head = fit_seconds(768 if network is VIT_BASE else 16, told.photos if told.smallest else STUDY)
    a_picture = np.array(theirs.validation) / validation
    fixed = np.array(ours.wall) - np.array(ours.features) - np.array(ours.learning)
    # The stage asks its saved model again, in float32: here all of validation, there ASKED pictures.
    again = (min(ASKED, STUDY_VALIDATION) - min(ASKED, validation)) * a_picture
    features = np.array(ours.features) * (STUDY + STUDY_VALIDATION) / (told.photos + validation)
    mine = features + head + fixed + again
    print(f"\nExtrapolated, not measured, to {STUDY:,} photos, {STUDY_VALIDATION:,} of validation:")
    print(
        f"vitrina: {np.median(mine):,.0f} s (features {np.median(features):,.0f}, head {head:.1f} on made features, "
        f"asking {ASKED} pictures again {np.median(again):,.0f}, the rest {np.median(fixed):.1f})"
    )
    for epochs in told.epochs:
        per_epoch = np.array([ends[-1] / len(ends) for ends in theirs.epochs]) * STUDY / told.photos
        whole = np.array(theirs.setup) + epochs * per_epoch + a_picture * STUDY_VALIDATION
        aim = f", aim {AIMS[epochs]}" if epochs in AIMS else ""
        print(f"Trainer, {epochs} epochs: {np.median(whole):,.0f} s")
        print(f"ratio at {epochs} epochs, extrapolated: {ratio(whole.tolist(), mine.tolist())}{aim}")


def fit_seconds(dimension: int, photos: int) -> float:
    """Seconds of the head's fit on made features of that number, with a fifth as many to choose on."""
    from vitrina.labels import LabelScheme
    from vitrina.learning.examples import Examples
    from vitrina.learning.heads import fit_linear

    rng = np.random.default_rng(0)
    centres = 0.3 * rng.standard_normal((5, dimension))

    def made(count: int) -> Examples:
        labels = np.arange(count) % 5
        return Examples(centres[labels] + rng.standard_normal((count, dimension)), np.eye(5)[labels])

    train, validation = made(photos), made(max(5, photos // 5))
    return timed(lambda: fit_linear(train, validation, scheme=LabelScheme(tuple("abcde"))))


def accuracy(told: argparse.Namespace, folder: Path) -> None:
    """Both on the same test side, with the difference and its interval."""
    from vitrina.learning.evaluated import measure_run, open_run

    work, weights = told.work, told.weights
    if told.smallest:
        work = split_of_photos(folder / "work", {"train": 20, "validation": 10, "test": 10})
        weights = saved(SMALLEST, folder / "weights")
    elif work is None:
        work = split_of_folder(told.data, folder / "prepared")
    # A folder of its own: no features are there yet, and the runs of `work` are left alone.
    place = folder / work.resolve().name
    place.mkdir(exist_ok=True)
    if not (place / "split").exists():
        (place / "split").symlink_to((work / "split").resolve(), target_is_directory=True)
    views = {"head_views": told.views, "augment": {"flip": "both"}} if told.views else {}
    took = timed(lambda: head_run(weights, place, name="accuracy", **views))
    with silence():
        opened = open_run(place / "runs" / "accuracy", work=place)
        scores = measure_run(opened, seed=0).test_scores
    test = opened.sides["test"]
    right = scores.argmax(axis=1) == test.labels
    print(f"\n{weights.name} on {work.name}: {len(opened.sides['train']):,} photos of train, {len(test)} of test")
    print(f"vitrina, {told.views} flipped views: accuracy {right.mean():.4f}, {took:.1f} s")
    pictures = class_folders(opened.sides, folder / "real")
    rate = chosen_rate(told, weights, pictures, folder)
    for epochs in told.epochs:
        each = []
        for seed in range(told.seeds):
            seconds, theirs = trained(weights, pictures, folder / "example", epochs=epochs, rate=rate, seed=seed)
            each.append(in_order(theirs, test, pictures))
            print(f"Trainer, {epochs} epochs, seed {seed}: accuracy {each[-1].mean():.4f}, {seconds:.1f} s")
            print(f"ratio of seconds at {epochs} epochs: {seconds / took:.2f}")
        compare(right, np.mean(each, axis=0), epochs)


def compare(right: np.ndarray, other: np.ndarray, epochs: int) -> None:
    """The difference on the same pictures, in points."""
    from vitrina.measures.paired import paired_difference

    found = paired_difference(right.astype(float), other, seed=0)
    low, high = (100 * end for end in found["interval"])
    print(
        f"vitrina ahead of the Trainer's {epochs} epochs by {100 * found['value']:+.1f} points "
        f"(95 % interval {low:+.1f} to {high:+.1f}, paired, {len(right)} pictures; aim: within 1 or ahead)"
    )


def chosen_rate(told: argparse.Namespace, weights: Path, pictures: Path, folder: Path) -> float:
    """The learning rate with the best accuracy on validation."""
    found = {}
    for rate in told.rates:
        _, rows = trained(
            weights, pictures, folder / "example", epochs=min(told.epochs), rate=rate, seed=0, side="validation"
        )
        found[rate] = float((rows[0].argmax(axis=1) == rows[1]).mean())
    best = max(found, key=lambda rate: found[rate])
    tried = ", ".join(f"{rate:g}: {share:.3f}" for rate, share in found.items())
    print(f"Trainer's learning rate {best:g}, of those tried the best on validation ({tried})")
    return best


def trained(
    weights: Path, pictures: Path, place: Path, *, epochs: int, rate: float, seed: int, side: str = "test"
) -> tuple[float, tuple[np.ndarray, np.ndarray]]:
    """(seconds up to the end of training, (logits, labels) of `side`)."""
    from benchmarks.example_way import Way, example

    shutil.rmtree(place, ignore_errors=True)
    way = Way(epochs=epochs, learning_rate=rate, head_only=True, seed=seed)
    with silence():
        begun = time.perf_counter()
        made = example(weights, pictures, way=way, place=place)
        made.trainer.train()
        return time.perf_counter() - begun, made.logits(side)


def in_order(answers: tuple[np.ndarray, np.ndarray], test: Side, pictures: Path) -> np.ndarray:
    """1.0 where right, in the order of `test`: imagefolder reads class by class."""
    logits, labels = answers
    rows = [int(path.stem) for path in sorted((pictures / "test").glob("*/*.jpg"))]
    if labels.tolist() != test.labels[rows].tolist():
        raise SystemExit("the example read other labels than the split holds")
    right = np.zeros(len(rows))
    right[rows] = logits.argmax(axis=1) == labels
    return right


if __name__ == "__main__":
    main()
