"""The YAML block of a model card, as the Hub reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitrina.cards.front_matter import refuse_odd_licence
from vitrina.cards.model_figures import figure_at
from vitrina.errors import BadRequest

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

Report = Mapping[str, Any]

# The Hub's own rule for names: letters, digits, ".", "_", "-", one slash.
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
# Task -> (path of the figure, metric as the Hub calls it, name, arguments) of what the model index tells.
_METRICS: Mapping[str, tuple[tuple[str, str, str, dict[str, Any] | None], ...]] = {
    "single_label": (
        ("accuracy", "accuracy", "Accuracy", None),
        ("macro.f1", "f1", "F1, macro", {"average": "macro"}),
        ("calibration_error", "calibration_error", "Calibration error", None),
    ),
    "multi_label": (
        ("mean_average_precision", "mean_average_precision", "Mean average precision", None),
        ("macro.f1", "f1", "F1, macro", {"average": "macro"}),
        ("exact_match", "exact_match", "Exact match", None),
    ),
    "regression": (
        ("mae", "mae", "Mean absolute error", None),
        ("rmse", "rmse", "Root mean squared error", None),
        ("r2", "r_squared", "R squared", None),
    ),
}
_TAGS = {"multi_label": ["multi-label"], "regression": ["image-regression"]}


@dataclass(frozen=True)
class ToldOfModel:
    """What only a person knows of a model. `license` as the Hub spells it, `repo_id` and `dataset_id` are org/name.

    `folder` is where the model lies until it has a `repo_id`. Raises BadRequest where one of them cannot be.
    """

    license: str | None = None
    title: str | None = None
    description: str | None = None
    origin: str | None = None
    repo_id: str | None = None
    dataset_id: str | None = None
    folder: str = "model"

    def __post_init__(self) -> None:
        if self.license is not None:
            refuse_odd_licence(self.license)
        for name in ("repo_id", "dataset_id"):
            value = getattr(self, name)
            if value is not None and not _HUB.fullmatch(value):
                raise BadRequest(
                    f"a repository of the Hub as org/name for {name}", repr(value), f"Correct --{name}."
                )


def model_front_matter(train: Report, evaluate: Report | None, *, title: str, told: ToldOfModel) -> str:
    """The block with its two lines of dashes, ending with a newline; without results where nothing was measured."""
    from huggingface_hub import ModelCardData

    results = eval_results(train, evaluate, told=told)
    data = ModelCardData(
        license=told.license,
        library_name="transformers",
        pipeline_tag="image-classification",
        base_model=base_model(train),
        datasets=[told.dataset_id] if told.dataset_id else None,
        metrics=sorted({one.metric_type for one in results}) or None,
        tags=["vitrina", *_TAGS.get(train["task"], [])],
        # Without results the name would stand in the block as a key that the Hub does not know.
        model_name=title if results else None,
        eval_results=results or None,
    )
    return f"---\n{data.to_yaml()}\n---\n"


def eval_results(train: Report, evaluate: Report | None, *, told: ToldOfModel) -> list[EvalResult]:
    """The figures on test with their values as measured; none for those without a value."""
    from huggingface_hub import EvalResult

    if evaluate is None:
        return []
    answer = []
    for path, kind, name, arguments in _METRICS[train["task"]]:
        figure = figure_at(evaluate["test"], path)
        if figure is None:
            continue
        if "bins" in figure:
            arguments = {"bins": figure["bins"]}
        answer.append(
            EvalResult(
                task_type="image-classification",
                task_name="Image classification",
                dataset_type=told.dataset_id or train["input"]["name"],
                dataset_name=train["input"]["name"],
                dataset_split="test",
                # The SHA-256 of the side itself; a data set of the Hub may change under its name.
                dataset_revision=evaluate["data"]["sha256"],
                metric_type=kind,
                metric_name=name,
                metric_args=arguments,
                metric_value=figure["value"],
            )
        )
    return answer


def base_model(train: Report) -> str | None:
    """org/name where the model began as one of the Hub; None for a folder, a bundled model, random weights."""
    name = str(train["model"].get("reference") or "").partition("@")[0]
    # "models/vit" may be a folder: its revision is then a hash of the folder, not a commit.
    folder = "@sha256:" in str(train["model"].get("revision") or "")
    own = name.startswith(("bundled/", "scratch/")) or folder or train["mode"] == "scratch"
    return name if _HUB.fullmatch(name) and not own else None
