"""A linear head fitted on frozen features."""

from __future__ import annotations

import copy
import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.models.backbone import LoadedModel
from vitrina.models.features import final_linear
from vitrina.models.task import describe

L2_GRID = (1.0, 10.0, 100.0, 1000.0)
_FOLDS = 5


@dataclass(frozen=True)
class Head:
    """A linear layer for raw features: logits = weight @ feature + bias.

    `weight` float32 (classes, d), `bias` float32 (classes,). `l2` is the penalty l2/2 * |w|^2 that was
    chosen, on standardised features, beside the summed log loss. `validation_accuracy` (0 to 1) and
    `validation_probabilities` float32 (n, classes) come from folds that did not see the picture; choosing
    the best of a small grid makes them slightly hopeful.
    """

    weight: np.ndarray
    bias: np.ndarray
    l2: float
    validation_accuracy: float
    validation_probabilities: np.ndarray


def fit_head(
    features: np.ndarray,
    labels: Sequence[int],
    *,
    scheme: LabelScheme,
    seed: int,
    l2_grid: Sequence[float] = L2_GRID,
) -> Head:
    """Multinomial logistic regression (scikit-learn), its penalty chosen by the log loss of
    stratified cross-validation.

    features (n, d), labels (n,) indices into `scheme`. Ties go to the stronger penalty. Raises BadRequest
    where a class has fewer than 2 pictures, where n differs, or where features are not finite.
    """
    features, target = np.asarray(features, dtype=np.float64), np.asarray(labels, dtype=np.int64)
    folds = _folds(features, target, scheme)
    from sklearn.model_selection import StratifiedKFold

    grid = sorted(set(l2_grid), reverse=True)
    if not grid or grid[-1] <= 0:
        raise BadRequest("L2 penalties above 0 to try", repr(list(l2_grid)), "Leave l2_grid at its default.")
    splits = StratifiedKFold(folds, shuffle=True, random_state=seed).split(features, target)
    probabilities = np.zeros((len(grid), len(target), len(scheme.names)))
    for train, held_out in splits:
        space = _Space.of(features[train])
        for which, l2 in enumerate(grid):
            weight, bias = space.fit(target[train], l2)
            probabilities[which, held_out] = _softmax(features[held_out] @ weight.T + bias)
    # By log loss, a proper score: by accuracy alone a penalty wins that is so strong that the classifier is
    # right but never sure, and then it abstains for nothing.
    of_truth = np.take_along_axis(probabilities, target[None, :, None], axis=2)[:, :, 0]
    best = int((-np.log(np.maximum(of_truth, 1e-12))).mean(axis=1).argmin())
    weight, bias = _Space.of(features).fit(target, grid[best])
    return Head(
        weight=weight.astype(np.float32),
        bias=bias.astype(np.float32),
        l2=float(grid[best]),
        validation_accuracy=float((probabilities[best].argmax(axis=1) == target).mean()),
        validation_probabilities=probabilities[best].astype(np.float32),
    )


def attach_head(
    loaded: LoadedModel, head: Head, scheme: LabelScheme, *, abstain_below: float = 0.0
) -> LoadedModel:
    """A complete model with `head` in the place of the old one; `loaded` stays as it is.

    `abstain_below` (0 to 1) travels in the configuration. Raises BadRequest where shapes do not fit,
    ModelUnavailable for a backbone without one final linear layer.
    """
    import torch

    _, _, old = final_linear(loaded)
    expected = (len(scheme.names), old.in_features)
    if head.weight.shape != expected or not 0.0 <= abstain_below <= 1.0:
        raise BadRequest(
            f"a head of shape {expected} and abstain_below from 0 to 1",
            f"{head.weight.shape} and {abstain_below}",
            "Fit the head on features of this backbone, for these labels.",
        )
    model = copy.deepcopy(loaded.model)
    complete = replace(loaded, model=model, revision=f"{loaded.revision}+head:{_fingerprint(head)}")
    parent, attribute, _ = final_linear(complete)
    linear = torch.nn.Linear(old.in_features, len(scheme.names))
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(head.weight))
        linear.bias.copy_(torch.from_numpy(head.bias))
    setattr(parent, attribute, linear.eval())
    describe(model, scheme, abstain_below=abstain_below)
    return replace(complete, labels=scheme)


def _folds(features: np.ndarray, target: np.ndarray, scheme: LabelScheme) -> int:
    """How many folds the smallest class allows, 2 to 5."""
    if features.ndim != 2 or len(features) != len(target) or not np.isfinite(features).all():
        raise BadRequest(
            "finite features (n, d) for n labels",
            f"shape {features.shape} for {len(target)} labels"
            + ("" if np.isfinite(features).all() else ", some not finite"),
            "Compute the features again.",
        )
    classes = len(scheme.names)
    if classes < 2 or (len(target) and not 0 <= target.min() <= target.max() < classes):
        raise BadRequest(
            "labels from 0 to the number of classes, of two or more",
            f"{classes} classes",
            "Check the labels.",
        )
    counts = np.bincount(target, minlength=classes)
    few = [f"{count} of {name}" for name, count in zip(scheme.names, counts, strict=True) if count < 2]
    if few:
        raise BadRequest(
            "at least 2 pictures of every class",
            ", ".join(few),
            "Label more pictures, or leave the class out.",
        )
    return int(min(_FOLDS, counts.min()))


@dataclass(frozen=True)
class _Space:
    """Features standardised, then turned into no more dimensions than there are pictures.

    The penalty does not change under rotation, so the solution is the same (Hastie, Tibshirani 2004,
    Biostatistics 5, 329), found several times as fast where features outnumber pictures.
    """

    turned: np.ndarray
    basis: np.ndarray | None
    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> _Space:
        mean, scale = features.mean(axis=0), features.std(axis=0)
        # A feature that never changes carries nothing; dividing by its zero would.
        scale[scale < 1e-12] = 1.0
        standard = (features - mean) / scale
        if len(features) >= features.shape[1]:
            return cls(standard, None, mean, scale)
        left, size, right = np.linalg.svd(standard, full_matrices=False)
        return cls(left * size, right.T, mean, scale)

    def fit(self, target: np.ndarray, l2: float) -> tuple[np.ndarray, np.ndarray]:
        """(weight (classes, d), bias (classes,)) for raw features: the standardisation is folded in."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1.0 / l2, max_iter=1000, tol=1e-4)
        with warnings.catch_warnings():
            # A weak penalty on separable classes may stop at max_iter; its accuracy then judges it.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(self.turned, target)
        weight, bias = model.coef_, model.intercept_
        if len(weight) == 1:
            # Two classes come as one logit; halves of it give the same probabilities through a softmax.
            weight, bias = np.vstack([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
        if self.basis is not None:
            weight = weight @ self.basis.T
        weight = weight / self.scale
        return weight, bias - weight @ self.mean


def _softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def _fingerprint(head: Head) -> str:
    return hashlib.sha256(head.weight.tobytes() + head.bias.tobytes()).hexdigest()[:8]
