"""A head with one hidden layer, stopped by validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.learning.axes import standard_of
from vitrina.learning.examples import Examples, checked, refuse_unlearnable, weights_of
from vitrina.learning.mlp_network import MlpNetwork, MlpSettings
from vitrina.learning.scores import scores


@dataclass(frozen=True)
class FittedMlp:
    """logits = weight @ GELU(hidden_weight @ feature + hidden_bias) + bias, for features as they come.

    float32: `hidden_weight` (h, d), `hidden_bias` (h,), `weight` (k, h), `bias` (k,). `epoch` (from 1) is the one
    with the lowest log loss on validation, whose numbers these are; `history` has a line for each epoch: "epoch",
    "loss" (of train, with dropout) and what `scores` says of validation. `validation_logits` float32 (n, k).
    """

    hidden_weight: np.ndarray
    hidden_bias: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    epoch: int
    history: list[dict[str, float]]
    validation_logits: np.ndarray


def fit_mlp(
    train: Examples,
    validation: Examples,
    *,
    scheme: LabelScheme,
    seed: int,
    class_weights: Mapping[str, float] | None = None,
    settings: MlpSettings | None = None,
) -> FittedMlp:
    """Trained by AdamW towards the targets as `fit_linear` is; validation chooses the epoch.

    The same seed gives the same numbers on the same machine with as many threads. Raises BadRequest as `fit_linear`
    does, and where the loss is not finite.
    """
    settings = settings or MlpSettings()
    train, validation = checked(train, scheme, side="train"), checked(validation, scheme, side="validation")
    refuse_unlearnable(train, scheme)
    seen = None if class_weights is None else weights_of(validation.targets, scheme, class_weights)
    judged = "log_loss" if seen is None else "weighted_log_loss"
    mean, scale = standard_of(train.features)
    rows = (train.features - mean) / scale, train.targets, weights_of(train.targets, scheme, class_weights)
    network = MlpNetwork(train.features.shape[1], len(scheme.names), settings=settings, seed=seed)
    best: FittedMlp | None = None
    history: list[dict[str, float]] = []
    for epoch in range(1, settings.epochs + 1):
        loss = network.epoch(*rows, softmax=scheme.task == "single_label")
        fitted = _folded(network, (mean, scale))
        logits = mlp_logits(fitted, validation.features)
        history.append(
            {"epoch": epoch, "loss": loss, **scores(logits, validation.targets, scheme, weights=seen)}
        )
        if not np.isfinite([loss, history[-1]["log_loss"]]).all():
            raise BadRequest(
                "a finite loss of the head", f"{loss} in epoch {epoch}", "Use a smaller learning rate."
            )
        if best is None or history[-1][judged] < history[best.epoch - 1][judged]:
            best = replace(fitted, epoch=epoch, history=history, validation_logits=logits)
        elif epoch - best.epoch >= settings.patience:
            break
    assert best is not None
    return best


def mlp_logits(fitted: FittedMlp, features: np.ndarray) -> np.ndarray:
    """float32 (n, k) for features (n, d)."""
    import torch
    from torch.nn.functional import gelu, linear

    parts = (fitted.hidden_weight, fitted.hidden_bias, fitted.weight, fitted.bias)
    first, first_bias, last, last_bias = (torch.from_numpy(part) for part in parts)
    given = torch.from_numpy(np.array(features, dtype=np.float32))
    with torch.inference_mode():
        answer: np.ndarray = linear(gelu(linear(given, first, first_bias)), last, last_bias).numpy()
    return answer


def _folded(network: MlpNetwork, axes: tuple[np.ndarray, np.ndarray]) -> FittedMlp:
    """The network as it is now, the standardisation folded into its first layer."""
    mean, scale = axes
    first, first_bias, last, last_bias = network.arrays()
    hidden = first.astype(np.float64) / scale
    shift = first_bias - hidden @ mean
    return FittedMlp(
        hidden.astype(np.float32), shift.astype(np.float32), last, last_bias, 0, [], np.zeros((0, len(last)))
    )
