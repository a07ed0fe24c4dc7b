"""Weights of the classes in the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from vitrina.errors import BadRequest
from vitrina.learning.sides import Side


def class_weights_of(asked: Any, train: Side) -> np.ndarray | None:
    """float32 (k,), or None for "none". "auto": n / (k * n_c), so that a picture weighs 1 on average.

    A mapping gives a weight above 0 for each class by name. Raises BadRequest: another word, other names, no numbers,
    a task without classes.
    """
    if asked is None or asked == "none":
        return None
    scheme = train.scheme
    if scheme.task != "single_label":
        raise BadRequest(
            "class_weights with the task single_label alone", scheme.task, "Leave class_weights out."
        )
    if asked == "auto":
        counts = np.bincount(train.labels, minlength=len(scheme.names))
        return np.asarray(len(train) / (len(scheme.names) * counts), dtype=np.float32)
    if not isinstance(asked, Mapping):
        raise BadRequest(
            "class_weights none, auto, or a weight for each class", repr(asked)[:80], "Correct the recipe."
        )
    # YAML reads a class named 0 or 2020 as a number.
    asked = {str(name): value for name, value in asked.items()}
    unlike = sorted(set(asked) ^ set(scheme.names))
    if unlike:
        raise BadRequest(
            f"a weight for each of {', '.join(scheme.names)}",
            f"{', '.join(unlike[:10])} on one side alone",
            "Name every class of the collection once.",
        )
    values = [asked[name] for name in scheme.names]
    if not all(
        isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6 for value in values
    ):
        raise BadRequest("class weights that are numbers above 0", repr(values)[:80], "Correct the recipe.")
    return np.asarray(values, dtype=np.float32)
