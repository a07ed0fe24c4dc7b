"""Position embeddings for another input size."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


def takes(model: PreTrainedModel, size: int) -> bool:
    """Whether the model answers for squares of `size` pixels; it is asked once, with zeros."""
    import torch

    parameter = next(model.parameters())
    zeros = torch.zeros(1, 3, size, size, dtype=parameter.dtype, device=parameter.device)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            model(pixel_values=zeros)
    # A size that does not fit shows as ValueError, RuntimeError or AssertionError, deep in the model.
    except Exception:
        return False
    finally:
        model.train(was_training)
    return True


def grown_to(model: PreTrainedModel, size: int) -> PreTrainedModel:
    """A copy whose position embeddings fit squares of `size` pixels (bicubic), which its configuration says.

    For ViT, DeiT and their like in transformers, for the transformers of timm. Raises BadRequest for a model that
    still does not take that size.
    """
    if isinstance(getattr(model.config, "backbone", None), dict):
        raise BadRequest("a backbone alone", "one that has its dense layers", "Set the preprocessing first.")
    grown = copy.deepcopy(model)
    config: Any = grown.config
    inner: Any = getattr(grown, "timm_model", None)
    try:
        if inner is not None:
            inner.set_input_size(img_size=(size, size))
            config.model_args = {**(config.model_args or {}), "img_size": size}
        else:
            for module in list(grown.modules()):
                _resize(module, size)
            config.image_size = size
    # timm asserts, or has no such method; sizes that fit no grid raise RuntimeError.
    except (AttributeError, AssertionError, RuntimeError, TypeError, ValueError):
        grown = model
    if not takes(grown, size):
        raise BadRequest(
            f"a size that {type(model).__name__} can take",
            f"{size} pixels",
            f"Keep the size it was trained with{_step(model)}.",
        )
    return grown


def _step(model: PreTrainedModel) -> str:
    patch = getattr(model.config, "patch_size", None)
    return f", or a multiple of {patch}" if isinstance(patch, int) else ""


def _resize(module: Any, size: int) -> None:
    """The embeddings of a ViT: (1, prefix + rows * columns, d) -> the same for the new grid."""
    import torch

    patches, positions = getattr(module, "patch_embeddings", None), getattr(module, "position_embeddings", None)
    if patches is None or not isinstance(positions, torch.nn.Parameter):
        return
    side = patches.patch_size[0]
    if size % side:
        raise ValueError(f"{size} is no multiple of {side}")
    old = tuple(length // side for length in patches.image_size)
    new = (size // side, size // side)
    module.position_embeddings = torch.nn.Parameter(_interpolated(positions.data, old, new))
    patches.image_size = (size, size)
    patches.num_patches = new[0] * new[1]
    if hasattr(patches, "grid_size"):
        patches.grid_size = new
    if hasattr(module, "image_size"):
        module.image_size = (size, size)


def _interpolated(positions: torch.Tensor, old: tuple[int, ...], new: tuple[int, int]) -> torch.Tensor:
    """The tokens before the grid (class, distillation) stay as they are."""
    import torch

    prefix = positions.shape[1] - old[0] * old[1]
    grid = positions[:, prefix:].reshape(1, *old, -1).permute(0, 3, 1, 2)
    grid = torch.nn.functional.interpolate(grid, size=new, mode="bicubic", align_corners=False)
    return torch.cat([positions[:, :prefix], grid.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)
