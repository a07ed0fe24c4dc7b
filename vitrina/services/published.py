"""Published pictures get the answers of the model in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from vitrina.services.answering import BATCH, answer_for
from vitrina.services.classifiers import Classifiers

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

    What it answered before is not asked again. Raises ModelUnavailable. A picture whose file cannot be decoded any more
    is passed over: doctor names it.
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
        answered += len(answer_for(store, classifier, decoder, step, source="model"))
        progress(start + len(step), len(cards))
    return answered
