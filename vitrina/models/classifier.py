"""Pictures in, predictions out."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vitrina.errors import BadRequest, ModelUnavailable
from vitrina.labels import LabelScheme
from vitrina.models.backbone import LoadedModel, load_model
from vitrina.models.class_map import ClassMap
from vitrina.models.inputs import PictureLike, batches, pixel_values
from vitrina.models.reference import ModelReference
from vitrina.prediction import Prediction


class Classifier:
    """A loaded model that names classes, or says that it is not sure. Safe to use from several threads.

    Without a class map the scores are the softmax and it abstains when the top one is below `abstain_below`
    (0 to 1). With one, the scores are ImageNet probabilities summed by the map and divided by the mass that
    falls on it, and it abstains when that mass is below `abstain_below`.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        *,
        abstain_below: float = 0.0,
        class_map: ClassMap | None = None,
        labels: LabelScheme | None = None,
    ) -> None:
        """`labels` orders the labels of `class_map`. Raises ModelUnavailable; BadRequest: threshold."""
        if not 0.0 <= abstain_below <= 1.0:
            raise BadRequest("abstain_below from 0 to 1", str(abstain_below), "Use 0 to answer always.")
        problem = loaded.model.config.problem_type
        if problem not in (None, "single_label_classification") or len(loaded.labels.names) < 2:
            raise ModelUnavailable(
                "a model that gives one of two or more classes",
                f"{problem or len(loaded.labels.names)} in {loaded.reference}",
                "Choose a single-label classification model.",
            )
        self._loaded = loaded
        self._lock = threading.Lock()
        self.abstain_below = float(abstain_below)
        self.class_map = class_map
        self._matrix: np.ndarray | None = None
        self.labels: LabelScheme = loaded.labels
        self.revision: str = loaded.revision
        if class_map is not None:
            self.labels = class_map.labels if labels is None else labels
            self._matrix = class_map.matrix(loaded.labels, labels=labels)
            self.revision = f"{loaded.revision}+map:{class_map.fingerprint}"

    def predict(self, pictures: Sequence[PictureLike], *, batch_size: int = 16) -> list[Prediction]:
        """One prediction a picture, in order. Pictures: PIL images, arrays uint8 (h, w, 3), bytes, paths.

        Raises PictureRefused for a file that is no picture, ModelUnavailable where the model gives no finite
        numbers (damaged weights).
        """
        predictions: list[Prediction] = []
        for batch in batches(pictures, batch_size):
            predictions += [self._answer(row) for row in self._probabilities(batch)]
        return predictions

    def _probabilities(self, batch: Sequence[PictureLike]) -> np.ndarray:
        """float64 (batch, model's classes); rows sum to 1."""
        import torch

        with self._lock, torch.inference_mode():
            logits = self._loaded.model(pixel_values=pixel_values(self._loaded, batch)).logits
            probabilities = logits.double().softmax(dim=-1).numpy()
        if not np.isfinite(probabilities).all():
            raise ModelUnavailable(
                f"finite numbers from {self.revision}",
                "NaN",
                "Copy the model again: its weights are damaged.",
            )
        return probabilities

    def _answer(self, probabilities: np.ndarray) -> Prediction:
        if self._matrix is None:
            scores = probabilities
            confidence = float(scores.max())
        else:
            summed = probabilities @ self._matrix
            mass = float(summed.sum())
            # Where nothing at all falls on the map every class is as good as another.
            scores = summed / mass if mass > 0 else np.full(len(summed), 1 / len(summed))
            confidence = min(mass, 1.0)
        return Prediction(
            scores={name: float(score) for name, score in zip(self.labels.names, scores, strict=True)},
            top_label=self.labels.names[int(scores.argmax())],
            confidence=confidence,
            abstained=confidence < self.abstain_below,
            revision=self.revision,
        )


def open_classifier(
    reference: ModelReference | str | Path,
    *,
    class_map: ClassMap | None = None,
    labels: LabelScheme | None = None,
    abstain_below: float | None = None,
) -> Classifier:
    """Load a model and make it answer for `labels`.

    `abstain_below` None takes what the model's config.json carries under that name, else 0. With a class map
    `labels` are the map's, not the model's. Raises ModelUnavailable.
    """
    loaded = load_model(reference, labels=labels if class_map is None else None)
    return classifier_of(loaded, class_map=class_map, labels=labels, abstain_below=abstain_below)


def classifier_of(
    loaded: LoadedModel,
    *,
    class_map: ClassMap | None = None,
    labels: LabelScheme | None = None,
    abstain_below: float | None = None,
) -> Classifier:
    """The same of a model that is loaded already, whose labels were looked at."""
    if abstain_below is None:
        abstain_below = 0.0 if class_map is not None else _own_threshold(loaded)
    return Classifier(loaded, abstain_below=abstain_below, class_map=class_map, labels=labels)


def _own_threshold(loaded: LoadedModel) -> float:
    value = getattr(loaded.model.config, "abstain_below", 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise ModelUnavailable(
            f"abstain_below from 0 to 1 in config.json of {loaded.reference}", repr(value), "Correct it."
        )
    return float(value)
