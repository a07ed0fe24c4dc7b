"""Pictures that wait without an answer get one when their model is there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from vitrina.decoder import Examined
from vitrina.services.classifiers import Classifiers

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.store import Store

BATCH = 32


def classify_waiting(
    store: Store, classifiers: Classifiers, decoder: Decoder, *, slug: str, stop: threading.Event
) -> int:
    """Give every pending picture of `slug` the model's answer where it lacks one; how many got it.

    Raises ModelUnavailable. A picture whose file cannot be decoded any more is passed over: doctor names it.
    """
    classifier = classifiers.get(slug)
    answered, passed_over = 0, set[int]()
    while not stop.is_set():
        # Those passed over are asked for again each time, so as many more are asked for.
        cards = store.predictions.missing(slug, classifier.revision, BATCH + len(passed_over))
        cards = [card for card in cards if card.id not in passed_over][:BATCH]
        if not cards:
            break
        found = decoder.examine_many([store.files.path_of(card.sha256) for card in cards])
        kept = []
        for card, examined in zip(cards, found, strict=True):
            if isinstance(examined, Examined):
                kept.append((card, examined.pixels))
            else:
                passed_over.add(card.id)
        for (card, _), answer in zip(kept, classifier.predict([p for _, p in kept]), strict=True):
            store.predictions.add_for_picture(card.id, answer, source="queue")
        answered += len(kept)
    return answered
