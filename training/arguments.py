"""What each stage is told on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

BACKBONE = "bundled/efficientnet-lite0"


@dataclass
class EvaluateArguments:
    """Where the pictures are, where the report goes."""

    data: str = field(metadata={"help": "folder with one subfolder of pictures a class"})
    output_dir: str | None = field(
        default=None, metadata={"help": "folder for eval_results.json and predictions.jsonl"}
    )
    batch_size: int = field(default=16, metadata={"help": "pictures a batch"})


@dataclass
class SeedArguments:
    """Where randomness begins."""

    seed: int = field(default=0, metadata={"help": "same seed, same result"})


@dataclass
class CollectArguments:
    """Where the pile goes, how it is read."""

    output_dir: str = field(
        metadata={"help": "working folder; a run that was stopped is taken up again there"}
    )
    class_names: list[str] = field(
        default_factory=list, metadata={"help": "names for integer labels, in their order"}
    )
    label_column: str | None = field(
        default=None, metadata={"help": "the metadata column that holds the label"}
    )
    group_by: str | None = field(
        default=None,
        metadata={"help": "the metadata column whose pictures stay together: night, object, restaurant"},
    )
    subset: int | None = field(
        default=None, metadata={"help": "take this many, with the class shares of the whole"}
    )
    backbone: str = field(
        default=BACKBONE,
        metadata={"help": "model whose features are computed in the same pass; none leaves them out"},
    )
    processes: int = field(default=2, metadata={"help": "processes that decode"})
    max_entries: int = field(default=5000, metadata={"help": "most entries an archive may hold"})
    overwrite: bool = field(default=False, metadata={"help": "begin anew where another collection lies"})


@dataclass
class CleanArguments:
    """What is taken out, what is only proposed."""

    remove: Literal["none", "exact", "near"] = field(
        default="near",
        metadata={"help": "copies to take out: none, exact (same bytes or pixels), near as well"},
    )
    decisions: str | None = field(
        default=None, metadata={"help": "decisions of a person (.jsonl or .csv), added to the annotations"}
    )
    label_errors: bool = field(default=True, metadata={"help": "whether wrong labels are looked for"})


@dataclass
class SplitArguments:
    """How much goes where, what stays together."""

    train: float = field(default=0.7, metadata={"help": "share for training"})
    validation: float = field(default=0.15, metadata={"help": "share for choosing"})
    test: float = field(default=0.15, metadata={"help": "share for the final figures"})
    keep_together: list[str] = field(
        default_factory=list, metadata={"help": "columns whose equal values stay on one side"}
    )
    official: Literal["keep", "ignore"] = field(
        default="keep", metadata={"help": "splits that the source brought along"}
    )
    balance: Literal["none", "weights", "undersample", "oversample"] = field(
        default="none", metadata={"help": "balance of the classes, in train alone"}
    )
    balance_to: int | None = field(default=None, metadata={"help": "pictures a class after sampling"})


@dataclass
class CardArguments:
    """What only a person knows of the data."""

    license: str = field(
        metadata={"help": "licence of the pictures, as the Hub spells it: mit, cc-by-4.0, other"}
    )
    title: str | None = field(
        default=None, metadata={"help": "name of the collection; else that of the source"}
    )
    description: str | None = field(
        default=None, metadata={"help": "one paragraph on what the pictures show"}
    )
    origin: str | None = field(default=None, metadata={"help": "who took the pictures, where, when"})
    language: str = field(default="en", metadata={"help": "language of the labels"})


def parse_evaluate(arguments: Sequence[str]) -> tuple[str, EvaluateArguments]:
    """(recipe file or model reference, the rest). Bad arguments end the program: code 2 with the usage."""
    said = "a recipe (.yaml), a model folder, bundled/efficientnet-lite0 or org/name@revision"
    place, (told,) = parse("evaluate", arguments, kinds=(EvaluateArguments,), place=("recipe_or_model", said))
    return place, told


def parse(
    stage: str, arguments: Sequence[str], *, kinds: tuple[type, ...], place: tuple[str, str]
) -> tuple[str, tuple[Any, ...]]:
    """(the one positional argument, one filled dataclass for each of `kinds`).

    `place` names the positional argument, with its help. Bad arguments end the program: code 2 with the usage.
    """
    from transformers import HfArgumentParser

    # The parser's own annotation asks for a NewType that no dataclass satisfies.
    described: Any = kinds
    parser = HfArgumentParser(described, prog=f"python -m training {stage}", allow_abbrev=False)
    parser.add_argument(place[0], help=place[1])
    # The parser leaves unknown options to its caller; told here, they end with the usage like any other.
    parser.parse_args(list(arguments))
    *parsed, rest = parser.parse_args_into_dataclasses(args=list(arguments))
    return str(getattr(rest, place[0])), tuple(parsed)
