"""Grad-CAM: which parts of the last feature map speak for a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitrina.models.explain_layer import PlacedLayer

if TYPE_CHECKING:
    import torch


def grad_cam(model: Any, values: torch.Tensor, *, targets: torch.Tensor, layer: PlacedLayer) -> torch.Tensor:
    """float32 (batch, rows, columns), 0 and up: the layer's channels weighted by their mean gradient.

    Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2; on the tokens of a transformer the same sums
    run over the patches. `targets` int64 (batch). The gradient begins at the layer, so that parameters
    neither need nor get one.
    """
    import torch

    kept: list[torch.Tensor] = []

    def begin_here(_module: Any, _given: Any, output: Any) -> Any:
        first = output[0] if isinstance(output, tuple) else output
        kept.append(first.detach().requires_grad_())
        # A copy goes on: what follows may write into its input, as ReLU does.
        onward = kept[-1].clone()
        return (onward, *output[1:]) if isinstance(output, tuple) else onward

    hook = layer.module.register_forward_hook(begin_here)
    try:
        logits = model(pixel_values=values).logits
    finally:
        hook.remove()
    (slopes,) = torch.autograd.grad(logits.gather(1, targets[:, None]).sum(), [kept[-1]])
    weights = layer.as_map(slopes).mean(dim=1, keepdim=True)
    heat = (weights * layer.as_map(kept[-1].detach())).sum(dim=2).clamp(min=0)
    return heat.reshape(len(values), *layer.grid).float()
