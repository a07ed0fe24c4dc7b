"""The frame of a model's preprocessing: what training fills in one step instead of asking the image processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from vitrina.augment import Frame
from vitrina.models.inputs import pixel_values
from vitrina.models.preprocessing import fit_of, input_size, margin_of, resample_of

if TYPE_CHECKING:
    from vitrina.models.backbone import LoadedModel

# Levels 0 to 255 of a picture whose channels differ.
_COLOUR = (200, 120, 40)


@dataclass(frozen=True)
class Framing:
    """A frame, and what makes values of its levels: `scale`, `shift` float32 (3, 1, 1)."""

    frame: Frame
    scale: torch.Tensor
    shift: torch.Tensor

    def values(self, levels: torch.Tensor) -> torch.Tensor:
        """float32 (b, 3, h, w) of uint8: what the image processor makes of them, within float rounding."""
        scale, shift = self.scale.to(levels.device), self.shift.to(levels.device)
        return levels.float().mul_(scale).add_(shift)


def framing_of(loaded: LoadedModel) -> Framing | None:
    """That of the model's own preprocessing; None where its image processor does something else beside.

    It is asked what it makes of flat pictures and of a ramp, so nothing is believed that a configuration merely says:
    values have to agree to 1e-4, places to half a pixel of what the network sees.
    """
    resample = resample_of(loaded)
    if resample is None:
        return None
    black, white, colour = (_flat(loaded, levels) for levels in ((0,) * 3, (255,) * 3, _COLOUR))
    scale, shift = (white - black) / 255, black
    if not (scale.abs() > 0).all() or not torch.allclose(
        shift + scale * torch.tensor(_COLOUR), colour, atol=1e-4
    ):
        return None
    ramp = _ramp(input_size(loaded))
    expected = (pixel_values(loaded, [ramp])[0] - shift[:, None, None]) / scale[:, None, None]
    # What is cropped was either resized in its own shape or stretched before.
    for fit in dict.fromkeys((fit_of(loaded), "squash")):
        frame = _frame(loaded, fit, resample, expected)
        made = torch.from_numpy(frame.levels(frame.seen(ramp))).permute(2, 0, 1).float()
        # Levels of half a pixel on a ramp over the frame, and what rounding adds.
        if (made - expected).abs().mean(dim=(1, 2)).max() <= 255 / frame.side / 2 + 1:
            return Framing(frame, scale[:, None, None], shift[:, None, None])
    return None


def _frame(loaded: LoadedModel, fit: str, resample: str, expected: torch.Tensor) -> Frame:
    side, margin = input_size(loaded), margin_of(loaded)
    if fit != "pad":
        return Frame(side, fit, margin=margin, resample=resample)
    red, green, blue = expected[:, 0, 0].round().clamp(0, 255).int().tolist()
    return Frame(side, fit, resample=resample, fill=(red, green, blue))


def _flat(loaded: LoadedModel, levels: tuple[int, ...]) -> torch.Tensor:
    picture = Image.fromarray(np.full((64, 64, 3), levels, dtype=np.uint8))
    return pixel_values(loaded, [picture])[0].mean(dim=(1, 2))


def _ramp(side: int) -> Image.Image:
    """Twice as high as the frame, four times as wide; red grows to the right, green downwards, blue to the left."""
    x, y = np.linspace(20, 230, 4 * side), np.linspace(20, 230, 2 * side)
    across, down = np.meshgrid(x, y)
    return Image.fromarray(np.stack([across, down, 250 - across], axis=-1).round().astype(np.uint8))
