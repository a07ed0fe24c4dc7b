"""Pictures that wait without an answer get one when their model is there."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from vitrina.services.answering import BATCH, answer_for
from vitrina.services.classifiers import Classifiers

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.store import Store


def classify_waiting(
    store: Store, classifiers: Classifiers, decoder: Decoder, *, slug: str, stop: threading.Event
) -> int:
    """Give every pending picture of `slug` the model's answer where it shows another's or none; how many got it.

    Raises ModelUnavailable. A picture whose file cannot be decoded any more is passed over: doctor names it.
    """
    classifier = classifiers.get(slug)
    answered, after = 0, 0
    while not stop.is_set():
        cards = store.predictions.missing(slug, classifier.revision, BATCH, after=after)
        if not cards:
            break
        answered += len(answer_for(store, classifier, decoder, cards, source="queue"))
        after = cards[-1].id
    return answered
