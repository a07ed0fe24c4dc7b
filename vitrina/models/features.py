"""What the layer before the head says of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.errors import ModelUnavailable
from vitrina.models.backbone import LoadedModel
from vitrina.models.inputs import PictureLike, batches, pixel_values

if TYPE_CHECKING:
    import torch


def compute_features(
    loaded: LoadedModel,
    pictures: Sequence[PictureLike],
    *,
    batch_size: int = 32,
    progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """float32 (n, d): the input of the final linear layer (pooled), so that weight @ feature + bias = logit.

    Preprocessing is the classifier's. `progress(done, n)` is called after each batch. Not for use from two
    threads on one model. Raises ModelUnavailable for a model without one final linear layer,
    PictureRefused.
    """
    import torch

    _, _, linear = final_linear(loaded)
    caught: list[torch.Tensor] = []
    hook = linear.register_forward_pre_hook(lambda _module, given: caught.append(given[0]))
    # (n, d) is filled in place: a list of batches would hold everything twice while joining.
    features = np.zeros((len(pictures), linear.in_features), dtype=np.float32)
    try:
        done = 0
        for batch in batches(pictures, batch_size):
            with torch.inference_mode():
                loaded.model(pixel_values=pixel_values(loaded, batch))
            pooled = caught.pop()
            if pooled.ndim != 2:
                raise ModelUnavailable(
                    f"pooled features (batch, d) in {loaded.reference}",
                    f"shape {tuple(pooled.shape)}",
                    "Choose a backbone that pools before its head.",
                )
            features[done : done + len(batch)] = pooled.float().numpy()
            done += len(batch)
            if progress is not None:
                progress(done, len(pictures))
    finally:
        hook.remove()
    return features


def final_linear(loaded: LoadedModel) -> tuple[Any, str, torch.nn.Linear]:
    """(parent module, attribute name, layer) of the linear layer that gives the logits.

    timm says which layer it is (`get_classifier`); transformers calls it `classifier`, bare (ViT, Swin,
    ConvNeXt) or last in a sequence (ResNet, RegNet). Raises ModelUnavailable for two heads, a convolution,
    or none.
    """
    import torch

    model = loaded.model
    inner = getattr(model, "timm_model", None)
    head = inner.get_classifier() if inner is not None else getattr(model, "classifier", None)
    if isinstance(head, torch.nn.Sequential) and len(head):
        head = head[-1]
    if not isinstance(head, torch.nn.Linear) or head.out_features != len(loaded.labels.names):
        raise ModelUnavailable(
            f"one final linear layer with {len(loaded.labels.names)} outputs in {loaded.reference}",
            f"{type(head).__name__ if head is not None else 'none'} in {type(model).__name__}",
            "Choose another backbone, such as bundled/efficientnet-lite0 or a ViT.",
        )
    path = next(name for name, module in model.named_modules() if module is head)
    parent, _, attribute = path.rpartition(".")
    return model.get_submodule(parent), attribute, head
