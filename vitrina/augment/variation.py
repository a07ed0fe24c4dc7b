"""What every variation of a picture can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from PIL import Image


class Variation(ABC):
    """One way to vary a picture, with what the recipe says of it.

    Drawing is kept apart from applying: what was drawn can be shown beside the picture, and never depends on
    the picture.
    """

    name: ClassVar[str]

    @classmethod
    @abstractmethod
    def read(cls, value: Any) -> Variation | None:
        """From the recipe's value; None where that switches it off. Raises BadRequest."""

    @abstractmethod
    def value(self) -> Any:
        """What `read` takes, in plain types of YAML."""

    @abstractmethod
    def draw(self, generator: np.random.Generator) -> Any:
        """What `apply` takes, at random."""

    @abstractmethod
    def apply(self, image: Image.Image, drawn: Any) -> Image.Image:
        """The RGB `image` varied: RGB, same size."""

    @abstractmethod
    def told(self, drawn: Any) -> str:
        """What was drawn in a few words; empty where it leaves the picture as it is."""
