"""What a model's configuration says of its labels, its task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitrina.errors import ModelUnavailable
from vitrina.labels import LabelScheme

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# transformers' own "regression" means unbounded outputs, to which a pipeline applies nothing. Ours are numbers from
# 0 to 1, a sigmoid of each logit: to transformers that is "multi_label_classification", for which a pipeline applies
# the sigmoid and the loss is binary cross-entropy, which takes fractions as well. `vitrina_task` tells the two apart.
# (`function_to_apply` in a configuration is never looked at where problem_type is set or labels are several:
# transformers 5.23, pipelines/image_classification.py.)
PROBLEM_TYPES = {
    "single_label": "single_label_classification",
    "multi_label": "multi_label_classification",
    "regression": "multi_label_classification",
}


def describe(model: PreTrainedModel, scheme: LabelScheme, *, abstain_below: float | None = None) -> None:
    """Write labels, task, abstention threshold (None: none) into the configuration, wherever a library keeps them."""
    config: Any = model.config
    modules: Any = model
    config.id2label = dict(scheme.id2label)
    config.label2id = dict(scheme.label2id)
    config.problem_type = PROBLEM_TYPES[scheme.task]
    _set_or_drop(config, "vitrina_task", "regression" if scheme.task == "regression" else None)
    _set_or_drop(config, "abstain_below", None if abstain_below is None else float(abstain_below))
    modules.num_labels = len(scheme.names)
    inner: Any = getattr(model, "timm_model", None)
    if inner is not None:
        inner.num_classes = len(scheme.names)
        # A timm configuration that was read from a file keeps the old names and count beside id2label.
        for name in ("label_names", "label_descriptions", "num_classes"):
            _set_or_drop(config, name, None)


def task_of(config: Any, *, said: str) -> str:
    """ "single_label", "multi_label" or "regression".

    Raises ModelUnavailable for a model whose outputs are not bounded (problem_type "regression"): a sigmoid of
    them would be another number than it was trained to give.
    """
    problem = getattr(config, "problem_type", None)
    if problem in (None, "single_label_classification"):
        return "single_label"
    if problem == "multi_label_classification":
        return "regression" if getattr(config, "vitrina_task", None) == "regression" else "multi_label"
    raise ModelUnavailable(
        f"a model that gives probabilities, or numbers from 0 to 1, in {said}",
        f"problem_type {problem}",
        "Use it as a backbone to train from: it gets a new head.",
    )


def _set_or_drop(config: Any, name: str, value: Any) -> None:
    if value is not None:
        setattr(config, name, value)
    elif name in config.__dict__:
        delattr(config, name)
