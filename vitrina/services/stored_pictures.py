"""Pictures of the store as pixels, decoded only when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np

from vitrina.decoder import Examined
from vitrina.errors import PictureRefused

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.pictures import PictureCard
    from vitrina.gallery.store import Store


class StoredPictures(Sequence[np.ndarray]):
    """Arrays uint8 (h, w, 3), one a card. A slice decodes just its own pictures, so that ten thousand never
    lie in memory together.

    Raises PictureRefused, which names the picture, for a file that was altered since it was taken in.
    """

    def __init__(self, store: Store, decoder: Decoder, cards: Sequence[PictureCard]) -> None:
        self.store = store
        self.decoder = decoder
        self.cards = list(cards)

    def __len__(self) -> int:
        return len(self.cards)

    @overload
    def __getitem__(self, index: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, index: slice) -> list[np.ndarray]: ...
    def __getitem__(self, index: int | slice) -> np.ndarray | list[np.ndarray]:
        if isinstance(index, int):
            return self._decoded([self.cards[index]])[0]
        return self._decoded(self.cards[index])

    def _decoded(self, cards: Sequence[PictureCard]) -> list[np.ndarray]:
        found = self.decoder.examine_many([self.store.files.path_of(card.sha256) for card in cards])
        return [self._pixels(card, examined) for card, examined in zip(cards, found, strict=True)]

    @staticmethod
    def _pixels(card: PictureCard, examined: Examined | PictureRefused) -> np.ndarray:
        if isinstance(examined, PictureRefused):
            raise PictureRefused(
                f"the stored file of picture {card.id} ({card.file_name}) to be as it was taken in",
                examined.found,
                "Run: python -m vitrina doctor.",
                reason=examined.reason,
            )
        return examined.pixels
