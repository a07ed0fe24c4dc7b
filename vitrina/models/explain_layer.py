"""The layer of a model that still knows where in the picture a thing is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitrina.errors import ModelUnavailable

if TYPE_CHECKING:
    import torch

# Class, distillation, register tokens before those of the picture: DINOv2 with registers has five.
MOST_PREFIX_TOKENS = 16
_Ran = list[tuple[Any, tuple[int, ...]]]


@dataclass(frozen=True)
class PlacedLayer:
    """A layer whose output has a place for every part of the picture.

    `module`: the layer; `form`: "map" (batch, channels, rows, columns), "map_last" (batch, rows, columns,
    channels) or "tokens" (batch, prefix + rows * columns, channels); `grid`: (rows, columns).
    """

    module: Any
    form: str
    grid: tuple[int, int]
    prefix: int = 0

    def as_map(self, output: torch.Tensor) -> torch.Tensor:
        """The layer's output, or its gradient, as (batch, rows * columns, channels)."""
        if self.form == "map":
            return output.flatten(2).transpose(1, 2)
        return output.flatten(1, 2) if self.form == "map_last" else output[:, self.prefix :]


def placed_layer(model: Any, values: torch.Tensor, *, said: str) -> PlacedLayer:
    """The last layer before the picture is pooled, found by running `values` (1, 3, height, width) once.

    With convolutions last it is the last feature map, as Grad-CAM asks (Selvaraju et al. 2017). In a
    transformer it is the first norm of the last block: behind that block's attention the class token alone
    leads to the answer, so that no gradient reaches the others. Raises ModelUnavailable where no layer has
    places.
    """
    ran = _run(model, values)
    size = (values.shape[-2], values.shape[-1])
    maps = _maps(ran, size)
    # Attention that pools (SigLIP) stands outside the blocks.
    attentions = [at for at, (module, _) in enumerate(ran) if _is_a(module, "attention") and not _is_a(module, "pool")]
    last_map = maps[-1] if maps else -1
    stem = _stem_grid(ran, maps, size)
    if attentions and attentions[-1] > last_map:
        inside = _block_of(model, ran[attentions[-1]][0])
        found = _first_norm(ran, inside, size=size, stem=stem)
    else:
        found = _last_norm_of_tokens(ran[last_map + 1 :], stem)
    if found is None and last_map >= 0:
        module, shape = ran[last_map]
        found = _of_map(module, shape, size)
    if found is None:
        raise ModelUnavailable(
            f"a layer with a place for every part of the picture in {said}",
            f"none in {type(model).__name__}",
            "Choose a CNN or a vision transformer for heat maps.",
        )
    return found


def grid_of(tokens: int, *, stem: tuple[int, int]) -> tuple[int, int] | None:
    """(rows, columns) of `tokens` by the grid of the first layer that has one, or that halved some times.

    Up to MOST_PREFIX_TOKENS may lie before those of the picture. None where nothing fits.
    """
    rows, columns = stem
    while rows * columns > 1:
        if 0 <= tokens - rows * columns <= MOST_PREFIX_TOKENS:
            return rows, columns
        rows, columns = -(-rows // 2), -(-columns // 2)
    return None


def stem_grid(model: Any, values: torch.Tensor) -> tuple[int, int] | None:
    """(rows, columns) of the first map in the model: the patches of a vision transformer."""
    ran, size = _run(model, values), (values.shape[-2], values.shape[-1])
    return _stem_grid(ran, _maps(ran, size), size)


def _run(model: Any, values: torch.Tensor) -> _Ran:
    """Every module with the shape of its first output, in the order in which they finish."""
    import torch

    ran: _Ran = []

    def note(module: Any, _given: Any, output: Any) -> None:
        first = output[0] if isinstance(output, tuple) and output else output
        ran.append((module, tuple(first.shape) if isinstance(first, torch.Tensor) else ()))

    hooks = [module.register_forward_hook(note) for module in model.modules()]
    try:
        with torch.no_grad():
            model(pixel_values=values)
    finally:
        for hook in hooks:
            hook.remove()
    return ran


def _maps(ran: _Ran, size: tuple[int, int]) -> list[int]:
    """Where in `ran` there are feature maps.

    What adaptive pooling leaves, be it 2 x 2, is the pooled picture; what goes on within attention over tokens
    (batch, heads, tokens, channels) only looks like a map.
    """
    found = {at for at, (module, shape) in enumerate(ran) if _of_map(module, shape, size) is not None}
    within = {
        id(part)
        for at, (module, _) in enumerate(ran)
        if _is_a(module, "attention") and at not in found
        for part in module.modules()
    }
    return [at for at in sorted(found) if id(ran[at][0]) not in within and not _is_a(ran[at][0], "adaptive")]


def _is_a(module: Any, kind: str) -> bool:
    return kind in type(module).__name__.lower()


def _map_form(shape: tuple[int, ...], size: tuple[int, int]) -> str | None:
    """How a map lies in memory, or None where it has one place only: sides in the proportion of the input's."""
    first, middle, last = shape[1:]
    forms = {"map": (middle, last), "map_last": (first, middle)}
    fitting = {
        form: abs(math.log(grid[0] / grid[1] * size[1] / size[0]))
        for form, grid in forms.items()
        if grid[0] * grid[1] > 1 and grid[0] <= size[0] and grid[1] <= size[1]
    }
    return min(fitting, key=lambda form: fitting[form]) if fitting else None


def _of_map(module: Any, shape: tuple[int, ...], size: tuple[int, int]) -> PlacedLayer | None:
    form = _map_form(shape, size) if len(shape) == 4 else None
    if form is None:
        return None
    return PlacedLayer(module, form, (shape[2], shape[3]) if form == "map" else (shape[1], shape[2]))


def _of_tokens(module: Any, shape: tuple[int, ...], stem: tuple[int, int] | None) -> PlacedLayer | None:
    grid = grid_of(shape[1], stem=stem) if len(shape) == 3 and stem is not None else None
    return None if grid is None else PlacedLayer(module, "tokens", grid, shape[1] - grid[0] * grid[1])


def _stem_grid(ran: _Ran, maps: list[int], size: tuple[int, int]) -> tuple[int, int] | None:
    first = _of_map(*ran[maps[0]], size) if maps else None
    return None if first is None else first.grid


def _block_of(model: Any, attention: Any) -> set[int]:
    """The ids of the modules that stand beside `attention` in its block."""
    name = next(name for name, module in model.named_modules() if module is attention)
    return {id(module) for module in model.get_submodule(name.rpartition(".")[0]).modules()}


def _first_norm(
    ran: _Ran, inside: set[int], *, size: tuple[int, int], stem: tuple[int, int] | None
) -> PlacedLayer | None:
    for module, shape in ran:
        if id(module) in inside and _is_a(module, "norm"):
            found = _of_map(module, shape, size) or _of_tokens(module, shape, stem)
            if found is not None:
                return found
    return None


def _last_norm_of_tokens(ran: _Ran, stem: tuple[int, int] | None) -> PlacedLayer | None:
    """In models without attention or a map after their patches, such as MLP-Mixer."""
    norms = (_of_tokens(module, shape, stem) for module, shape in reversed(ran) if _is_a(module, "norm"))
    return next((found for found in norms if found is not None), None)
