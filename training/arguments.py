"""What each stage is told on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class EvaluateArguments:
    """Where the pictures are, where the report goes."""

    data: str = field(metadata={"help": "folder with one subfolder of pictures a class"})
    output_dir: str | None = field(
        default=None, metadata={"help": "folder for eval_results.json and predictions.jsonl"}
    )
    batch_size: int = field(default=16, metadata={"help": "pictures a batch"})


def parse_evaluate(arguments: Sequence[str]) -> tuple[str, EvaluateArguments]:
    """(recipe file or model reference, the rest). Bad arguments end the program: code 2 with the usage."""
    from transformers import HfArgumentParser

    # The parser's own annotation asks for a NewType that no dataclass satisfies.
    described: Any = EvaluateArguments
    parser = HfArgumentParser(described, prog="python -m training evaluate", allow_abbrev=False)
    parser.add_argument(
        "recipe_or_model",
        help="a recipe (.yaml), a model folder, bundled/efficientnet-lite0 or org/name@revision",
    )
    # The parser leaves unknown options to its caller; told here, they end with the usage like any other.
    parser.parse_args(list(arguments))
    parsed, rest = parser.parse_args_into_dataclasses(args=list(arguments))
    return rest.recipe_or_model, parsed
