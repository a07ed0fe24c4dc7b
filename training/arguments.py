"""What each stage is told on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

BACKBONE = "bundled/efficientnet-lite0"


@dataclass
class EvaluateArguments:
    """Where the pictures are, where the report goes."""

    data: str | None = field(
        default=None,
        metadata={
            "help": "folder with one subfolder of pictures a class; of a run: its working folder, if it moved"
        },
    )
    output_dir: str | None = field(
        default=None, metadata={"help": "folder for eval_results.json and predictions.jsonl"}
    )
    batch_size: int = field(default=16, metadata={"help": "pictures a batch"})
    explain: bool = field(
        default=True, metadata={"help": "of a run: heat maps, and the test whether they tell the truth"}
    )
    pages: bool = field(
        default=True, metadata={"help": "of a run: a page with pictures, beside the figures"}
    )
    seed: int = field(default=0, metadata={"help": "of a run: where the resampling for intervals begins"})


@dataclass
class ModelArguments:
    """What is trained, how."""

    model: str = field(
        default="google/vit-base-patch16-224",
        metadata={
            "help": "bundled/efficientnet-lite0, a folder, org/name@revision; with mode scratch an architecture"
        },
    )
    mode: Literal["head", "last_n", "full", "scratch"] = field(
        default="head",
        metadata={
            "help": "head: features once, a head on them; last_n layers; full; scratch: from random weights"
        },
    )
    last_n: int = field(
        default=1, metadata={"help": "mode last_n: layers before the head that are trained as well"}
    )
    layer_decay: float = field(
        default=1.0,
        metadata={"help": "learning rate of each layer as a share of that of the layer above, 0 to 1"},
    )
    architecture: dict[str, Any] = field(
        default_factory=dict,
        metadata={"help": "mode scratch: settings of the architecture, such as channels, dropout"},
    )
    head: Literal["linear", "mlp"] = field(
        default="linear", metadata={"help": "mode head: what stands on the features"}
    )
    head_views: int = field(
        default=0, metadata={"help": "mode head: augmented views of each picture beside itself, 0 to 3"}
    )
    l2: list[float] = field(
        default_factory=list, metadata={"help": "mode head: penalties tried, one is chosen on validation"}
    )
    precision: Literal["auto", "float32", "bf16"] = field(
        default="auto", metadata={"help": "numbers while training; auto: bf16 where the processor has it"}
    )
    schedule: Literal["trainer", "one_cycle"] = field(
        default="trainer", metadata={"help": "one_cycle, or what lr_scheduler_type says"}
    )
    find_learning_rate: bool = field(
        default=False, metadata={"help": "look for the learning rate first, with a plot"}
    )
    early_stopping: int = field(
        default=0, metadata={"help": "stop after this many epochs without a better one; 0: never"}
    )
    target_precision: float = field(
        default=0.95,
        metadata={"help": "share of right answers wanted where the model does not abstain, 0 to 1"},
    )


@dataclass
class DataArguments:
    """What it learns from, what it sees."""

    data: str = field(default="work", metadata={"help": "working folder with a split"})
    task: Literal["single_label", "multi_label", "regression"] = field(
        default="single_label",
        metadata={"help": "one class, several classes, or numbers from 0 to 1 for each picture"},
    )
    targets: list[str] = field(
        default_factory=list, metadata={"help": "columns with the targets of multi_label and regression"}
    )
    size: int | None = field(
        default=None, metadata={"help": "pixels of the model's input; else the model's own"}
    )
    fit: Literal["crop", "squash", "pad"] | None = field(
        default=None, metadata={"help": "how a picture becomes square; else the model's own way"}
    )
    augment: dict[str, Any] = field(
        default_factory=dict, metadata={"help": "flip, rotate, zoom, brightness, contrast, noise, grey, crop"}
    )
    mixup: float = field(default=0.0, metadata={"help": "alpha of mixup; 0: none"})
    progressive: list[int] = field(
        default_factory=list, metadata={"help": "sizes that follow one another while training"}
    )
    class_weights: Any = field(default="none", metadata={"help": "none, auto, or a weight for each class"})
    test_time: list[str] = field(
        default_factory=list,
        metadata={"help": "views whose answers are averaged in evaluation, beside the plain one"},
    )
    limit: int | None = field(
        default=None, metadata={"help": "at most this many pictures a side, for a quick trial"}
    )


@dataclass
class RunArguments:
    """How the road ends."""

    recipe: str | None = field(
        default=None, metadata={"help": "training recipe; else a head on the bundled network"}
    )
    model: str | None = field(default=None, metadata={"help": "another model than the recipe's"})
    train_anew: bool = field(
        default=False, metadata={"help": "train again where a run of that name was made another way"}
    )


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
    targets: list[str] = field(
        default_factory=list,
        metadata={
            "help": "columns of numbers that stand for a label: pictures that have them all are split as well"
        },
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
    """What only a person knows of the data, or of a model."""

    license: str = field(
        metadata={
            "help": "licence of the pictures (of the model), as the Hub spells it: mit, cc-by-4.0, other"
        }
    )
    title: str | None = field(
        default=None, metadata={"help": "name of the collection; else that of the source (of the run)"}
    )
    description: str | None = field(
        default=None, metadata={"help": "one paragraph on what the pictures show"}
    )
    origin: str | None = field(default=None, metadata={"help": "who took the pictures, where, when"})
    language: str = field(default="en", metadata={"help": "language of the labels"})
    repo_id: str | None = field(
        default=None, metadata={"help": "where the model will be on the Hub: org/name"}
    )
    dataset_id: str | None = field(
        default=None, metadata={"help": "the model's data set on the Hub: org/name"}
    )


def parse_evaluate(arguments: Sequence[str]) -> tuple[str, EvaluateArguments]:
    """(recipe file or model reference, the rest). Bad arguments end the program: code 2 with the usage."""
    said = "a run, a recipe (.yaml), a model folder, bundled/efficientnet-lite0 or org/name@revision"
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
