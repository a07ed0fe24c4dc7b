"""What is known of each picture before it is compared with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vitrina.errors import VitrinaError


@dataclass(frozen=True)
class Pictures:
    """n pictures, in rows.

    `byte_hashes`, `pixel_hashes`: SHA-256 in hexadecimal of the file, of its upright sRGB pixels in full size.
    `perceptual`: uint64 (n,), `perceptual.encode` as integers. `sizes`: int (n, 2), width and height of the
    original in pixels. `contrast`: (n,), standard deviation of the grey picture in grey levels. `sharpness`:
    (n,), larger is sharper, compared between pictures of one size only. `view`: row -> uint8 (h, w, 3), the
    longer side at most 256 pixels, called from one thread. `features`: float32 (n, d) of a backbone, or None:
    then crops and rotations are found only as far as the hash reaches. Raises VitrinaError where the parts
    are not of one length.
    """

    byte_hashes: Sequence[str]
    pixel_hashes: Sequence[str]
    perceptual: np.ndarray
    sizes: np.ndarray
    contrast: np.ndarray
    sharpness: np.ndarray
    view: Callable[[int], np.ndarray]
    features: np.ndarray | None = None

    def __post_init__(self) -> None:
        lengths = {
            "byte_hashes": len(self.byte_hashes),
            "pixel_hashes": len(self.pixel_hashes),
            "perceptual": len(self.perceptual),
            "sizes": len(self.sizes),
            "contrast": len(self.contrast),
            "sharpness": len(self.sharpness),
        }
        if self.features is not None:
            lengths["features"] = len(self.features)
        if len(set(lengths.values())) > 1:
            raise VitrinaError(
                "as many entries in every part of Pictures",
                ", ".join(f"{name} {length}" for name, length in lengths.items()),
                "Build all parts from the same rows.",
            )

    def __len__(self) -> int:
        return len(self.byte_hashes)

    def telling(self, *, least_side: int, least_contrast: float) -> np.ndarray:
        """bool (n,): pictures that show enough to be compared by looks.

        Black, white and flat pictures all hash alike, and pictures of a few pixels look alike without being
        copies: those are compared by bytes and pixels alone.
        """
        return (self.sizes.min(axis=1, initial=2**31) >= least_side) & (self.contrast >= least_contrast)
