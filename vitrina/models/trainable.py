"""A backbone of any kind with a fresh head."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from vitrina.errors import ModelUnavailable
from vitrina.labels import LabelScheme
from vitrina.models import bundled, hub
from vitrina.models.backbone import LoadedModel, folder_revision
from vitrina.models.checkpoint import load_headless
from vitrina.models.features import head_path
from vitrina.models.reference import ModelReference
from vitrina.models.task import describe

# The deviation of a new head's weights; what transformers and timm draw for a ViT. Its biases are 0.
_DEVIATION = 0.02


def load_backbone(reference: ModelReference | str | Path, scheme: LabelScheme, *, seed: int) -> LoadedModel:
    """The model that `reference` names, with a new head for `scheme`, drawn from `seed`.

    Backbones published without a head are taken, and so is a head of another shape or task: the head's tensors
    alone may be missing, misshapen or left over. The revision is that of the backbone. Torch's random state
    stays as it was. Raises ModelUnavailable as `load_model` does, naming the tensors that do not fit.
    """
    if not isinstance(reference, ModelReference):
        reference = ModelReference.parse(reference)
    if reference.kind == "scratch":
        raise ModelUnavailable(
            "a backbone with weights", str(reference), "A new model is made by new_model, not loaded."
        )
    with _random_state_kept():
        if reference.kind == "bundled":
            model, processor, revision = bundled.load_bundled(reference.name)
        elif reference.kind == "folder":
            folder = Path(reference.name).expanduser()
            model, processor = load_headless(folder, scheme, said=str(reference))
            revision = folder_revision(folder)
        else:
            folder, commit = hub.fetch(reference)
            model, processor = load_headless(folder, scheme, said=str(reference))
            revision = f"{reference.name}@{commit}"
    _calm_norms(model)
    loaded = LoadedModel(
        model=model, image_processor=processor, labels=scheme, revision=revision, reference=reference
    )
    return with_fresh_head(loaded, scheme, seed=seed)


def with_fresh_head(loaded: LoadedModel, scheme: LabelScheme, *, seed: int) -> LoadedModel:
    """The same model, changed in place, with a new final linear layer for `scheme`.

    Weights from a normal distribution (deviation 0.02, cut at two deviations), biases 0. Old names, the old
    abstention threshold go. Raises ModelUnavailable for a backbone without one final linear layer.
    """
    import torch

    model = loaded.model
    path = head_path(model, said=str(loaded.reference))
    old: Any = model.get_submodule(path)
    generator = torch.Generator().manual_seed(seed)
    weight = torch.empty(len(scheme.names), old.in_features)
    torch.nn.init.trunc_normal_(
        weight, std=_DEVIATION, a=-2 * _DEVIATION, b=2 * _DEVIATION, generator=generator
    )
    fresh = torch.nn.utils.skip_init(torch.nn.Linear, old.in_features, len(scheme.names))
    with torch.no_grad():
        fresh.weight.copy_(weight)
        fresh.bias.zero_()
    parent, _, attribute = path.rpartition(".")
    setattr(model.get_submodule(parent), attribute, fresh.train(model.training))
    describe(model, scheme)
    return replace(loaded, labels=scheme)


def _calm_norms(model: Any) -> None:
    """Batch norms that would forget all but the last batch remember as they were meant to.

    The EfficientNets of transformers hand Keras's momentum (0.99, the share that stays) to torch, where it is the
    share of the new batch. It changes nothing before training.
    """
    if model.config.model_type == "efficientnet" and model.config.batch_norm_momentum > 0.5:
        calm = 1 - model.config.batch_norm_momentum
        for module in model.modules():
            if getattr(module, "momentum", None) == model.config.batch_norm_momentum:
                module.momentum = calm
        model.config.batch_norm_momentum = calm


@contextmanager
def _random_state_kept() -> Iterator[None]:
    import torch

    with torch.random.fork_rng(devices=[]):
        yield


def trainable_parameters(model: Any) -> tuple[int, int]:
    """(numbers that training may change, all numbers)."""
    counts = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    return sum(count for count, trains in counts if trains), sum(count for count, _ in counts)
