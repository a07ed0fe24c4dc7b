"""Pictures get the answer of the model in force: the one that it gave before, else a new one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vitrina.decoder import Examined
from vitrina.gallery.predictions import PENDING
from vitrina.services.classifiers import Classifiers

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.pictures import PictureCard
    from vitrina.gallery.store import Store
    from vitrina.models.classifier import Classifier

BATCH = 32
# Pictures a step of the model: whoever asks meanwhile waits for so many at most.
STEP = 4
SHELVES = ("published", *PENDING)


def answer_for(
    store: Store, classifier: Classifier, decoder: Decoder, cards: Sequence[PictureCard], *, source: str
) -> set[int]:
    """The numbers of those that have its answer now. The files of the others cannot be decoded: doctor names them."""
    answered = store.predictions.show_again(cards, classifier.revision)
    rest = [card for card in cards if card.id not in answered]
    found = decoder.examine_many([store.files.path_of(card.sha256) for card in rest]) if rest else []
    kept = [(card, one.pixels) for card, one in zip(rest, found, strict=True) if isinstance(one, Examined)]
    answers = classifier.predict([pixels for _, pixels in kept], batch_size=STEP)
    for (card, _), answer in zip(kept, answers, strict=True):
        store.predictions.add_for_picture(card.id, answer, source=source)
    return answered | {card.id for card, _ in kept}


def classify_outdated(
    store: Store,
    classifiers: Classifiers,
    decoder: Decoder,
    *,
    slug: str,
    stop: threading.Event,
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Every published or waiting picture whose answer is another model's gets that of the model in force; how many.

    Ends early at `stop`, and where another model comes into force. `progress` is told how many so far. Raises
    ModelUnavailable.
    """
    classifier = classifiers.get(slug)
    answered, after = 0, 0
    while not stop.is_set() and classifiers.get(slug) is classifier:
        cards = store.predictions.missing(slug, classifier.revision, BATCH, shelves=SHELVES, after=after)
        if not cards:
            break
        answered += len(answer_for(store, classifier, decoder, cards, source="model"))
        after = cards[-1].id
        progress(answered)
    return answered
