"""Evaluation: a run measured on its test side, or a model on class folders."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.arguments import EvaluateArguments, parse_evaluate
from vitrina.errors import BadRequest, ModelUnavailable
from vitrina.learning.evaluated import Measured, Run, measure_run, open_run, write_lines
from vitrina.learning.record import REPORT, write_json
from vitrina.learning.sides import TEST, Side
from vitrina.readers import open_source
from vitrina.recipe import load_recipe

if TYPE_CHECKING:
    from PIL import Image

    from vitrina.models.classifier import Classifier

# Pictures that the deletion test asks about: each takes some forty passes through the network.
DELETED = 16
# Pictures that the map shows.
MAPPED = 600


def main(arguments: Sequence[str]) -> None:
    """Measure, print the figures, write the report. Raises VitrinaError."""
    named, told = parse_evaluate(arguments)
    if (Path(named) / REPORT).is_file():
        evaluate_run(Path(named), told)
    elif told.data is None:
        raise BadRequest(
            "a finished run, or --data with class folders for a model or a recipe",
            f"{named} without --data",
            "Name RUN as python -m training train printed it, or add --data FOLDER.",
        )
    else:
        _evaluate_folders(named, told)


def evaluate_run(run: Path, told: EvaluateArguments) -> dict[str, Any]:
    """RUN/evaluation with eval_results.json, predictions, page; the figures. Measured before: left as it is.

    Raises NotFound, BadRequest, ModelUnavailable.
    """
    from tqdm import tqdm

    from vitrina.results import is_current, write_results

    opened = open_run(run, work=None if told.data is None else Path(told.data))
    folder = Path(told.output_dir) if told.output_dir else run / "evaluation"
    paged = told.pages and folder == run / "evaluation"
    asked = {"seed": told.seed, "explain": told.explain}
    before = _finished(folder, opened, asked)
    if before is not None and (is_current(run) or not paged):
        print(f"{folder}: measured before, left as it is")
        print(run_table(before))
        return before
    started = time.monotonic()
    with tqdm(
        total=len(opened.sides.sides.get(TEST, ())), unit=" pictures", disable=None, desc="test"
    ) as bar:
        measured = measure_run(
            opened,
            seed=told.seed,
            batch_size=told.batch_size,
            progress=lambda done, of: bar.update(done - bar.n),
        )
    results = measured.results | {"asked": asked}
    folder.mkdir(parents=True, exist_ok=True)
    if told.explain:
        results["explained"] = _explained(opened, seed=told.seed)
    results["minutes"] = round((time.monotonic() - started) / 60, 3)
    write_lines(folder / "validation_predictions.jsonl", measured.validation)
    write_lines(folder / "predictions.jsonl", measured.test)
    write_json(folder / "eval_results.json", results)  # Last: it says that the others are there.
    print(run_table(results))
    if paged:
        with tempfile.TemporaryDirectory() as scratch:
            maps = _maps(opened, measured, Path(scratch), seed=told.seed)
            heat = _HeatMaps(opened) if told.explain else None
            page = write_results(run, picture_of=_Pictures(opened), heat_of=heat, maps=maps)
        print(f"report: {page}")
    return results


def run_table(results: Mapping[str, Any]) -> str:
    """The figures on test for a terminal; shares as they are, 0 to 1."""
    test = results["test"]
    lines = [f"{results['name']} on {results['data']['n']:,} pictures of test:"]
    titles = {
        "accuracy": "accuracy", "exact_match": "all classes right", "mean_average_precision": "mean average precision",
        "mae": "mean absolute error", "rmse": "root mean squared error", "auroc": "AUROC",
        "calibration_error": "calibration error",
    }  # fmt: skip
    lines += [f"  {title:26} {_said(test[key])}" for key, title in titles.items() if key in test]
    if "macro" in test:
        lines.append(f"  {'macro F1':26} {_said(test['macro']['f1'])}")
    told = results["abstention"]
    if told is not None:
        lines.append(
            f"  answers                    {_said(told['coverage'])} of them at {told['abstain_below']:.2f}"
        )
        lines.append(f"  right where it answers     {_said(told['precision'])}")
    if "per_class" in test:
        lines += ["", f"  {'class':20} precision  recall      F1  support"]
        for name, each in test["per_class"].items():
            shares = "  ".join(f"{_value(each[key]['value']):>6}" for key in ("precision", "recall", "f1"))
            lines.append(f"  {name:20}    {shares}  {each['support']:7d}")
    if results["not_measured"]:
        lines.append(f"  not measured, no test pictures: {', '.join(results['not_measured'][:20])}")
    return "\n".join(lines)


def _said(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "cannot be said"
    low, high = figure["interval"]
    return f"{figure['value']:.3f} (95 % interval {low:.3f} to {high:.3f})"


def _value(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _finished(folder: Path, run: Run, asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """The results that lie there, where they are of this model, this split and what is asked for."""
    try:
        found: dict[str, Any] = json.loads((folder / "eval_results.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    same = found["model"] == run.measured and found.get("asked") == asked
    return found if same and found["data"]["fingerprint"] == run.report["input"]["fingerprint"] else None


def _explained(run: Run, *, seed: int) -> dict[str, Any] | None:
    """The deletion test on a few pictures of test; None for a model that no method explains."""
    from vitrina.models.deletion import deletion_test
    from vitrina.models.explain import heat_map, method_of

    test = run.sides[TEST]
    rows = np.sort(np.random.default_rng(seed).permutation(len(test))[:DELETED])
    pictures = [test.picture(int(row)) for row in rows]
    try:
        method = method_of(run.loaded, pictures[0])
        heat = heat_map(run.loaded, pictures, method=method)
        return {
            "method": method,
            "deletion": deletion_test(run.loaded, pictures, heat, seed=seed),
        }
    except ModelUnavailable as error:
        print(f"no heat maps: {error}")
        return None


class _Pictures:
    """picture_id -> the bytes of its file, on any side of the split."""

    def __init__(self, run: Run) -> None:
        self._places: dict[str, tuple[Side, int]] = {
            name: (side, row) for side in run.sides.sides.values() for row, name in enumerate(side.picture_id)
        }

    def __call__(self, picture_id: str) -> bytes:
        side, row = self._places[picture_id]
        return side.data(row)


class _HeatMaps:
    """picture_ids -> what the model looked at, over what it saw."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._pictures = _Pictures(run)

    def __call__(self, picture_ids: list[str]) -> dict[str, Image.Image]:
        from vitrina.models.explain import heat_map
        from vitrina.models.explain_overlay import overlay, seen

        pictures = [self._pictures(name) for name in picture_ids]
        try:
            heat = heat_map(self._run.loaded, pictures)
        except ModelUnavailable:
            return {}
        shown = seen(self._run.loaded, pictures)
        return {name: overlay(one, map_) for name, one, map_ in zip(picture_ids, shown, heat, strict=True)}


