"""python -m training STAGE: runs one stage of the pipeline."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from vitrina.errors import VitrinaError

# In the order of the road: name -> (module with main(arguments), what it does).
STAGES = {
    "run": ("training.run", "the whole road: prepare, train, evaluate, card in one command"),
    "prepare": ("training.prepare", "collect, clean, split, card in one command"),
    "collect": ("training.collect", "a pile of pictures decoded once each, as a collection"),
    "clean": ("training.clean", "copies out, doubtful pictures queued for a person, decisions applied"),
    "split": ("training.split", "train, validation, test: stratified, no group on two sides"),
    "train": ("training.train", "a recipe and a split become a model that anyone loads"),
    "evaluate": ("training.evaluate", "a run on its test side, or a model on class folders"),
    "grid": ("training.grid", "a recipe with every combination of a few values, compared on validation"),
    "suite": ("training.suite", "the experiments of a study on one split, measured on test, in one table"),
    "compare": ("training.compare", "which of several runs is better, on the same test pictures"),
    "card": ("training.card", "the data card or the model card, from the reports alone"),
    "publish": ("training.publish", "a model, a data set or the Space: verified, versioned, put in force"),
    "roll_back": ("training.roll_back", "an earlier version is in force again, with the reason on record"),
    "versions": ("training.versions", "what a repository holds, what is in force since when"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 done, 2 with one message on standard error for what the caller can put right."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    usage = "\n".join(
        ["usage: python -m training STAGE ...", ""] + [f"  {k:10} {v[1]}" for k, v in STAGES.items()]
    )
    if given[:1] in (["-h"], ["--help"]):
        print(usage)
        return 0
    if not given or given[0] not in STAGES:
        print(usage, file=sys.stderr)
        return 2
    try:
        importlib.import_module(STAGES[given[0]][0]).main(given[1:])
    except VitrinaError as error:
        print(f"python -m training {given[0]}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"python -m training {given[0]}: stopped; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
