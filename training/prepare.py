"""The road from a pile to a data card in one command: collect, clean, split, card."""

from __future__ import annotations

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

_KINDS = (CollectArguments, CleanArguments, SplitArguments, CardArguments, SeedArguments)


def main(arguments: Sequence[str]) -> None:
    """Run the four stages on one working folder, each as if called alone. Raises VitrinaError.

    What an earlier run finished is left as it is, so a road that was stopped is taken up where it ended.
    """
    from training.card import write_card
    from training.clean import clean
    from training.collect import collect
    from training.split import split_collection

    said = "folder, archive, HDF5 file, arrays, table of pictures, or data set of the Hub (org/name)"
    pile, told = parse("prepare", arguments, kinds=_KINDS, place=("pile", said))
    collecting, cleaning, splitting, carding, drawn = told
    work = Path(collecting.output_dir).expanduser()
    collect(pile, collecting, seed=drawn.seed)
    clean(work, cleaning, seed=drawn.seed, page=False)  # Splitting shows it all.
    split_collection(work, splitting, seed=drawn.seed)
    write_card(work, carding)
