"""Training a head alone: features of each picture once, from the cache where they were computed before."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from vitrina.augment import Augmentation, generator_for
from vitrina.errors import BadRequest
from vitrina.learning.examples import Examples
from vitrina.learning.heads import L2_GRID, fit_linear
from vitrina.learning.journal import write_table
from vitrina.learning.mlp import MlpSettings, fit_mlp
from vitrina.learning.sides import TRAIN, VALIDATION, Side, Sides
from vitrina.learning.trained import Trained
from vitrina.models.feature_cache import PLAIN, FeatureCache
from vitrina.models.features import final_linear
from vitrina.models.mlp_head import with_mlp_head
from vitrina.models.precision import FLOAT32, fast_precision

if TYPE_CHECKING:
    from transformers import TrainingArguments

    from vitrina.models.backbone import LoadedModel

MOST_VIEWS = 3
# Numbers from which on a network is large: ViT-B/16 has 86 million, EfficientNet-Lite0 five, ViT-Tiny six.
LARGE = 20_000_000


@dataclass(frozen=True)
class Heading:
    """How the head is trained. `views` (0 to 3): augmented views of each picture of train beside itself. `l2`: the
    penalties tried, none for the usual ones. `class_weights` float32 (k,). `precision` of the features.
    """

    kind: str = "linear"
    views: int = 0
    augment: Augmentation = field(default_factory=lambda: Augmentation.from_recipe(None))
    l2: tuple[float, ...] = ()
    class_weights: np.ndarray | None = None
    precision: str = "auto"


@dataclass(frozen=True)
class _Fitted:
    """A complete model, its logits on validation, what was chosen, a row an epoch or a row a penalty."""

    loaded: LoadedModel
    logits: np.ndarray
    chosen: dict[str, Any]
    history: list[dict[str, float]] = field(default_factory=list)
    grid: list[dict[str, float]] = field(default_factory=list)


def train_head(
    loaded: LoadedModel,
    sides: Sides,
    *,
    heading: Heading,
    arguments: TrainingArguments,
    cache: Path,
    run: Path,
) -> Trained:
    """A head on frozen features; what is regularised, or for how long, is chosen on validation.

    `loaded` has a new head for the split's classes, which is replaced; features lie in `cache`. Raises BadRequest,
    ModelUnavailable, OutOfSpace.
    """
    _refuse_views(heading)
    started = time.monotonic()
    precision = precision_of(heading.precision, loaded)
    features = _Features(loaded, FeatureCache(cache), precision, arguments)
    train = features.of_train(sides[TRAIN], heading)
    validation = Examples(features.of(sides[VALIDATION], "validation"), sides[VALIDATION].targets)
    fit = _mlp if heading.kind == "mlp" else _linear
    fitted = fit(loaded, train, validation, sides=sides, heading=heading, arguments=arguments)
    seconds = time.monotonic() - started
    write_table(fitted.history or fitted.grid, run / "history.csv")
    counts = {"computed": features.cache.computed, "found": features.cache.found}
    return Trained(
        loaded=fitted.loaded,
        validation_logits=fitted.logits,
        precision=precision,
        chosen=fitted.chosen,
        seconds=seconds,
        trained_parameters=_head_parameters(fitted.loaded),
        epochs=float(len(fitted.history)) or None,
        pictures_per_second=round(counts["computed"] / features.seconds, 2) if counts["computed"] else None,
        history=fitted.history,
        grid=fitted.grid,
        more={"features": counts, "training_precision": precision},
    )


def precision_of(asked: str, loaded: LoadedModel) -> str:
    """What features are computed in: as `asked`, for "auto" in bf16 where that is fast and saves minutes.

    A small network saves seconds, and its head then stands on the very numbers that it is asked on later: in bf16
    single scores were off by up to 0.08.
    """
    if asked != "auto":
        return asked
    large = sum(parameter.numel() for parameter in loaded.model.parameters()) >= LARGE
    return fast_precision(loaded.model) if large else FLOAT32


class _Features:
    """Features of sides through one cache, with a bar that shows what is being done."""

    def __init__(
        self, loaded: LoadedModel, cache: FeatureCache, precision: str, arguments: TrainingArguments
    ) -> None:
        self.loaded, self.cache, self.precision, self.arguments = loaded, cache, precision, arguments
        self.seconds = 0.0

    def of(self, side: Side, said: str, *, rows: Any = None, view: str = PLAIN) -> np.ndarray:
        """float32 (n, d)."""
        from tqdm import tqdm

        begun = time.monotonic()
        hidden = True if self.arguments.disable_tqdm else None
        with tqdm(total=len(side), unit=" pictures", desc=f"features, {said}", disable=hidden) as bar:

            def tell(done: int, of: int) -> None:
                bar.total = of
                bar.update(done - bar.n)

            answer = self.cache.features_of(
                self.loaded, rows or side, precision=self.precision, view=view, progress=tell, batch_size=16
            )
        self.seconds += time.monotonic() - begun
        return answer

    def of_train(self, train: Side, heading: Heading) -> Examples:
        """The pictures as they are, then their views."""
        parts = [self.of(train, "train")]
        for number in range(1, heading.views + 1):
            varied = _Varied(train, heading.augment, seed=self.arguments.seed, number=number)
            parts.append(self.of(train, f"view {number}", rows=varied, view=varied.name))
        return Examples(np.concatenate(parts), np.concatenate([train.targets] * len(parts)))


class _Varied:
    """Pictures of a side varied once; the variation hangs on the picture, not on its row, as the cache wants it."""

    def __init__(self, side: Side, augment: Augmentation, *, seed: int, number: int) -> None:
        self.side, self.augment, self.seed, self.number = side, augment, seed, number

    @property
    def keys(self) -> list[str]:
        return self.side.keys

    @property
    def name(self) -> str:
        """Tells one variation from another in the cache."""
        text = json.dumps([self.augment.as_dict(), self.seed, self.number], sort_keys=True)
        return f"view-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def picture(self, row: int) -> Image.Image:
        place = int(self.keys[row][:7], 16)
        return self.augment(self.side.picture(row), generator=generator_for(self.seed, self.number, place))


def _refuse_views(heading: Heading) -> None:
    if not 0 <= heading.views <= MOST_VIEWS:
        raise BadRequest(f"head_views from 0 to {MOST_VIEWS}", str(heading.views), "Correct the recipe.")
    if heading.views and not heading.augment:
        raise BadRequest(
            "augment beside head_views", "none", "Say how the views differ, such as flip: horizontal."
        )
    if heading.augment and not heading.views:
        raise BadRequest(
            "head_views of 1 to 3 beside augment, with mode head",
            "none: features are computed once",
            "Set head_views, or leave augment out.",
        )


def _by_name(weights: np.ndarray | None, sides: Sides) -> dict[str, float] | None:
    return None if weights is None else dict(zip(sides.scheme.names, map(float, weights), strict=True))


def _with_head(loaded: LoadedModel, weight: np.ndarray, bias: np.ndarray) -> LoadedModel:
    """The same model, changed in place: it was made for this run."""
    _, _, linear = final_linear(loaded)
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(weight))
        linear.bias.copy_(torch.from_numpy(bias))
    return replace(loaded, model=loaded.model.eval())


def _linear(
    loaded: LoadedModel,
    train: Examples,
    validation: Examples,
    *,
    sides: Sides,
    heading: Heading,
    arguments: TrainingArguments,
) -> _Fitted:
    fitted = fit_linear(
        train,
        validation,
        scheme=sides.scheme,
        l2_grid=heading.l2 or L2_GRID,
        class_weights=_by_name(heading.class_weights, sides),
        label_smoothing=arguments.label_smoothing_factor,
    )
    best = next(entry for entry in fitted.grid if entry["l2"] == fitted.l2)
    chosen = _chosen(best["log_loss"], epoch=None, l2=fitted.l2)
    complete = _with_head(loaded, fitted.weight, fitted.bias)
    return _Fitted(complete, fitted.validation_logits, chosen, grid=fitted.grid)


def _mlp(
    loaded: LoadedModel,
    train: Examples,
    validation: Examples,
    *,
    sides: Sides,
    heading: Heading,
    arguments: TrainingArguments,
) -> _Fitted:
    settings = MlpSettings()
    seed, weights = arguments.seed, _by_name(heading.class_weights, sides)
    fitted = fit_mlp(
        train, validation, scheme=sides.scheme, seed=seed, class_weights=weights, settings=settings
    )
    complete = with_mlp_head(
        loaded, sides.scheme, hidden_units=[settings.hidden], dropout=settings.dropout, seed=seed
    )
    model: Any = complete.model
    parts = (
        (model.hidden[0][0].weight, fitted.hidden_weight),
        (model.hidden[0][0].bias, fitted.hidden_bias),
        (model.classifier.weight, fitted.weight),
        (model.classifier.bias, fitted.bias),
    )
    with torch.no_grad():
        for parameter, values in parts:
            parameter.copy_(torch.from_numpy(values))
    history = [
        {name if name in ("epoch", "loss") else f"eval_{name}": value for name, value in row.items()}
        for row in fitted.history
    ]
    best = next(row for row in history if row["epoch"] == fitted.epoch)
    chosen = _chosen(best["eval_log_loss"], epoch=fitted.epoch, l2=None)
    return _Fitted(complete, fitted.validation_logits, chosen, history=history)


def _chosen(value: float, *, epoch: int | None, l2: float | None) -> dict[str, Any]:
    return {"metric": "log_loss", "on": "validation", "value": value, "epoch": epoch, "l2": l2}


def _head_parameters(complete: LoadedModel) -> int:
    """Numbers in the layers that were fitted."""
    _, _, linear = final_linear(complete)
    dense = getattr(complete.model, "hidden", None)
    fitted = [linear, *([] if dense is None else [dense])]
    return sum(parameter.numel() for module in fitted for parameter in module.parameters())
