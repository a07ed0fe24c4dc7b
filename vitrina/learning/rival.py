"""Another model measured on the test side of a run, to be compared with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from vitrina.errors import BadRequest
from vitrina.learning.answers import logits_of, probabilities_of
from vitrina.learning.evaluated import Progress, Run
from vitrina.learning.measured import figures_of
from vitrina.learning.sides import TEST
from vitrina.models.backbone import load_model


def measure_rival(run: Run, model: Path, *, seed: int, progress: Progress | None = None) -> dict[str, Any]:
    """Figures as "test" of eval_results.json has them, of the model in the folder `model`.

    The order of its classes may be another one than the run's. Raises BadRequest for other classes or another task,
    ModelUnavailable.
    """
    loaded, test = load_model(model), run.sides[TEST]
    wanted, own = test.scheme, loaded.labels
    if set(wanted.names) != set(own.names) or wanted.task != own.task:
        raise BadRequest(
            f"a model for {', '.join(wanted.names)} ({wanted.task}) to compare with",
            f"{', '.join(own.names)} ({own.task})",
            "Publish a model for other classes to a repository of its own, or say why with --force.",
        )
    order = [own.names.index(name) for name in wanted.names]
    scores = probabilities_of(logits_of(loaded, test, progress=progress), wanted.task)
    return figures_of(np.ascontiguousarray(scores[:, order]), test, seed=seed)
