"""A grid: one recipe with every combination of a few values, compared on validation alone."""

from __future__ import annotations

import argparse
import csv
import re
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import yaml

import vitrina
from training.recipe import Settings, load_settings, overrides, with_values
from vitrina.errors import BadRequest, VitrinaError

MOST = 64
# Beyond this a name of a folder becomes a burden to every tool.
_LONGEST = 160
_FIGURES = ("log_loss", "accuracy", "mae")
# Runs with other values of these are measured on other pictures, or asked something else.
_NEVER = ("data", "task", "targets", "limit", "name")


def main(arguments: Sequence[str]) -> None:
    """Train every combination, print the table. Raises BadRequest, NotFound, VitrinaError where runs failed."""
    from training.train import run_folder

    told, rest = _parsed(arguments)
    more = overrides(rest)
    anew = more.pop("overwrite", "false") == "true"
    settings = load_settings(Path(told.recipe), more)
    over = read_values(told.over)
    # Beside the place where the recipe's own run lies, never in it.
    folder = Path(told.output_dir).expanduser() if told.output_dir else run_folder(settings)
    folder = folder if told.output_dir else folder.with_name(f"{folder.name}-grid")
    given = [Path(word).name if word == told.recipe else word for word in arguments]
    command = f"python -m training grid {' '.join(given)}"
    report = run_grid(settings, over, folder, command=command, overwrite=anew)
    print(table(report))
    print(f"table: {folder / 'grid.csv'}, plot: {folder / 'grid.png'}")
    if report["best"] is not None:
        work = Path(settings.data.data).expanduser()
        print(f"best on validation: {report['best']}, its measure on pictures that chose nothing:")
        print(f"  python -m training evaluate {folder / report['best']} --data {work}")
    failed = [row["name"] for row in report["runs"] if row["failed"]]
    if failed:
        raise VitrinaError(
            "every run of the grid to end",
            f"{len(failed)} of {len(report['runs'])} that did not: {', '.join(failed[:10])}",
            "Their messages stand in the table; the same command tries them again and leaves the others as they are.",
        )


