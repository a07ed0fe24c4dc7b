"""Where a run is logged: trackio, MLflow, TensorBoard, kept beside the run unless the environment says otherwise."""

from __future__ import annotations

import importlib.util
import io
import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest
from vitrina.learning.usage import usage

if TYPE_CHECKING:
    from torch import nn
    from transformers import TrainingArguments

    from vitrina.learning.trained import Trained

# Name in report_to -> (package that must be there, variable that names its place, place beside the runs).
_KNOWN = {
    "trackio": ("trackio", "TRACKIO_DIR", "trackio"),
    "mlflow": ("mlflow", "MLFLOW_TRACKING_URI", "mlflow"),
    "tensorboard": ("tensorboard", "TENSORBOARD_LOGGING_DIR", "tensorboard"),
}


def tracker_names(named: str | Sequence[str] | None) -> list[str]:
    """`report_to` as a list; "none" and nothing are none."""
    names = [named] if isinstance(named, str) else list(named or [])
    return [name for name in names if name != "none"]


def prepare_trackers(
    named: str | Sequence[str] | None, run: Path, environment: MutableMapping[str, str] = os.environ
) -> list[str]:
    """The trackers of `report_to`, each told to keep its files beside the folder of RUN, where nothing else is said.

    Raises BadRequest for one that is not known or not installed.
    """
    answer = []
    for name in tracker_names(named):
        if name not in _KNOWN:
            raise BadRequest(f"report_to among {', '.join(_KNOWN)}, none", repr(name), "Correct the recipe.")
        package, variable, place = _KNOWN[name]
        if importlib.util.find_spec(package) is None:
            raise BadRequest(
                f"the package {package} for report_to {name}",
                "that it is not installed",
                f"Run pip install {package}, or set report_to: none; history.csv is written all the same.",
            )
        folder = run.parent.resolve() / place
        if name == "tensorboard":
            # Of its own, since nothing else in the events says which run they are of.
            folder /= run.name
        default = f"sqlite:///{folder / 'mlflow.db'}" if name == "mlflow" else str(folder)
        if environment.setdefault(variable, default) == default:
            folder.mkdir(parents=True, exist_ok=True)
        answer.append(name)
    return answer


@contextmanager
def tracked(
    named: str | Sequence[str] | None, run: Path, environment: MutableMapping[str, str] = os.environ
) -> Iterator[list[str]]:
    """`prepare_trackers` for the time of one run: the next one in this process has places of its own."""
    before = {variable: environment.get(variable) for _, variable, _ in _KNOWN.values()}
    try:
        yield prepare_trackers(named, run, environment)
    finally:
        for variable, value in before.items():
            if value is None:
                environment.pop(variable, None)


def logged(trained: Trained) -> list[dict[str, float]]:
    """A row an epoch or a penalty tried, named as the Trainer names what it logs, with what the process used."""
    used = usage()
    rows = trained.history or [
        {name if name in ("l2", "train_log_loss") else f"eval_{name}": value for name, value in row.items()}
        for row in trained.grid
    ]
    return [row | used for row in rows]


def hushed(callback: Any) -> Any:
    """The same callback; what trackio prints at its beginning and end speaks of uploading, though nothing leaves the
    machine, and of a dashboard in another place than this one.
    """
    if type(callback).__name__ == "TrackioCallback":
        for name in ("on_train_begin", "on_train_end"):
            setattr(callback, name, _unheard(getattr(callback, name)))
    return callback


def _unheard(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(*given: Any, **told: Any) -> Any:
        with redirect_stdout(io.StringIO()):
            return method(*given, **told)

    return call


def log_rows(
    trackers: Sequence[str],
    rows: Sequence[Mapping[str, float]],
    *,
    arguments: TrainingArguments,
    model: nn.Module,
) -> None:
    """Log rows of a run that no Trainer drove, each with its "step" or its place, by the Trainer's own callbacks."""
    from transformers import TrainerControl, TrainerState
    from transformers.integrations import get_reporting_integration_callbacks

    state, control = TrainerState(is_world_process_zero=True), TrainerControl()
    for kind in get_reporting_integration_callbacks(list(trackers)):
        callback: Any = hushed(kind())
        callback.on_train_begin(arguments, state, control, model=model)
        for place, row in enumerate(rows):
            state.global_step = int(row.get("step", place))
            logs = {name: value for name, value in row.items() if name != "step"}
            callback.on_log(arguments, state, control, logs=logs, model=model)
        callback.on_train_end(arguments, state, control, model=model)
