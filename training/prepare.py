"""The road from a pile to a data card in one command: collect, clean, split, card."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from training.arguments import (
    CardArguments,
    CleanArguments,
    CollectArguments,
    SeedArguments,
    SplitArguments,
    parse,
)
from vitrina.errors import VitrinaError

_KINDS = (CollectArguments, CleanArguments, SplitArguments, CardArguments, SeedArguments)


def main(arguments: Sequence[str]) -> None:
    """Run the four stages on one working folder, each as if called alone. Raises VitrinaError.

    What an earlier run finished is left as it is, so a road that was stopped is taken up where it ended.
    """
    said = "folder, archive, HDF5 file, arrays, table of pictures, or data set of the Hub (org/name)"
    pile, told = parse("prepare", arguments, kinds=_KINDS, place=("pile", said))
    collecting, cleaning, splitting, carding, drawn = told
    prepare(
        pile,
        collecting=collecting,
        cleaning=cleaning,
        splitting=splitting,
        carding=carding,
        seed=drawn.seed,
    )


def prepare(  # One dataclass a stage, as the command line fills them.
    pile: str,
    *,
    collecting: CollectArguments,
    cleaning: CleanArguments,
    splitting: SplitArguments,
    carding: CardArguments,
    seed: int,
) -> None:
    """The four stages with their arguments. Raises VitrinaError."""
    from training.card import facts_of, write_card
    from training.clean import clean
    from training.collect import collect
    from training.split import split_collection
    from vitrina.report import write_report

    work = Path(collecting.output_dir).expanduser()
    facts_of(carding)  # A licence that cannot be is said now, not after an hour.
    _begin("collect", f"reading {pile}")
    collect(pile, collecting, seed=seed)
    _begin("clean", "looking for copies and doubtful pictures")
    clean(work, cleaning, seed=seed, page=False)  # Splitting shows it all.
    _begin("split", "train, validation, test")
    try:
        split_collection(work, splitting, seed=seed)
    except VitrinaError:
        write_report(work)  # Who has to label or review first needs the pages most.
        raise
    write_card(work, carding)


def _begin(stage: str, doing: str) -> None:
    print(f"[{stage}] {doing} ...", file=sys.stderr, flush=True)