def _maps(run: Run, measured: Measured, folder: Path, *, seed: int) -> dict[str, Path]:
    """ "en-day", ... -> PNG of the test side, like pictures near one another; none for regression."""
    from vitrina.models.features import compute_features
    from vitrina.results.collection_map import Mapped, map_positions
    from vitrina.results.map_plot import write_maps

    test = run.sides[TEST]
    if test.scheme.task != "single_label" or len(test) < 3:
        return {}
    rows = np.sort(np.random.default_rng(seed).permutation(len(test))[:MAPPED]).tolist()
    pictures = [test.picture(row) for row in rows]
    mapped = Mapped(
        [test.picture_id[row] for row in rows],
        map_positions(compute_features(run.loaded, pictures), seed=seed),
        [str(test.label(row)) for row in rows],
        [str(measured.test[row]["top_label"]) for row in rows],
    )
    return write_maps(mapped, lambda i: pictures[i], folder, seed=seed)


def _evaluate_folders(named: str, told: EvaluateArguments) -> None:
    from vitrina.models.scored import labelled, predict_all, score, table, write

    assert told.data is not None
    source = open_source(told.data)
    classifier = open_named(named)
    items = labelled(source.items, classifier)
    rows, refused = predict_all(classifier, source, items, batch_size=told.batch_size)
    refused += [{"file_name": skip.file_name, "reason": skip.reason} for skip in source.skipped]
    report = (
        {"evaluated": named, "data": Path(told.data).name} | score(rows, classifier) | {"refused": refused}
    )
    print(table(report))
    if told.output_dir is not None:
        write(report, rows, Path(told.output_dir))


def open_named(named: str) -> Classifier:
    """The classifier of a recipe with a class map, or of a model. Raises BadRequest, ModelUnavailable."""
    from vitrina.models.class_map import ClassMap
    from vitrina.models.classifier import open_classifier

    if not named.endswith((".yaml", ".yml")):
        return open_classifier(named)
    recipe = load_recipe(Path(named))
    if recipe.class_map is None:
        raise BadRequest(
            f"a class map in the recipe {recipe.path.name}",
            "none: its model is trained first",
            "Evaluate the folder of the trained model instead.",
        )
    return open_classifier(
        recipe.model,
        class_map=ClassMap(recipe.class_map),
        labels=recipe.labels,
        abstain_below=recipe.abstain_below,
    )
