"""The figures of a run looked at once more before they are published."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
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
Place = tuple[str, ...]


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
    """Count every figure of test again from the answers that were written down; ask about some of the pictures again.

    The split lies in `work`, else in the folder that holds `runs`; `say` is told where it does not any more. Raises
    BadRequest where an answer or a figure is another one, ModelUnavailable.
    """
    rows = _rows(run, loaded)
    if len(rows) != results["data"]["n"]:
        raise BadRequest(
            f"the answers of {results['data']['n']} test pictures in {_PREDICTIONS}", str(len(rows)), _ANEW
        )
    side = _test_side(run, work, say)
    if side is not None:
        _require_truth(rows, side)
    if rows:
        _require_figures(rows, results, loaded, side)
    if side is not None:
        _ask_again(rows, side, loaded)


def _test_side(run: Path, work: Path | None, say: Callable[[str], None]) -> Side | None:
    from vitrina.learning.evaluated import open_run
    from vitrina.learning.sides import TEST

    try:
        side = open_run(run, work=work).sides.sides.get(TEST)
    except (NotFound, BadRequest) as problem:
        say(f"not asked again: the test pictures are not at hand. {problem}")
        return None
    if side is None:
        say("not asked again: the split has no test side any more.")
    return side


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


def _require_figures(
    rows: list[dict[str, Any]], results: Mapping[str, Any], loaded: LoadedModel, side: Side | None
) -> None:
    """All of "test" of eval_results.json, values and intervals, comes out of the answers again."""
    from vitrina.learning.measured import task_figures

    task, drawn = loaded.labels.task, results.get("bootstrap") or {}
    targets = np.array([row["truth"] for row in rows]) if side is None else side.targets
    # Truths of regression are written with six digits, and R squared makes much of little.
    near = 1e-3 if side is None and task == "regression" else 1e-6
    try:
        found = task_figures(
            task,
            _scores(rows),
            targets,
            loaded.labels.names,
            seed=int(drawn["seed"]),
            resamples=int(drawn["resamples"]),
        )
    except (BadRequest, KeyError) as problem:
        what = problem.found if isinstance(problem, BadRequest) else f"no {problem}"
        raise BadRequest(f"answers in {_PREDICTIONS} that figures come of", what, _ANEW) from problem
    for path, told, again in _differences(results["test"], found, near):
        raise BadRequest(
            f"the {_named(path)} of eval_results.json ({told}) in the answers of {_PREDICTIONS}",
            f"{again}",
            _ANEW,
        )


def _differences(told: Any, found: Any, near: float, path: Place = ()) -> Iterator[tuple[Place, Any, Any]]:
    """(where, what was told, what comes out) of everything that is not the same within `near`."""
    if isinstance(told, Mapping) and isinstance(found, Mapping):
        for key in [*found, *(key for key in told if key not in found)]:
            yield from _differences(told.get(key), found.get(key), near, (*path, str(key)))
    elif isinstance(told, list | tuple) and isinstance(found, list | tuple) and len(told) == len(found):
        for one, other in zip(told, found, strict=True):
            yield from _differences(one, other, near, path)
    elif isinstance(told, int | float) and isinstance(found, int | float):
        if not abs(told - found) <= near:
            yield path, told, found
    elif told != found:
        yield path, told, found


def _named(path: Place) -> str:
    """("per_class", "apple", "recall", "value") -> "recall of apple"."""
    parts = [part.replace("_", " ") for part in path if part != "value"]
    if path[0] in ("per_class", "per_target") and len(parts) > 2:
        return f"{' '.join(parts[2:])} of {path[1]}"
    return " ".join(parts)


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
