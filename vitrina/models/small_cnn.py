"""A small convolutional network, trained from scratch."""

from __future__ import annotations

import math
from dataclasses import field
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers import initialization as init
from transformers.modeling_outputs import ImageClassifierOutput

from vitrina.errors import BadRequest

MODEL_TYPE = "vitrina-small-cnn"
# ITU-R BT.601, what Pillow's mode "L" uses.
_LUMINANCE = (0.299, 0.587, 0.114)


class SmallCnnConfig(PreTrainedConfig):
    """Blocks of convolution, ReLU, max pooling, dropout; then dense layers; then the head.

    `channels` and `kernel_sizes` have one entry a block (1 to 7 pixels a kernel); `pooling` is the side of the
    max pooling in pixels, 1 for none; `pooled_side` is the grid that adaptive average pooling leaves (1 is
    global average pooling), so any input size works. `hidden_units` are the dense layers before the head.
    `dropout` (0 to below 1) follows every dense layer, `block_dropout` every block. `l1`, `l2` are weights of
    `penalty()`. Raises BadRequest for values out of range.
    """

    model_type = MODEL_TYPE

    channels: list[int] = field(default_factory=lambda: [32, 64, 128])
    kernel_sizes: list[int] = field(default_factory=lambda: [3, 3, 3])
    pooling: int = 2
    pooled_side: int = 1
    hidden_units: list[int] = field(default_factory=lambda: [128])
    dropout: float = 0.5
    block_dropout: float = 0.0
    batch_norm: bool = False
    grey: bool = False
    l1: float = 0.0
    l2: float = 0.0

    def __post_init__(self, **kwargs: Any) -> None:
        counts = [*self.channels, *self.hidden_units, self.pooling, self.pooled_side]
        # A comparison with NaN is false, so damaged numbers are refused as well.
        fine = (
            0 < len(self.channels) == len(self.kernel_sizes)
            and all(isinstance(count, int) and count > 0 for count in counts)
            and all(isinstance(side, int) and 1 <= side <= 7 for side in self.kernel_sizes)
            and all(0.0 <= share < 1.0 for share in (self.dropout, self.block_dropout))
            and all(0.0 <= weight < math.inf for weight in (self.l1, self.l2))
        )
        if not fine:
            raise BadRequest(
                "one kernel size (1 to 7) for each number of channels, whole numbers above 0, "
                "dropout from 0 to below 1, l1 and l2 of at least 0",
                f"channels {self.channels}, kernel_sizes {self.kernel_sizes}, pooling {self.pooling}, "
                f"pooled_side {self.pooled_side}, hidden_units {self.hidden_units}, "
                f"dropout {self.dropout} and {self.block_dropout}, l1 {self.l1}, l2 {self.l2}",
                "Correct the options of the network.",
            )
        super().__post_init__(**kwargs)


class SmallCnnForImageClassification(PreTrainedModel):
    """(batch, 3, height, width) float32 after normalisation -> logits (batch, labels).

    With `config.grey` the three channels become one by the weights of ITU-R BT.601. They act on normalised
    values: where mean and deviation are the same for all channels, as in Vitrina's own preprocessing, this is
    the normalised luminance exactly; elsewhere it is a weighted sum of the normalised channels.
    """

    config_class = SmallCnnConfig
    base_model_prefix = "small_cnn"
    main_input_name = "pixel_values"
    input_modalities = ["image"]  # noqa: RUF012
    # The loss is a mean over the batch; Trainer must not divide it again.
    accepts_loss_kwargs = False

    def __init__(self, config: SmallCnnConfig) -> None:
        super().__init__(config)
        self.num_labels = len(config.id2label or {})
        before = [1 if config.grey else 3, *config.channels]
        self.blocks = nn.ModuleList(
            _block(config, given, made, side)
            for given, made, side in zip(before[:-1], config.channels, config.kernel_sizes, strict=True)
        )
        self.pool = nn.AdaptiveAvgPool2d(config.pooled_side)
        widths = [config.channels[-1] * config.pooled_side**2, *config.hidden_units]
        self.hidden = nn.ModuleList(
            nn.Sequential(nn.Linear(given, made), nn.ReLU(), nn.Dropout(config.dropout))
            for given, made in pairwise(widths)
        )
        self.classifier = nn.Linear(widths[-1], self.num_labels)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        """He et al. 2015 (arXiv 1502.01852) before a ReLU, small for the head, which has none after it."""
        super()._init_weights(module)
        if module is self.classifier:
            return
        if isinstance(module, nn.Conv2d | nn.Linear):
            init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")

    def forward(
        self, pixel_values: torch.Tensor, labels: torch.Tensor | None = None, **_: Any
    ) -> ImageClassifierOutput:
        """`labels`: (batch,) int64, or (batch, labels) float32 for several labels and for regression.

        The loss follows `config.problem_type` and is without `penalty()`, which the trainer adds.
        """
        state = pixel_values
        if self.config.grey:
            red, green, blue = (weight * state[:, at : at + 1] for at, weight in enumerate(_LUMINANCE))
            state = red + green + blue
        for block in self.blocks:
            state = block(state)
        state = self.pool(state).flatten(1)
        for dense in self.hidden:
            state = dense(state)
        logits = self.classifier(state)
        loss = None if labels is None else self.loss_function(labels, logits, self.config)
        return ImageClassifierOutput(loss=loss, logits=logits)

    def penalty(self) -> torch.Tensor:
        """A number: l1 * sum |w| + l2 * sum w^2 over the weights of convolutions and dense layers, no biases."""
        total = self.classifier.weight.new_zeros(())
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                if self.config.l1:
                    total = total + self.config.l1 * module.weight.abs().sum()
                if self.config.l2:
                    total = total + self.config.l2 * module.weight.square().sum()
        return total


def _block(config: SmallCnnConfig, given: int, made: int, side: int) -> nn.Sequential:
    # Zeros on both sides: an even kernel makes the map one pixel larger, and no map ever shrinks to nothing.
    layers: list[nn.Module] = [nn.Conv2d(given, made, side, padding=side // 2)]
    if config.batch_norm:
        layers.append(nn.BatchNorm2d(made))
    layers.append(nn.ReLU())
    if config.pooling > 1:
        layers.append(nn.MaxPool2d(config.pooling, ceil_mode=True))
    if config.block_dropout:
        layers.append(nn.Dropout(config.block_dropout))
    return nn.Sequential(*layers)


def register() -> None:
    """Tell transformers of the network, so that its Auto classes and `pipeline` read it; once or many times."""
    from transformers import (
        AutoConfig,
        AutoImageProcessor,
        AutoModelForImageClassification,
        BitImageProcessor,
        BitImageProcessorPil,
    )
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES

    AutoConfig.register(MODEL_TYPE, SmallCnnConfig, exist_ok=True)
    AutoModelForImageClassification.register(SmallCnnConfig, SmallCnnForImageClassification, exist_ok=True)
    backends: dict[str, type] = {"torchvision": BitImageProcessor, "pil": BitImageProcessorPil}
    AutoImageProcessor.register(SmallCnnConfig, image_processor_classes=backends, exist_ok=True)
    # A pipeline asks this table of names, not the mapping, and would log that the class is not supported.
    MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES[MODEL_TYPE] = SmallCnnForImageClassification.__name__
