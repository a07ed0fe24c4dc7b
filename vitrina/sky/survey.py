"""A simulated survey: seeded pictures of galaxies of six classes with what is true of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitrina.errors import VitrinaError
from vitrina.sky.field import draw_field
from vitrina.sky.galaxies import edge_on, elliptical, irregular
from vitrina.sky.light import Light, Parameters
from vitrina.sky.lupton import lupton_rgb
from vitrina.sky.mergers import merger
from vitrina.sky.observe import Conditions, blur, expose
from vitrina.sky.plane import Array, Plane
from vitrina.sky.spirals import barred_spiral, spiral

if TYPE_CHECKING:
    from PIL.Image import Image

Draw = Callable[[Plane, np.random.Generator], Light]

_DRAW: dict[str, Draw] = {
    "elliptical": elliptical,
    "spiral": spiral,
    "barred_spiral": barred_spiral,
    "edge_on": edge_on,
    "irregular": irregular,
    "merger": merger,
}
CLASSES: tuple[str, ...] = tuple(_DRAW)
SMALLEST, LARGEST = 64, 512
# Surface brightness, nanomaggies per square arcsecond in each band, that the colour stretch maps near white,
# found by comparing with cut-outs of real surveys by eye; i is shown as red, r as green, g as blue.
_STRETCH = 1.0
_SOFTENING = 6.5
_BAND_GAINS = (2.15, 1.3, 0.99)


@dataclass(frozen=True)
class SimulatedGalaxy:
    """One picture: `image` RGB (size, size), its true class, parameters with units in their names."""

    image: Image
    label: str
    parameters: Parameters
    index: int


def render_survey(
    count: int, *, seed: int, size: int = 224, progress: Callable[[int, int], None] | None = None
) -> Iterator[SimulatedGalaxy]:
    """`count` galaxies one after another, classes taking turns, so that they differ by one picture at most.

    Picture number k of a seed is the same whatever the count. `size` is the side in px, 64 to 512; all sizes
    show the same 50 arcsec of sky. `progress` is called with (done, count) after each picture. Raises
    VitrinaError when a number is out of range, at the call and not at the first picture.
    """
    _whole("a count of pictures", count, lowest=1, highest=1_000_000)
    _whole("a picture size in px", size, lowest=SMALLEST, highest=LARGEST)
    _whole("a seed", seed, lowest=0, highest=2**63 - 1)
    return _render(count, seed=seed, size=size, progress=progress)


def _render(
    count: int, *, seed: int, size: int, progress: Callable[[int, int], None] | None
) -> Iterator[SimulatedGalaxy]:
    for index in range(count):
        yield render_galaxy(CLASSES[index % len(CLASSES)], seed=seed, index=index, size=size)
        if progress is not None:
            progress(index + 1, count)


def render_galaxy(label: str, *, seed: int, index: int, size: int = 224) -> SimulatedGalaxy:
    """One galaxy of a class; the same four arguments give the same pixels. Raises VitrinaError likewise."""
    if label not in _DRAW:
        raise VitrinaError(
            "a class of galaxy, one of " + ", ".join(CLASSES), repr(label), "Choose one of the known classes."
        )
    _whole("a seed", seed, lowest=0, highest=2**63 - 1)
    _whole("an index", index, lowest=0, highest=2**31 - 1)
    _whole("a picture size in px", size, lowest=SMALLEST, highest=LARGEST)
    plane = Plane.of(size)
    # One independent stream per stage: what the subject draws must not shift the stars or the noise.
    streams = np.random.SeedSequence(entropy=seed, spawn_key=(index,)).spawn(3)
    subject, surroundings, night = (np.random.default_rng(stream) for stream in streams)
    light = _DRAW[label](plane, subject)
    conditions = Conditions.draw(night)
    seen = blur(light.bands + draw_field(plane, surroundings), plane, conditions=conditions)
    image = _in_colour(plane, expose(plane.crop(seen), plane, conditions=conditions, rng=night))
    parameters: Parameters = {
        "class": label,
        **light.parameters,
        "seeing_arcsec": conditions.seeing_arcsec,
        "relative_exposure": conditions.exposure,
        "arcsec_per_px": plane.arcsec_per_px,
    }
    return SimulatedGalaxy(image=image, label=label, parameters=parameters, index=index)


def _in_colour(plane: Plane, bands: Array) -> Image:
    from PIL import Image as pil

    g, r, i = bands / np.float32(plane.arcsec_per_px**2) * np.array(_BAND_GAINS, np.float32)[:, None, None]
    return pil.fromarray(lupton_rgb(i, r, g, stretch=_STRETCH, softening=_SOFTENING))


def _whole(what: str, number: int, *, lowest: int, highest: int) -> None:
    whole = isinstance(number, (int, np.integer)) and not isinstance(number, bool)
    if not whole or not lowest <= number <= highest:
        raise VitrinaError(
            f"{what} that is a whole number from {lowest} to {highest}",
            repr(number),
            "Give a number in that range.",
        )
