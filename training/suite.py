"""A study: several experiments on one split, each measured on test, in one table."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import vitrina
from training.recipe import Settings, load_settings, overrides, with_values
from vitrina.errors import BadRequest, ModelUnavailable, VitrinaError

RECIPES = Path(__file__).resolve().parent / "recipes" / "experiments"
# Those of the restaurant study; vit_head and resnet_head need weights, which --model or the Hub brings.
EXPERIMENTS = ("cnn", "cnn_balanced", "cnn_grey", "cnn_tuned", "vit_head", "resnet")
# Enough to see the road work to its end and the strong part from the weak, in minutes on two cores.
SMALL: dict[str, Any] = {"limit": 400}
SMALL_SCRATCH: dict[str, Any] = {"size": 64}
_EPOCHS = 8
_SMALL_SAID = (
    "Small scale: fewer pictures, epochs and pixels than the recipes say. These figures show that the road works, and "
    "the strong from the weak; they are not what the recipes reach."
)


@dataclass(frozen=True)
class Study:
    """What is run: `scale` "small" or "full", `model` for vit_head, recipe keys in `more` for every experiment."""

    work: Path
    folder: Path
    scale: str = "small"
    model: str | None = None
    pages: bool = True
    seed: int = 0
    overwrite: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)

    def settings(self, named: str) -> Settings:
        """The recipe of one experiment (a name, or a YAML file) at this scale. Raises BadRequest."""
        path = Path(named) if named.endswith((".yaml", ".yml")) else RECIPES / f"{named}.yaml"
        if not path.is_file():
            known = sorted(each.stem for each in RECIPES.glob("*.yaml"))
            raise BadRequest(
                f"experiments among {', '.join(known)}, or recipes (.yaml)", named, "Name a known one."
            )
        settings = load_settings(path)
        changed = {"data": str(self.work), "seed": self.seed} | self._scaled(settings) | dict(self.more)
        if self.model is not None and settings.name == "vit_head":
            changed["model"] = self.model
        name = settings.name if self.scale == "full" else f"{settings.name}-{self.scale}"
        return with_values(settings, changed, name=name)

    def _scaled(self, settings: Settings) -> dict[str, Any]:
        if self.scale == "full":
            return {}
        epochs = {} if settings.model.mode == "head" else {"num_train_epochs": _EPOCHS}
        return SMALL | epochs | (SMALL_SCRATCH if settings.model.mode == "scratch" else {})


def main(arguments: Sequence[str]) -> None:
    """Run the study, print its table. Raises BadRequest, NotFound, VitrinaError where an experiment failed."""
    told, rest = _parsed(arguments)
    more = overrides(rest)
    anew = more.pop("overwrite", "false") == "true"
    work = Path(told.work).expanduser()
    folder = Path(told.output_dir).expanduser() if told.output_dir else work / "runs" / "suite"
    study = Study(
        work=work,
        folder=folder,
        scale=told.scale,
        model=told.model,
        pages=told.pages == "true",
        seed=told.seed,
        overwrite=anew,
        more=more,
    )
    given = [Path(word).name if word == told.work else word for word in arguments]
    report = run_study(study, told.experiments, command=f"python -m training suite {' '.join(given)}")
    print(markdown(report))
    print(f"table: {folder / 'suite.md'}")
    failed = [row["name"] for row in report["experiments"] if row["state"] == "failed"]
    if failed:
        raise VitrinaError(
            "every experiment to end",
            f"{len(failed)} that did not: {', '.join(failed)}",
            "Their messages stand in the table; the same command tries them again and leaves the others as they are.",
        )


def run_study(study: Study, experiments: Sequence[str], *, command: str) -> dict[str, Any]:
    """Train, measure, compare; the report, as in FOLDER/suite.json, beside it FOLDER/suite.md.

    What was done before is left as it is. An experiment whose backbone cannot be loaded is skipped with the reason,
    one that fails is named with its message; the others go on. Raises BadRequest: a recipe that is none, NotFound:
    no split.
    """
    from vitrina.learning.machine import hardware
    from vitrina.learning.record import write_json
    from vitrina.learning.sides import open_sides

    every = [study.settings(name) for name in experiments]
    names = [each.name for each in every]
    if len(set(names)) < len(names):
        raise BadRequest("experiments of different names", ", ".join(names), "Name each once.")
    sides = open_sides(study.work)
    rows = []
    for number, settings in enumerate(every, start=1):
        print(f"[{number} of {len(every)}] {settings.name}: {settings.about}", file=sys.stderr, flush=True)
        rows.append(_experiment(settings, study, command=command))
    compared = _compared([row for row in rows if row["state"] == "measured"], study)
    report = {
        "stage": "suite",
        "vitrina": vitrina.__version__,
        "scale": study.scale,
        "data": {"name": sides.name, "fingerprint": sides.report["fingerprint"]},
        "seed": study.seed,
        "command": command,
        "hardware": hardware(),
        "experiments": _ordered(rows, compared),
        "compared": compared,
    }
    study.folder.mkdir(parents=True, exist_ok=True)
    (study.folder / "suite.md").write_text(markdown(report), encoding="utf-8")
    write_json(study.folder / "suite.json", report)
    return report


def markdown(report: Mapping[str, Any]) -> str:
    """The table, best first, then what the paired tests say and what was left out."""
    from training.compare import sentences

    rows = [["experiment", "accuracy on test", "macro F1", "parameters", "minutes", "beside the best"]]
    rows += [_cells(row) for row in report["experiments"]]
    lines = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows]
    lines.insert(1, f"|{' --- |' * len(rows[0])}")
    said = sentences(report["compared"]) if report["compared"] else ["Fewer than two were measured: no comparison."]
    said += [f"{row['name']} {row['state']}: {row['reason']}" for row in report["experiments"] if row["reason"]]
    said += [_SMALL_SAID] if report["scale"] == "small" else []
    title = f"# Experiments on {report['data']['name']}, scale {report['scale']}"
    return "\n".join([title, "", *lines, "", *(f"- {each}" for each in said)]) + "\n"


def _cells(row: Mapping[str, Any]) -> list[str]:
    if row["state"] != "measured":
        return [row["name"], row["state"], "-", "-", "-", "-"]
    parameters = f"{row['parameters']:,}"
    if row["trained_parameters"] != row["parameters"]:
        parameters += f" ({row['trained_parameters']:,} trained)"
    accuracy, f1 = (_figure(row[key]) for key in ("accuracy", "macro_f1"))
    return [row["name"], accuracy, f1, parameters, f"{row['minutes']:.1f}", row["beside_the_best"]]


def _figure(figure: Mapping[str, Any]) -> str:
    if figure["value"] is None:
        return "cannot be said"
    low, high = figure["interval"]
    return f"{figure['value']:.3f} ({low:.3f} to {high:.3f})"


def _experiment(settings: Settings, study: Study, *, command: str) -> dict[str, Any]:
    from training.train import train
    from vitrina.measures.compared import figure_at

    run = study.folder / settings.name
    row: dict[str, Any] = {"name": settings.name, "about": settings.about, "state": "measured", "reason": None}
    try:
        try:
            trained = train(settings, run, command=command, overwrite=study.overwrite)
        except ModelUnavailable as error:
            print(f"{settings.name} skipped: {error}", file=sys.stderr, flush=True)
            return row | {"state": "skipped", "reason": str(error)}
        test = _measured(run, study)["test"]
    # An experiment may fail in any library it passes through; the study is there for the others as well.
    except Exception as error:
        if not isinstance(error, VitrinaError):
            traceback.print_exc()
        said = str(error) if isinstance(error, VitrinaError) else f"{type(error).__name__}: {error}"
        print(f"{settings.name} failed: {said}", file=sys.stderr, flush=True)
        return row | {"state": "failed", "reason": " ".join(said.split())[:500]}
    return row | {
        "model": trained["model"]["revision"],
        "mode": trained["mode"],
        "accuracy": figure_at(test, ("accuracy",)),
        "macro_f1": figure_at(test, ("macro", "f1")),
        "parameters": trained["model"]["parameters"],
        "trained_parameters": trained["model"]["trained_parameters"],
        "minutes": trained["minutes"],
        "epochs": trained["epochs"],
    }


def _measured(run: Path, study: Study) -> dict[str, Any]:
    """RUN/evaluation: figures and predictions, with the page or without. Raises as evaluation does."""
    from training.arguments import EvaluateArguments
    from training.evaluate import evaluate_run

    # Heat maps are for the page.
    told = EvaluateArguments(data=str(study.work), seed=study.seed, pages=study.pages, explain=study.pages)
    return evaluate_run(run, told)


def _compared(measured: Sequence[Mapping[str, Any]], study: Study) -> dict[str, Any] | None:
    """Each against the best on the same pictures; None for fewer than two."""
    from vitrina.measures.compared import compare
    from vitrina.measures.measured import read_run

    if len(measured) < 2:
        return None
    return compare([read_run(study.folder / row["name"]) for row in measured], seed=study.seed)


def _ordered(rows: Sequence[dict[str, Any]], compared: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Best first, those without figures last; each with a word on how it stands beside the best."""
    from training.compare import probability

    order = {run["name"]: place for place, run in enumerate(compared["runs"])} if compared else {}
    tests = {test["other"]: test for test in compared["tests"]} if compared else {}
    answer = []
    for row in sorted(rows, key=lambda row: (row["state"] != "measured", order.get(row["name"], 0))):
        test = tests.get(row["name"])
        word = "" if row["state"] == "measured" else "-"
        if test is not None:
            word = f"{'no difference shown' if test['ahead'] is None else 'behind'}, {probability(test['p_adjusted'])}"
        elif order.get(row["name"]) == 0:
            word = "the best"
        answer.append(row | {"beside_the_best": word})
    return answer


def _parsed(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="python -m training suite",
        description=__doc__,
        allow_abbrev=False,
        epilog="Further options are keys of every recipe, such as --report_to none; --overwrite true begins anew.",
    )
    parser.add_argument("work", metavar="WORK", help="working folder with a split")
    parser.add_argument("--scale", choices=("small", "full"), default="small", help="small: in minutes, to see")
    parser.add_argument("--model", help="backbone of vit_head: a folder, or org/name@revision")
    parser.add_argument(
        "--experiments", nargs="+", default=EXPERIMENTS, metavar="NAME", help="recipes of experiments/, or .yaml files"
    )
    parser.add_argument(
        "--pages", choices=("true", "false"), default="false", help="a page with pictures for each as well"
    )
    parser.add_argument("--seed", type=int, default=0, help="same seed, same result")
    parser.add_argument("--output_dir", help="where runs and table go; else WORK/runs/suite")
    return parser.parse_known_args(list(arguments))
