"""A picture varied by seed, as a training recipe names it."""

from vitrina.augment.augmentation import KNOWN, Augmentation
from vitrina.augment.frame import Frame
from vitrina.augment.progressive import sizes_for
from vitrina.augment.seeds import generator_for
from vitrina.augment.sheet import sample_sheet
from vitrina.augment.smoothing import smooth
from vitrina.augment.views import VIEWS, mean_of_views, views

__all__ = [
    "KNOWN",
    "VIEWS",
    "Augmentation",
    "Frame",
    "generator_for",
    "mean_of_views",
    "sample_sheet",
    "sizes_for",
    "smooth",
    "views",
]
