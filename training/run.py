"""The whole road in one command: a pile becomes a clean split, a model, its figures, its card."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from training.arguments import (
    CardArguments,
    CleanArguments,
    CollectArguments,
    EvaluateArguments,
    RunArguments,
    SeedArguments,
    SplitArguments,
    parse,
)

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ROOT / "training" / "recipes" / "experiments" / "head_bundled.yaml"
_KINDS = (CollectArguments, CleanArguments, SplitArguments, CardArguments, RunArguments, SeedArguments)


def main(arguments: Sequence[str]) -> None:
    """Prepare, train, evaluate, write both cards; say where all lies. What was done before is skipped.

    Raises VitrinaError.
    """
    from training.prepare import prepare
    from training.recipe import load_settings
    from training.train import run_folder, train

    said = "folder, archive, HDF5 file, arrays, table of pictures, or data set of the Hub (org/name)"
    pile, told = parse("run", arguments, kinds=_KINDS, place=("pile", said))
    collecting, cleaning, splitting, carding, running, drawn = told
    work = Path(collecting.output_dir).expanduser()
    recipe = Path(running.recipe) if running.recipe else RECIPE
    # A recipe that cannot be read is said now, not after the pile was collected.
    more = {"data": str(work), "seed": str(drawn.seed)} | ({"model": running.model} if running.model else {})
    settings = load_settings(recipe, more)
    prepare(
        pile, collecting=collecting, cleaning=cleaning, splitting=splitting, carding=carding, seed=drawn.seed
    )
    run = run_folder(settings)
    place = recipe.relative_to(ROOT) if recipe.is_relative_to(ROOT) else recipe
    command = shlex.join(["python", "-m", "training", "train", str(place), *_words(more)])
    _begin("train", f"{settings.name}: {settings.model.model}, mode {settings.model.mode}")
    train(settings, run, command=command, overwrite=running.train_anew)
    _finish(run, work, pile, carding=carding, seed=drawn.seed)


def _finish(run: Path, work: Path, pile: str, *, carding: CardArguments, seed: int) -> None:
    from training.card import write_model_card
    from training.evaluate import evaluate_run

    _begin("evaluate", "figures on the test side, pages")
    evaluate_run(run, EvaluateArguments(seed=seed))
    _begin("card", "the model card")
    # Title and description are those of the pictures.
    card = write_model_card(run, replace(carding, title=None, description=None))
    slug = re.sub(r"[^a-z0-9]+", "-", Path(pile).stem.lower()).strip("-") or "collection"
    print()
    print(f"report of the collection: {work / 'report' / 'index.html'}")
    print(f"report of the model:      {run / 'evaluation' / 'index.html'}")
    print(f"model card:               {card}")
    print(f"model:                    {run / 'model'}")
    python = _python()
    print("To see it in the gallery:")
    print(
        f"  {python} -m vitrina import {shlex.quote(pile)} --collection {slug} --model {shlex.quote(str(run))}"
    )
    print(f"  {python} app.py     then open http://127.0.0.1:7860/?collection={slug}")


def _words(options: Mapping[str, str]) -> list[str]:
    return [word for key, value in options.items() for word in (f"--{key}", value)]


def _python() -> str:
    """The interpreter as it can be typed from here."""
    python = Path(sys.executable)
    return str(python.relative_to(Path.cwd())) if python.is_relative_to(Path.cwd()) else "python"


def _begin(stage: str, doing: str) -> None:
    print(f"[{stage}] {doing} ...", file=sys.stderr, flush=True)
