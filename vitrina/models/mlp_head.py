"""A backbone with dense layers between its features and its head."""

from __future__ import annotations

import copy
from dataclasses import field, replace
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from transformers import AutoModelForImageClassification, PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import ImageClassifierOutput

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.models.backbone import LoadedModel
from vitrina.models.features import head_path
from vitrina.models.preprocessing import plain_processor
from vitrina.models.task import describe

MODEL_TYPE = "vitrina-backbone-with-mlp"


class BackboneWithMlpConfig(PreTrainedConfig):
    """`backbone` is the configuration of an image classifier of transformers, whose own head is left out.

    `hidden_units` are the dense layers (GELU, then `dropout`) between its features and the head.
    """

    model_type = MODEL_TYPE

    backbone: dict[str, Any] = field(default_factory=dict)
    hidden_units: list[int] = field(default_factory=lambda: [256])
    dropout: float = 0.2


class BackboneWithMlpForImageClassification(PreTrainedModel):
    """(batch, 3, height, width) float32 after normalisation -> logits (batch, labels).

    The final layer is `classifier`, as in other models; `hidden.0`, ... are the dense layers.
    """

    config_class = BackboneWithMlpConfig
    base_model_prefix = "backbone_with_mlp"
    main_input_name = "pixel_values"
    input_modalities = ["image"]  # noqa: RUF012
    accepts_loss_kwargs = False
    _supports_sdpa = True

    def __init__(self, config: BackboneWithMlpConfig) -> None:
        super().__init__(config)
        from transformers.models.auto.configuration_auto import CONFIG_MAPPING

        told = dict(config.backbone)
        kind: Any = CONFIG_MAPPING[told.pop("model_type")]
        self.num_labels = len(config.id2label or {})
        self.backbone = AutoModelForImageClassification.from_config(kind.from_dict(told, num_labels=1))
        features = _behead(self.backbone)
        widths = [features, *config.hidden_units]
        self.hidden = nn.ModuleList(
            nn.Sequential(nn.Linear(given, made), nn.GELU(), nn.Dropout(config.dropout))
            for given, made in pairwise(widths)
        )
        self.classifier = nn.Linear(widths[-1], self.num_labels)
        self.post_init()

    def forward(
        self, pixel_values: torch.Tensor, labels: torch.Tensor | None = None, **_: Any
    ) -> ImageClassifierOutput:
        """`labels`: (batch,) int64, or (batch, labels) float32; the loss follows `config.problem_type`."""
        state = self.backbone(pixel_values=pixel_values).logits
        for dense in self.hidden:
            state = dense(state)
        logits = self.classifier(state)
        loss = None if labels is None else self.loss_function(labels, logits, self.config)
        return ImageClassifierOutput(loss=loss, logits=logits)


def with_mlp_head(
    loaded: LoadedModel, scheme: LabelScheme, *, hidden_units: list[int], dropout: float = 0.2, seed: int = 0
) -> LoadedModel:
    """The same backbone with new dense layers, a new head for `scheme`, drawn from `seed` (He et al. 2015).

    No architecture of transformers has such a head: the result loads after `register()`, or by `load_model`.
    Set the preprocessing first. `loaded` stays as it is; torch's random state as well. Raises BadRequest for
    layers or a dropout out of range, ModelUnavailable for a backbone without one final linear layer.
    """
    fine = all(isinstance(units, int) and units > 0 for units in hidden_units) and 0.0 <= dropout < 1.0
    if not hidden_units or not fine:
        raise BadRequest(
            "dense layers of at least 1 unit and a dropout from 0 to below 1",
            f"{hidden_units} and {dropout}",
            "Correct the head's options, or leave them out for a linear head.",
        )
    head_path(loaded.model, said=str(loaded.reference))
    register()
    told = loaded.model.config.to_dict()
    for name in ("id2label", "label2id", "label_names", "num_classes", "problem_type", "abstain_below"):
        told.pop(name, None)
    labels: dict[str, Any] = {"id2label": scheme.id2label, "label2id": scheme.label2id}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BackboneWithMlpForImageClassification(
            BackboneWithMlpConfig(
                backbone=told, hidden_units=list(hidden_units), dropout=dropout, **labels
            )
        )
        for module in model.hidden.modules():
            if isinstance(module, nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    backbone = copy.deepcopy(loaded.model)
    _behead(backbone)
    model.backbone.load_state_dict(backbone.state_dict(), strict=True)
    describe(model, scheme)
    return replace(loaded, model=model.eval(), labels=scheme, image_processor=plain_processor(loaded))


def register() -> None:
    """Tell transformers of the model, so that its Auto classes and `pipeline` read it; once or many times."""
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES

    AutoConfig.register(MODEL_TYPE, BackboneWithMlpConfig, exist_ok=True)
    kind = BackboneWithMlpForImageClassification
    AutoModelForImageClassification.register(BackboneWithMlpConfig, kind, exist_ok=True)
    # A pipeline asks this table of names, not the mapping, and would log that the class is not supported.
    MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES[MODEL_TYPE] = kind.__name__


def _behead(model: Any) -> int:
    """Take the final linear layer out of `model`, which then gives features; returns how many."""
    path = head_path(model, said=type(model).__name__)
    features: int = model.get_submodule(path).in_features
    parent, _, attribute = path.rpartition(".")
    setattr(model.get_submodule(parent), attribute, nn.Identity())
    return features
