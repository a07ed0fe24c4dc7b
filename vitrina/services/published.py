"""Published pictures get the answers of the model in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vitrina.decoder import Examined
from vitrina.services.classifiers import Classifiers
from vitrina.services.waiting import BATCH

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.pictures import PictureCard
    from vitrina.gallery.store import Store


def published_cards(store: Store, slug: str) -> list[PictureCard]:
    """Every published picture of the collection, newest first. Raises NotFound."""
    cards: list[PictureCard] = []
    while True:
        page = store.pictures.page(slug, view="published", offset=len(cards), limit=500)
        cards += page.items
        if len(cards) >= page.total or not page.items:
            return cards


def classify_published(
    store: Store,
    classifiers: Classifiers,
    decoder: Decoder,
    *,
    slug: str,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> int:
    """Give every published picture whose last answer is another model's that of the model in force; how many got it.

    Raises ModelUnavailable. A picture whose file cannot be decoded any more is passed over: doctor names it.
    """
    classifier = classifiers.get(slug)
    cards = [
        card
        for card in published_cards(store, slug)
        if card.prediction is None or card.prediction.revision != classifier.revision
    ]
    answered = 0
    for start in range(0, len(cards), BATCH):
        step = cards[start : start + BATCH]
        found = decoder.examine_many([store.files.path_of(card.sha256) for card in step])
        kept = [(card, one.pixels) for card, one in zip(step, found, strict=True) if isinstance(one, Examined)]
        for (card, _), answer in zip(kept, classifier.predict([p for _, p in kept]), strict=True):
            store.predictions.add_for_picture(card.id, answer, source="model")
        answered += len(kept)
        progress(start + len(step), len(cards))
    return answered