def run_grid(
    settings: Settings,
    over: Mapping[str, Sequence[Any]],
    folder: Path,
    *,
    command: str,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Every combination trained into FOLDER/NAME-key=value; the report, as in FOLDER/grid.json, best first.

    What was trained before with the same values is left as it is. A run that fails is named with its message, the
    others go on. Nothing is measured on test. Raises BadRequest where a key or value is none of a recipe's.
    """
    runs = combinations(settings, over)
    rows = []
    for number, (values, each) in enumerate(runs, start=1):
        print(f"[{number} of {len(runs)}] {each.name}", file=sys.stderr, flush=True)
        rows.append(_row(each, values, folder, command=command, overwrite=overwrite))
        # After every run, so that a grid that is stopped has its table.
        report = _report(settings, over, rows, command=command)
        _write(report, folder)
    _plot(report, folder / "grid.png")
    return report


def read_values(said: Sequence[str]) -> dict[str, list[Any]]:
    """ "key=a,b" ... -> key to its values, read as YAML. Raises BadRequest: no key, no value, one twice."""
    answer: dict[str, list[Any]] = {}
    for text in said:
        key, _, listed = text.partition("=")
        try:
            values = yaml.safe_load(f"[{listed}]")
        except yaml.YAMLError:
            values = []
        labels = [_label(value) for value in values]
        if not re.fullmatch(r"\w+(\.\w+)?", key) or not values or len(set(labels)) < len(labels) or key in answer:
            raise BadRequest(
                "each key once after --over, with values that differ, as learning_rate=0.001,0.003",
                repr(text),
                "Correct it; architecture.dropout=0.3,0.5 reaches into a key with keys of its own.",
            )
        answer[key] = [_number(value) for value in values]
    unfit = [key for key in answer if key.partition(".")[0] in _NEVER]
    if unfit or not answer:
        raise BadRequest(
            f"keys to vary, none of {', '.join(_NEVER)}",
            ", ".join(unfit) or "none",
            "Add --over learning_rate=0.001,0.003, once or more than once.",
        )
    return answer


def combinations(
    settings: Settings, over: Mapping[str, Sequence[Any]]
) -> list[tuple[dict[str, Any], Settings]]:
    """(values, recipe with them under a name that tells them) for each. Raises BadRequest: more than MOST, or wrong."""
    answer = []
    for chosen in product(*over.values()):
        values = dict(zip(over, chosen, strict=True))
        name = "-".join([settings.name, *(f"{key}={_label(value)}" for key, value in values.items())])
        answer.append((values, name))
        if len(answer) > MOST or len(name) > _LONGEST:
            total = 1
            for each in over.values():
                total *= len(each)
            raise BadRequest(
                f"at most {MOST} combinations, with names of at most {_LONGEST} letters",
                f"{total} such as {name[:_LONGEST]}",
                "Vary fewer keys or values at a time.",
            )
    return [
        (values, with_values(settings, _changed(settings, values), name=name)) for values, name in answer
    ]


def table(report: Mapping[str, Any]) -> str:
    """The runs for a terminal, best first, and what the numbers are worth."""
    keys = list(report["over"])
    shown = [name for name in _FIGURES if any(name in row["validation"] for row in report["runs"])]
    cells = [[*keys, "validation loss", *(name for name in shown if name != "log_loss"), "epochs", "minutes"]]
    for row in report["runs"]:
        figures = [row["validation"].get(name) for name in shown if name != "log_loss"]
        numbers = [_figure(row["loss"]), *map(_figure, figures), _figure(row["epochs"], 0)]
        cells.append([*(_label(row["values"][key]) for key in keys), *numbers, _figure(row["minutes"], 1)])
    widths = [max(len(line[at]) for line in cells) for at in range(len(cells[0]))]
    lines = ["  ".join(f"{cell:{w}}" for cell, w in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines += [f"{row['name']} failed: {row['failed']}" for row in report["runs"] if row["failed"]]
    return "\n".join([*lines, report["said"]])


def _row(
    settings: Settings, values: Mapping[str, Any], folder: Path, *, command: str, overwrite: bool
) -> dict[str, Any]:
    from training.train import train

    row: dict[str, Any] = {"name": settings.name, "values": dict(values)}
    # Trackers show the runs of a working folder together, wherever in it they lie.
    project = {"project": Path(settings.data.data).expanduser().resolve().name, **settings.trainer}
    try:
        done = train(
            replace(settings, trainer=project), folder / settings.name, command=command, overwrite=overwrite
        )
    # A run may fail in any library it passes through; the grid is there for the others as well.
    except Exception as error:
        if not isinstance(error, VitrinaError):
            traceback.print_exc()
        said = " ".join(str(error).split())[:500]
        said = said if isinstance(error, VitrinaError) else f"{type(error).__name__}: {said}"
        print(f"{settings.name} failed: {said}", file=sys.stderr, flush=True)
        return row | {"loss": None, "validation": {}, "epochs": None, "minutes": None, "failed": said}
    validation, chosen = done["validation"], done["chosen"]
    loss = validation.get("log_loss", chosen["value"] if chosen["metric"] == "log_loss" else None)
    return row | {
        "loss": loss,
        "validation": dict(validation),
        "epochs": done["epochs"],
        "minutes": done["minutes"],
        "failed": None,
    }


def _report(
    settings: Settings, over: Mapping[str, Sequence[Any]], rows: Sequence[dict[str, Any]], *, command: str
) -> dict[str, Any]:
    ordered = sorted(rows, key=lambda row: (row["loss"] is None, row["loss"] or 0.0, row["name"]))
    ended = [row for row in ordered if row["loss"] is not None]
    said = "No run ended: there is nothing to compare."
    if ended:
        said = (
            f"Measured on {ended[0]['validation']['n']:,} pictures of validation, which are used for choosing here: "
            f"the best of {len(ended)} looks better than it is. Nothing was measured on test."
        )
    return {
        "stage": "grid",
        "vitrina": vitrina.__version__,
        "name": settings.name,
        "over": {key: list(values) for key, values in over.items()},
        "on": "validation",
        "said": said,
        "best": ended[0]["name"] if ended else None,
        "command": command,
        "runs": ordered,
    }


def _write(report: Mapping[str, Any], folder: Path) -> None:
    from vitrina.learning.record import write_json

    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "grid.json", report)
    keys = list(report["over"])
    with (folder / "grid.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        head = ["name", *keys, *(f"validation_{name}" for name in ("loss", "accuracy", "mae"))]
        writer.writerow([*head, "epochs", "minutes", "failed"])
        for row in report["runs"]:
            figures = [row["loss"], row["validation"].get("accuracy"), row["validation"].get("mae")]
            values = [_label(row["values"][key]) for key in keys]
            writer.writerow([row["name"], *values, *figures, row["epochs"], row["minutes"], row["failed"]])


def _plot(report: Mapping[str, Any], path: Path) -> None:
    """One dot a run, the best at the top."""
    from vitrina.report.canvas import TEXT, WIDTH, canvas, save, short
    from vitrina.report.palette import DAY

    rows = [row for row in report["runs"] if row["loss"] is not None][::-1]
    figure, axes = canvas("Validation loss of each run", (WIDTH + 120, 110 + 24 * len(rows)), colours=DAY)
    labels = [", ".join(f"{k.split('.')[-1]} {_label(v)}" for k, v in row["values"].items()) for row in rows]
    colours = [DAY["accent"] if row["name"] == report["best"] else DAY["bar"] for row in rows]
    axes.scatter([row["loss"] for row in rows], range(len(rows)), c=colours, s=28, zorder=3)
    axes.set_yticks(range(len(rows)), [short(label, 48) for label in labels], parse_math=False)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(axis="x", color=DAY["line"], linewidth=0.6)
    axes.set_xlabel("validation loss, less is better", fontsize=TEXT, color=DAY["quiet"])
    save(figure, path)


def _changed(settings: Settings, values: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's keys with `values` in them; "architecture.dropout" keeps the rest of architecture."""
    answer: dict[str, Any] = {}
    for key, value in values.items():
        outer, _, inner = key.partition(".")
        if inner:
            before = answer.get(outer, settings.told.get(outer, {}))
            value = {**(before if isinstance(before, dict) else {}), inner: value}
        answer[outer] = value
    return answer


def _number(value: Any) -> Any:
    """YAML takes 1e-3, which has no point, for a text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _label(value: Any) -> str:
    """A value in a name of a folder."""
    return re.sub(r"[^\w.+-]+", "_", str(value).lower() if isinstance(value, bool) else str(value)).strip("_")


def _figure(value: float | None, digits: int = 4) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _parsed(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m training grid",
        description=__doc__,
        allow_abbrev=False,
        epilog="Further options are those of python -m training train, such as --data WORK, --limit 200.",
    )
    parser.add_argument("recipe", metavar="RECIPE.yaml", help="the recipe whose values are varied")
    parser.add_argument(
        "--over", action="append", default=[], metavar="KEY=VALUE,VALUE", help="a key, the values it takes"
    )
    parser.add_argument("--output_dir", help="where the runs and their table go; else DATA/runs/NAME-grid")
    return parser.parse_known_args(list(arguments))
