"""The figures of a run looked at once more before they are published."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.errors import BadRequest, NotFound
from vitrina.models.backbone import LoadedModel
from vitrina.models.checkpoint import settings_of

if TYPE_CHECKING:
    from vitrina.learning.sides import Side

_PREDICTIONS = "evaluation/predictions.jsonl"
# How far a score, 0 to 1, may lie from what was written down: other machines round and resize a little otherwise.
TOLERANCE = 0.02
# Pictures that are asked about again.
ASKED = 16
_ANEW = "Delete the folder evaluation of the run, then run python -m training evaluate again."
_AGAIN = "Run python -m training evaluate again."
# Task -> the figure that is counted again.
_COUNTED = {"single_label": "accuracy", "multi_label": "exact_match", "regression": "mae"}


def require_measured_as_it_is(run: Path, loaded: LoadedModel, results: Mapping[str, Any]) -> None:
    """Raises BadRequest where the weights, or the settings beside them, are others than those that were measured."""
    told = results["model"]
    if loaded.revision.rpartition(":")[2] != str(told["revision"]).rpartition(":")[2]:
        raise BadRequest(
            f"figures of the model as it is ({loaded.revision})", f"those of {told['revision']}", _AGAIN
        )
    measured, now = told.get("files"), settings_of(run / "model")
    if not isinstance(measured, Mapping):
        raise BadRequest(
            "figures that tell the settings they were measured with", "older ones that do not", _AGAIN
        )
    other = sorted(name for name in {*measured, *now} if measured.get(name) != now.get(name))
    if other:
        raise BadRequest(
            "the settings that the figures were measured with", f"another {', '.join(other)}", _AGAIN
        )


def require_reproduced(
    run: Path,
    loaded: LoadedModel,
    results: Mapping[str, Any],
    *,
    work: Path | None,
    say: Callable[[str], None],
) -> None:
    """Count the main figure again from the answers that were written down; ask about some of the pictures again.

    The split lies in `work`, else in the folder that holds `runs`; `say` is told where it does not any more. Raises
    BadRequest where an answer or the figure is another one, ModelUnavailable.
    """
    rows = _rows(run, loaded)
    _require_count(rows, results, loaded)
    from vitrina.learning.evaluated import open_run
    from vitrina.learning.sides import TEST

    try:
        side = open_run(run, work=work).sides.sides.get(TEST)
    except (NotFound, BadRequest) as problem:
        say(f"not reproduced: the test pictures are not at hand. {problem}")
        return
    if side is None:
        say("not reproduced: the split has no test side any more.")
        return
    _require_truth(rows, side)
    _ask_again(rows, side, loaded)


def _rows(run: Path, loaded: LoadedModel) -> list[dict[str, Any]]:
    """Lines of predictions with a score for every class."""
    names = list(loaded.labels.names)
    try:
        lines = (run / _PREDICTIONS).read_text(encoding="utf-8").splitlines()
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
        for row in rows:
            row["scores"] = {name: float(row["scores"][name]) for name in names}
            row["truth"] = _truth(row["label"], names)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise BadRequest(
            f"the answers that were measured in {_PREDICTIONS} of {run.resolve().name}",
            f"{type(problem).__name__}",
            _ANEW,
        ) from problem
    return rows


def _truth(label: Any, names: list[str]) -> list[float]:
    if isinstance(label, Mapping):
        return [float(label[name]) for name in names]
    told = [label] if isinstance(label, str) else list(label)
    return [float(name in told) for name in names]


def _require_count(rows: list[dict[str, Any]], results: Mapping[str, Any], loaded: LoadedModel) -> None:
    task, n = loaded.labels.task, results["data"]["n"]
    name = _COUNTED[task]
    told = results["test"][name]["value"]
    if len(rows) != n:
        raise BadRequest(f"the answers of {n} test pictures in {_PREDICTIONS}", str(len(rows)), _ANEW)
    if not rows:
        return
    scores, truth = _scores(rows), np.array([row["truth"] for row in rows])
    if task == "regression":
        found = float(np.abs(scores - truth).mean())
    elif task == "single_label":
        found = float((scores.argmax(axis=1) == truth.argmax(axis=1)).mean())
    else:
        found = float(((scores >= 0.5) == (truth >= 0.5)).all(axis=1).mean())
    # Truths of regression are written with six digits.
    if told is None or not abs(found - told) <= 1e-5:
        raise BadRequest(
            f"the {name.replace('_', ' ')} of eval_results.json ({told}) in the answers of {_PREDICTIONS}",
            f"{found:.6f}",
            _ANEW,
        )


def _scores(rows: list[dict[str, Any]]) -> np.ndarray:
    return np.array([list(row["scores"].values()) for row in rows])


def _require_truth(rows: list[dict[str, Any]], side: Side) -> None:
    """The answers are those for these pictures, compared with what they truly show."""
    told = [(row.get("picture_id"), row["label"]) for row in rows]
    there = [(name, side.label(row)) for row, name in enumerate(side.picture_id)]
    if told != there:
        wrong = [one for one, other in zip(told, there, strict=False) if one != other]
        raise BadRequest(
            f"the {len(there)} pictures and labels of the test side in {_PREDICTIONS}",
            f"{len(wrong) or len(told)} others",
            _ANEW,
        )


def _ask_again(rows: list[dict[str, Any]], side: Side, loaded: LoadedModel) -> None:
    from vitrina.learning.answers import logits_of, probabilities_of

    chosen = sorted(np.random.default_rng(0).permutation(len(rows))[:ASKED].tolist())
    now = probabilities_of(logits_of(loaded, side, rows=chosen), loaded.labels.task)
    far = np.abs(now - _scores([rows[row] for row in chosen])).max(axis=1, initial=0.0)
    worst = int(far.argmax())
    if not far[worst] <= TOLERANCE:
        raise BadRequest(
            f"the answers of {_PREDICTIONS} from the model as it is, within {TOLERANCE}",
            f"a score that lies {far[worst]:.3f} away for {side.file_name[chosen[worst]]}",
            _ANEW,
        )
