"""After a switch, pictures get the new model's answers in the background."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from vitrina.errors import ModelUnavailable
from vitrina.services.answering import classify_outdated
from vitrina.services.classifiers import Classifiers

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.store import Store

log = logging.getLogger(__name__)


class AnswersBehind:
    """One thread for all collections, which ends when nothing is left to do."""

    def __init__(self, store: Store, classifiers: Classifiers, decoder: Decoder) -> None:
        self.store = store
        self.classifiers = classifiers
        self.decoder = decoder
        self._lock = threading.Lock()
        self._waiting: dict[str, None] = {}
        self._worker: threading.Thread | None = None
        self._stop = threading.Event()

    def soon(self, slug: str) -> None:
        """The pictures of the collection whose answer is another model's get that of the model in force."""
        with self._lock:
            if self._stop.is_set():
                return
            self._waiting[slug] = None
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="answers", daemon=True)
                self._worker.start()

    def wait(self, seconds: float) -> bool:
        """Whether everything that was asked for was done within the time."""
        worker = self._worker
        if worker is not None:
            worker.join(timeout=seconds)
        return worker is None or not worker.is_alive()

    def close(self) -> None:
        """Leave off; what is left is done after the next start."""
        with self._lock:
            self._stop.set()
        self.wait(10)

    def _work(self) -> None:
        while (slug := self._next()) is not None:
            try:
                done = classify_outdated(
                    self.store, self.classifiers, self.decoder, slug=slug, stop=self._stop
                )
                if done:
                    log.info("%d pictures of %s have the answer of their model now", done, slug)
            except ModelUnavailable as error:
                log.warning("the pictures of %s keep their answers: %s", slug, error)
            # One collection's trouble is not the next one's.
            except Exception:
                log.exception("the pictures of %s were not all classified", slug)

    def _next(self) -> str | None:
        with self._lock:
            slug = next(iter(self._waiting), None)
            if slug is None or self._stop.is_set():
                self._worker = None
                return None
            del self._waiting[slug]
            return slug
