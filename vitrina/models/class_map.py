"""Classes of a collection as sums of ImageNet classes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vitrina.errors import ModelUnavailable
from vitrina.labels import LabelScheme

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class ClassMap:
    """label -> names of the model's classes that count towards it.

    A name is the model's own label or its first name ("espresso" for "espresso, coffee"). Raises
    ModelUnavailable where a name stands twice (within a label or under two), or a label has no names.
    """

    classes: Mapping[str, Sequence[str]]
    labels: LabelScheme = field(init=False, compare=False)

    def __post_init__(self) -> None:
        owner: dict[str, str] = {}
        for label, names in self.classes.items():
            if not names:
                raise ModelUnavailable(
                    f"at least one class of the model under {label!r}",
                    "none",
                    "Add names or remove the label.",
                )
            for name in names:
                if name in owner:
                    raise ModelUnavailable(
                        "each class of the model once in the class map",
                        f"{name!r} under {owner[name]!r} and under {label!r}",
                        "Keep it under one label.",
                    )
                owner[name] = label
        object.__setattr__(self, "labels", LabelScheme(tuple(self.classes)))

    @property
    def fingerprint(self) -> str:
        """First 8 hexadecimal digits of the SHA-256 of the map; the order of the names does not matter."""
        plain = {label: sorted(names) for label, names in self.classes.items()}
        return hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True).encode()).hexdigest()[:8]

    def matrix(self, model_labels: LabelScheme, *, labels: LabelScheme | None = None) -> np.ndarray:
        """Zeros and ones, float32 (model's classes, labels): probabilities @ matrix are the summed scores.

        `labels` gives another order of the same labels. Raises ModelUnavailable naming every class that the
        model does not know, or saying how the labels differ.
        """
        import numpy as np

        labels = self.labels if labels is None else labels
        if set(labels.names) != set(self.classes):
            raise ModelUnavailable(
                f"a class map for the labels {', '.join(labels.names)}",
                f"one for {', '.join(self.classes)}",
                "Give the collection the labels of the map, or write a map for its labels.",
            )
        index = _index_by_name(model_labels)
        unknown = [name for names in self.classes.values() for name in names if name not in index]
        if unknown:
            raise ModelUnavailable(
                "names of the model's classes in the class map",
                f"{len(unknown)} that it does not know: {', '.join(sorted(unknown))}",
                f"Use names from the model's id2label, such as {model_labels.names[0]!r}.",
            )
        indices = Counter(index[name] for names in self.classes.values() for name in names)
        twice = sorted(model_labels.names[i] for i, count in indices.items() if count > 1)
        if twice:
            raise ModelUnavailable(
                "each class of the model once in the class map",
                f"{', '.join(twice)} by full and by first name",
                "Keep one of the two names.",
            )
        matrix = np.zeros((len(model_labels.names), len(labels.names)), dtype=np.float32)
        for column, label in enumerate(labels.names):
            matrix[[index[name] for name in self.classes[label]], column] = 1.0
        return matrix


def _index_by_name(model_labels: LabelScheme) -> dict[str, int]:
    """The model's labels and their first names; a first name that two classes share names neither."""
    first = [name.split(",")[0].strip() for name in model_labels.names]
    count = Counter(first)
    index = {name: i for i, name in enumerate(first) if count[name] == 1}
    return index | {name: i for i, name in enumerate(model_labels.names)}
