"""The deletion test: does the answer go away with what a heat map marks?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.errors import BadRequest
from vitrina.models.backbone import LoadedModel
from vitrina.models.explain import as_found, target_outputs
from vitrina.models.inputs import PictureLike, pixel_values
from vitrina.models.task import task_of

if TYPE_CHECKING:
    import torch

BLANKS = ("blur", "mean")
# Cells a side of the random maps: as coarse as the last feature map of most networks at 224 pixels.
RANDOM_CELLS = 7
# Blanked copies of a picture that pass through the model at once.
AT_ONCE = 16


@dataclass(frozen=True)
class Deletion:
    """How the test is run.

    `steps`: equal parts, from none to all of the picture, 2 and up. `seeds`: random orders a picture, 1 and
    up. `blank`: "blur" (the picture itself under a Gaussian whose deviation is an eighth of its shorter side)
    or "mean" (its mean colour). Raises BadRequest for others.
    """

    steps: int = 10
    seeds: int = 3
    blank: str = "blur"

    def __post_init__(self) -> None:
        if self.steps < 2 or self.seeds < 1:
            found = f"{self.steps} and {self.seeds}"
            raise BadRequest("at least 2 steps and 1 seed", found, "Use 10 steps, 3 seeds.")
        if self.blank not in BLANKS:
            raise BadRequest(f"a blank among {', '.join(BLANKS)}", repr(self.blank), 'Use "blur".')


TEN_STEPS = Deletion()


def deletion_test(
    loaded: LoadedModel,
    pictures: Sequence[PictureLike],
    heat: np.ndarray,
    *,
    targets: Sequence[int | str] | None = None,
    seed: int = 0,
    settings: Deletion = TEN_STEPS,
) -> dict[str, Any]:
    """{"n", "area", "area_random", "area_reverse", "better_share"}; all but n 0..1, None where n is 0.

    Petsiuk et al. 2018, arXiv:1806.07421: pixels are blanked, the hottest first; `area` lies under the
    target's probability over the share that is blank, mean over the pictures; lower is better. `area_random`
    is that of random maps, `area_reverse` that of the coldest first, `better_share` the share of pictures
    whose area is below their own random one. `heat` (n, height, width) and `targets` as for `heat_map`.
    Raises BadRequest, PictureRefused.
    """
    areas = deletion_areas(loaded, pictures, heat, targets=targets, seed=seed, settings=settings)
    if not len(areas):
        return {"n": 0, "area": None, "area_random": None, "area_reverse": None, "better_share": None}
    own, random, reverse = areas.T
    return {
        "n": len(areas),
        "area": float(own.mean()),
        "area_random": float(random.mean()),
        "area_reverse": float(reverse.mean()),
        "better_share": float((own < random).mean()),
    }


def deletion_areas(
    loaded: LoadedModel,
    pictures: Sequence[PictureLike],
    heat: np.ndarray,
    *,
    targets: Sequence[int | str] | None = None,
    seed: int = 0,
    settings: Deletion = TEN_STEPS,
) -> np.ndarray:
    """float64 (n, 3), 0..1: for each picture its area, the mean over random orders, the reverse's."""
    if heat.ndim != 3 or len(heat) != len(pictures):
        expected = f"heat of the shape ({len(pictures)}, height, width)"
        raise BadRequest(expected, str(heat.shape), "Give what heat_map says of these pictures.")
    wanted = target_outputs(loaded, targets, n=len(pictures))
    generator = np.random.default_rng(seed)
    rows = np.zeros((len(pictures), 3), dtype=np.float64)
    with as_found(loaded.model):
        for at, picture in enumerate(pictures):
            values = pixel_values(loaded, [picture])
            if values.shape[-2:] != heat.shape[1:]:
                expected = f"heat of the model's input, {tuple(values.shape[-2:])}"
                raise BadRequest(expected, str(heat.shape[1:]), "Give what heat_map says of these pictures.")
            orders = _orders(heat[at], generator, settings.seeds)
            curves = _curves(loaded, values, orders, None if wanted is None else wanted[at], settings)
            areas = np.trapezoid(curves, dx=1 / settings.steps, axis=1)
            rows[at] = areas[0], areas[2:].mean(), areas[1]
    return rows


