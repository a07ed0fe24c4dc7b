"""Training: a split and a recipe become a model folder that anyone loads."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.recipe import DEFAULTS, Settings, help_text, load_settings, overrides
from vitrina.augment import Augmentation, sample_sheet, views
from vitrina.errors import BadRequest
from vitrina.learning.begun import begin
from vitrina.learning.finish import calibrate, save_and_reproduce
from vitrina.learning.framing import framing_of
from vitrina.learning.machine import trains_in_bf16
from vitrina.learning.measured import validation_figures
from vitrina.learning.record import REPORT, finished, frame_of, report_of, write_json
from vitrina.learning.sides import TRAIN, VALIDATION, Sides, open_sides
from vitrina.learning.summary import summary
from vitrina.learning.trackers import log_rows, logged, tracked, tracker_names
from vitrina.learning.weights import class_weights_of
from vitrina.models.architectures import new_model
from vitrina.models.preprocessing import input_size, with_preprocessing
from vitrina.models.trainable import load_backbone
from vitrina.pile.begun import held

if TYPE_CHECKING:
    from transformers import TrainingArguments

    from vitrina.learning.trained import Trained
    from vitrina.models.backbone import LoadedModel

# Rows of the sheet that shows the variations.
SHOWN = 6


def main(arguments: Sequence[str]) -> None:
    """Train, print what came of it. Raises VitrinaError."""
    given = list(arguments)
    if "--help" in given or "-h" in given:
        print(help_text())
        return
    if not given or given[0].startswith("-"):
        raise BadRequest(
            "a recipe", " ".join(given[:2]) or "nothing", "Run python -m training train RECIPE.yaml."
        )
    more = overrides(given[1:])
    place, anew = more.pop("output_dir", None), more.pop("overwrite", "false")
    settings = load_settings(Path(given[0]), more)
    run = Path(place).expanduser() if place else run_folder(settings)
    command = shlex.join(["python", "-m", "training", "train", *given])
    train(settings, run, command=command, overwrite=anew == "true")


def run_folder(settings: Settings) -> Path:
    """Where a run lies unless another place is named: WORK/runs/NAME."""
    return Path(settings.data.data).expanduser() / "runs" / settings.name


def train(settings: Settings, run: Path, *, command: str, overwrite: bool = False) -> dict[str, Any]:
    """Train as `settings` say; RUN then holds model/ and, last, train_report.json, which is returned.

    A run that was made before is left as it is; one that was stopped goes on. With several processes (torchrun,
    accelerate) each calls this; the first one writes. Raises NotFound, BadRequest, Conflict where RUN holds another
    run, OutOfSpace, ModelUnavailable, VitrinaError.
    """
    sides = _sides(settings)  # Nothing is written where there is no split to learn from.
    frame = frame_of(settings.name, settings.told, sides)
    if int(os.environ.get("RANK", "0")) != 0:
        if finished(run, frame) is None:
            _trained(settings, sides, run, first=False)
        return {}
    run.mkdir(parents=True, exist_ok=True)
    with held(run):
        before = finished(run, frame)
        if before is not None:
            print(f"{run}: trained before with the same recipe and split, left as it is")
            return before
        begin(run, frame, overwrite=overwrite)
        report = _train(settings, sides, run, command=command, frame=frame)
    print(summary(report))
    kept = run.parent / "trackio"
    if "trackio" in tracker_names(_report_to(settings)):
        project = settings.trainer.get("project", run.resolve().parent.parent.name)
        print(f"log: TRACKIO_DIR={kept} trackio show --project {project} (or {run / 'history.csv'})")
    print(f"model: {run / 'model'}")
    return report


def _sides(settings: Settings) -> Sides:
    data = settings.data
    return open_sides(
        Path(data.data).expanduser(),
        task=data.task,
        targets=data.targets,
        limit=data.limit,
        seed=int(settings.trainer.get("seed", 0)),
    )


def _report_to(settings: Settings) -> Any:
    return settings.trainer.get("report_to", DEFAULTS["report_to"])


def _trained(
    settings: Settings, sides: Sides, run: Path, *, first: bool
) -> tuple[Trained, str, np.ndarray | None]:
    """(what came of learning, the revision it began with, the classes' weights), in each of several processes."""
    seed = int(settings.trainer.get("seed", 0))
    augmentation = Augmentation.from_recipe(settings.data.augment)
    if settings.data.test_time:
        views(settings.data.test_time)  # Evaluation would refuse an unknown one, hours later.
    weights = class_weights_of(settings.data.class_weights, sides[TRAIN])
    loaded = starting_model(settings, sides, seed=seed)
    bf16 = settings.model.mode != "head" and trains_in_bf16(settings.model.precision, loaded.model)
    with tracked(_report_to(settings), run):
        arguments = settings.training_arguments(run, bf16=bf16)
        if first and augmentation:
            # The views of a head are varied in the pictures' own size.
            framing = None if settings.model.mode == "head" else framing_of(loaded)
            shown = augmentation.within(None if framing is None else framing.frame)
            _show(sides, shown, run, seed=seed)
        trained = _learned(settings, loaded, sides, arguments=arguments, weights=weights, run=run)
    return trained, loaded.revision, weights


def _train(
    settings: Settings, sides: Sides, run: Path, *, command: str, frame: dict[str, Any]
) -> dict[str, Any]:
    trained, revision_before, weights = _trained(settings, sides, run, first=True)
    seed = int(settings.trainer.get("seed", 0))
    calibration, abstention = calibrate(
        trained, sides[VALIDATION], target_precision=settings.model.target_precision
    )
    revision, reproduced = save_and_reproduce(
        trained, sides[VALIDATION], run=run, temperature=calibration["temperature"], seed=seed
    )
    np.save(run / "validation_logits.npy", trained.validation_logits / calibration["temperature"])
    ended = {
        "model": {"reference": settings.model.model, "revision": revision_before},
        "mode": settings.model.mode,
        "command": command,
        "preprocessing": _preprocessing(settings, trained.loaded),
        "validation": validation_figures(
            trained.validation_logits / calibration["temperature"], sides[VALIDATION]
        ),
        "calibration": calibration,
        "abstention": abstention,
        "reproduced": reproduced,
        "seed": seed,
        "class_weights": None
        if weights is None
        else dict(zip(sides.scheme.names, map(float, weights), strict=True)),
        "revision": revision,
    }
    report = report_of(frame, trained, sides=sides, ended=ended)
    write_json(
        run / REPORT, report
    )  # It says that all the rest is there; until then a run goes on from what is next.
    shutil.rmtree(run / "checkpoints", ignore_errors=True)
    return report


def starting_model(settings: Settings, sides: Sides, *, seed: int) -> LoadedModel:
    """The model a run begins with: a backbone with a new head for the classes, or random weights. Raises as they do."""
    told, data = settings.model, settings.data
    if told.mode == "scratch":
        size = data.size or (data.progressive[-1] if data.progressive else 224)
        loaded = new_model(told.model, sides.scheme, size=size, seed=seed, options=told.architecture)
        return with_preprocessing(loaded, size=size, fit=data.fit) if data.fit else loaded
    if told.architecture:
        raise BadRequest(
            "settings of an architecture with mode scratch alone",
            f"mode {told.mode}",
            "Remove architecture from the recipe, or set mode: scratch.",
        )
    loaded = load_backbone(told.model, sides.scheme, seed=seed)
    if data.size is None and data.fit is None:
        return loaded
    return with_preprocessing(loaded, size=data.size, fit=data.fit)


def _learned(
    settings: Settings,
    loaded: LoadedModel,
    sides: Sides,
    *,
    arguments: TrainingArguments,
    weights: np.ndarray | None,
    run: Path,
) -> Trained:
    told, data = settings.model, settings.data
    augmentation = Augmentation.from_recipe(data.augment)
    if told.mode == "head":
        from vitrina.learning.headed import Heading, train_head

        heading = Heading(
            kind=told.head,
            views=told.head_views,
            augment=augmentation,
            l2=tuple(told.l2),
            class_weights=weights,
            precision=told.precision,
        )
        cache = Path(data.data).expanduser() / "features"
        if data.size is None and data.fit is None:
            _take_over_features(Path(data.data).expanduser() / "collected", loaded, cache)
        trained = train_head(loaded, sides, heading=heading, arguments=arguments, cache=cache, run=run)
        if arguments.process_index == 0:
            named: Any = arguments.report_to
            log_rows(list(named), logged(trained), arguments=arguments, model=trained.loaded.model)
        return trained
    from vitrina.learning.tuned import Tuning, tune

    tuning = Tuning(
        mode=told.mode,
        last_n=told.last_n,
        layer_decay=told.layer_decay,
        schedule=told.schedule,
        augment=augmentation,
        mixup=data.mixup,
        progressive=tuple(data.progressive),
        class_weights=weights,
        early_stopping=told.early_stopping,
        find_learning_rate=told.find_learning_rate,
    )
    return tune(loaded, sides[TRAIN], sides[VALIDATION], tuning=tuning, arguments=arguments, run=run)


def _take_over_features(collected: Path, loaded: LoadedModel, cache: Path) -> None:
    """Features that collecting computed with the very same network need not be computed again.

    Collecting reduces a picture from its full size, training decodes it reduced: on photos of 2 and 12 megapixels
    features differed by a cosine of 0.9996 or more.
    """
    from vitrina.models.feature_cache import FeatureCache
    from vitrina.pile import open_pile

    if not (collected / "collect_report.json").is_file():
        return
    pile = open_pile(collected)
    if pile.features is None or pile.feature_revision != loaded.revision:
        return
    keys = pile.survey["pixel_sha256"].tolist()
    FeatureCache(cache).seed(loaded, keys, pile.features, revision=loaded.revision)


def _show(sides: Sides, augmentation: Augmentation, run: Path, *, seed: int) -> None:
    train = sides[TRAIN]
    rows = sorted(np.random.default_rng(seed).permutation(len(train))[:SHOWN].tolist())
    path = run / "samples.png"
    sample_sheet(
        [train.picture(row) for row in rows],
        augmentation,
        labels=[str(train.label(row)) for row in rows],
        seed=seed,
        path=path,
    )
    print(f"what training will see: {path}")


def _preprocessing(settings: Settings, loaded: LoadedModel) -> dict[str, Any]:
    data = settings.data
    return {
        "size": input_size(loaded),
        "fit": data.fit,
        "grey": bool(settings.model.architecture.get("grey", False)),
        "augment": Augmentation.from_recipe(data.augment).as_dict(),
        "mixup": data.mixup,
        "progressive": list(data.progressive),
    }


if __name__ == "__main__":
    # accelerate launch -m training.train RECIPE: as `python -m training train` does.
    from training.__main__ import main as run_stage

    sys.exit(run_stage(["train", *sys.argv[1:]]))
