"""Attention rollout: what the tokens of a vision transformer have gathered from the patches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from vitrina.errors import ModelUnavailable
from vitrina.models.explain_layer import grid_of, stem_grid

if TYPE_CHECKING:
    import torch


def rollout(
    model: Any, values: torch.Tensor, *, targets: torch.Tensor, by_gradient: bool, said: str
) -> torch.Tensor:
    """float32 (batch, rows, columns), 0 and up: the class token's share in each patch.

    Plain, the layers' mean attention with half an identity, multiplied up (Abnar & Zuidema 2020,
    arXiv:2005.00928), the same for every class. `by_gradient`, each layer's attention weighted by its
    positive gradient for `targets` (Chefer et al. 2021, arXiv:2103.15679, equations 5 and 6). Without a class
    token the mean over all tokens is taken. Raises ModelUnavailable for models whose attention cannot be had.
    """
    import torch

    stem = stem_grid(model, values[:1])
    with _telling_attention(model) as caught:
        # Without this nothing has a gradient where every parameter is frozen.
        given = values.detach().clone().requires_grad_(by_gradient)
        logits = _logits(model, given, caught)
        layers, grid = _checked(caught, stem, model=model, n=len(values), said=said)
        slopes: tuple[torch.Tensor | None, ...] = (None,) * len(layers)
        if by_gradient:
            slopes = torch.autograd.grad(logits.gather(1, targets[:, None]).sum(), layers)
    total = torch.eye(layers[0].shape[-1], dtype=torch.float32, device=values.device)[None]
    for layer, slope in zip(layers, slopes, strict=True):
        total = _step(layer.detach().float(), slope) @ total
    patches = grid[0] * grid[1]
    prefix = total.shape[-1] - patches
    row = total[:, 0] if prefix else total.mean(dim=1)
    return row[:, prefix:].reshape(len(values), *grid)


def _step(attention: torch.Tensor, slope: torch.Tensor | None) -> torch.Tensor:
    """One layer of the product, (batch, tokens, tokens), from (batch, heads, tokens, tokens)."""
    import torch

    own = torch.eye(attention.shape[-1], device=attention.device)
    if slope is not None:
        return (attention * slope.float()).clamp(min=0).mean(dim=1) + own
    # Half for the residual connection; the rows sum to one as they are.
    return 0.5 * attention.mean(dim=1) + 0.5 * own


def _logits(model: Any, values: torch.Tensor, caught: list[torch.Tensor]) -> torch.Tensor:
    if getattr(model, "timm_model", None) is not None:
        logits: torch.Tensor = model(pixel_values=values).logits
        return logits
    output = model(pixel_values=values, output_attentions=True)
    caught.extend(layer for layer in getattr(output, "attentions", None) or () if layer is not None)
    return output.logits


def _checked(
    layers: list[torch.Tensor], stem: tuple[int, int] | None, *, model: Any, n: int, said: str
) -> tuple[list[torch.Tensor], tuple[int, int]]:
    """The layers, the grid of their patches, where every token looks at every other."""
    shapes = {tuple(layer.shape[2:]) for layer in layers if layer.ndim == 4 and len(layer) == n}
    whole = layers and len(shapes) == 1 and all(layer.ndim == 4 and len(layer) == n for layer in layers)
    tokens = shapes.pop() if whole else (0, 0)
    grid = grid_of(tokens[0], stem=stem) if stem is not None and tokens[0] == tokens[1] > 1 else None
    if grid is None:
        found = "none" if not layers else f"attention of the shape {tuple(layers[-1].shape)}"
        raise ModelUnavailable(
            f"attention from every patch to every other in each layer of {said}",
            f"{found} in {type(model).__name__}",
            'Use method="grad_cam", which works for this model.',
        )
    return layers, grid


@contextmanager
def _telling_attention(model: Any) -> Iterator[list[torch.Tensor]]:
    """The slower attention that hands out its weights; afterwards the model's own again."""
    caught: list[torch.Tensor] = []
    inner = getattr(model, "timm_model", None)
    if inner is None:
        before = model.config._attn_implementation
        if before != "eager":
            model.set_attn_implementation("eager")
        try:
            yield caught
        finally:
            if before != "eager":
                model.set_attn_implementation(before)
        return
    fused = [module for module in inner.modules() if hasattr(module, "fused_attn")]
    kept = [module.fused_attn for module in fused]
    hooks = [
        module.attn_drop.register_forward_hook(lambda _module, _given, output: caught.append(output))
        for module in fused
        if hasattr(module, "attn_drop")
    ]
    try:
        for module in fused:
            module.fused_attn = False
        yield caught
    finally:
        for module, was in zip(fused, kept, strict=True):
            module.fused_attn = was
        for hook in hooks:
            hook.remove()