def _orders(heat: np.ndarray, generator: np.random.Generator, seeds: int) -> np.ndarray:
    """int64 (2 + seeds, pixels): when each pixel is blanked, by heat, by cold, at random.

    Random orders come from coarse random maps, not from single pixels: speckle confuses a network whatever it
    hides, which would flatter every heat map that is smooth.
    """
    maps = [heat, -heat, *(_smooth_noise(heat.shape, generator) for _ in range(seeds))]
    ranks = []
    for one in maps:
        # Where heat is equal, chance decides; the order of the pixels would blank from the top down.
        order = np.lexsort((generator.random(one.size), -one.ravel()))
        rank = np.empty(one.size, dtype=np.int64)
        rank[order] = np.arange(one.size)
        ranks.append(rank)
    return np.stack(ranks)


def _smooth_noise(shape: tuple[int, ...], generator: np.random.Generator) -> np.ndarray:
    import torch

    cells = torch.from_numpy(generator.random((1, 1, RANDOM_CELLS, RANDOM_CELLS)))
    size = (shape[0], shape[1])
    grown = torch.nn.functional.interpolate(cells, size=size, mode="bilinear", align_corners=False)
    return grown[0, 0].numpy()


def _curves(
    loaded: LoadedModel, values: torch.Tensor, orders: np.ndarray, target: int | None, settings: Deletion
) -> np.ndarray:
    """float64 (orders, steps + 1): the target's probability as more is blank."""
    import torch

    height, width = values.shape[-2:]
    whole, blank = values[0], _blank(values, settings.blank)[0]
    ends = _probabilities(loaded, [whole, blank])
    output = int(ends[0].argmax()) if target is None else target
    steps = range(1, settings.steps)
    blanked = [
        torch.where(torch.from_numpy(rank < step * len(rank) // settings.steps).view(height, width), blank, whole)
        for rank in orders
        for step in steps
    ]
    between = _probabilities(loaded, blanked)[:, output].reshape(len(orders), len(steps))
    first, last = (np.full((len(orders), 1), end) for end in ends[:, output])
    return np.concatenate([first, between, last], axis=1)


def _probabilities(loaded: LoadedModel, inputs: list[torch.Tensor]) -> np.ndarray:
    """float64 (n, classes): softmax, or the sigmoid of each where the model names several or measures."""
    import torch

    device = next(loaded.model.parameters()).device
    several = task_of(loaded.model.config, said=str(loaded.reference)) != "single_label"
    rows = []
    with torch.no_grad():
        for start in range(0, len(inputs), AT_ONCE):
            batch = torch.stack(inputs[start : start + AT_ONCE]).contiguous(memory_format=torch.channels_last)
            logits = loaded.model(pixel_values=batch.to(device)).logits.double()
            rows.append((logits.sigmoid() if several else logits.softmax(dim=1)).cpu().numpy())
    return np.concatenate(rows)


def _blank(values: torch.Tensor, kind: str) -> torch.Tensor:
    """What the pixels of `values` (1, 3, height, width) are replaced by."""
    import torch

    if kind == "mean":
        return values.mean(dim=(2, 3), keepdim=True).expand_as(values)
    sigma = max(1.0, min(values.shape[-2:]) / 8)
    reach = min(round(2.5 * sigma), min(values.shape[-2:]) - 1)
    bell = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    bell = (bell / bell.sum()).to(values.dtype)
    channels = values.shape[1]
    padded = torch.nn.functional.pad(values, (reach, reach, reach, reach), mode="reflect")
    across = bell.expand(channels, 1, 1, -1)
    once = torch.nn.functional.conv2d(padded, across, groups=channels)
    return torch.nn.functional.conv2d(once, across.transpose(2, 3), groups=channels)
