"""The way in for pictures: nothing is acknowledged that a power cut could take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.gallery.arrivals import Arrival, Terms, insert_arrival
from vitrina.gallery.cards import PictureCard, cards
from vitrina.gallery.collections import Collection
from vitrina.gallery.files import Arrived, Incoming
from vitrina.prediction import Prediction

if TYPE_CHECKING:
    import numpy as np

    from vitrina.decoder import Decoder, Examined
    from vitrina.gallery.bulk import ImportReport
    from vitrina.gallery.store import Store
    from vitrina.readers import Item

    Classify = Callable[[Sequence[np.ndarray]], Sequence[Prediction]]

# The order of ingest. Tried with kills at each step, every other order (row first, write in place) leaves
# rows without a file or files unlike their hash.
STEPS = (
    "stream",
    "fsync",
    "decode",
    "classify",
    "derive",
    "place",
    "fsync_folder",
    "begin",
    "insert",
    "commit",
    "answer",
)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The picture, in whatever state it is; `created` is False where the same bytes were there already."""

    picture: PictureCard
    created: bool


class Ingest:
    """Takes pictures of at most `max_bytes` into one store.

    `step` is called with each name of STEPS before that step is taken.
    """

    def __init__(
        self, store: Store, decoder: Decoder, *, step: Callable[[str], None], max_bytes: int
    ) -> None:
        self.store = store
        self.decoder = decoder
        self.step = step
        self.max_bytes = max_bytes

    def incoming(self, max_bytes: int | None = None) -> Incoming:
        """A new file to write an upload to. Raises OutOfSpace."""
        return self.store.files.incoming(max_bytes=max_bytes or self.max_bytes)

    def accept(
        self,
        incoming: Incoming | Path,
        *,
        slug: str,
        source: str,
        file_name: str,
        actor: str,
        label: str | None = None,
        publish: bool = False,
        suggestion: str | None = None,
        classify: Classify | None = None,
    ) -> Accepted:
        # What one knows of an upload, each part by its name: more than six on purpose.
        """Takes one picture in; when it returns, file, rows are durable.

        Same bytes again: the same picture, nothing changed but a suggestion that is given. Raises NotFound
        for the slug, BadRequest, PictureRefused, OutOfSpace; nothing is kept then. A Path is copied, never
        moved.
        """
        terms = Terms(source, file_name, actor, label, publish, suggestion)
        try:
            collection = self.store.collections.get(slug)
            terms.check(collection)
            if isinstance(incoming, Path):
                self.step("stream")
                incoming = self.store.files.receive(incoming, max_bytes=self.max_bytes)
            self.step("fsync")
            return self._take(incoming.finish(), collection, terms, classify)
        finally:
            if isinstance(incoming, Incoming):
                incoming.discard()

    def accept_many(
        self,
        items: Iterable[Item],
        *,
        slug: str,
        actor: str = "import",
        publish: bool = True,
        classify: Classify | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> ImportReport:
        """Takes many files in, 32 a transaction; labelled ones are published unless `publish` is False.

        A file that is refused is named in the report, the others go in. `progress(done, total)` counts files.
        Raises NotFound, BadRequest before anything is taken, OutOfSpace; what went in before stays.
        """
        from vitrina.gallery.bulk import Run

        run = Run(self, self.store.collections.get(slug), actor=actor, publish=publish, classify=classify)
        return run.over(items, progress=progress)

    def shelve(self, arrived: Arrived, examined: Examined) -> None:
        """Puts a picture's files where they belong, durably. Raises OutOfSpace."""
        files = self.store.files
        files.require_space()
        self.step("derive")
        files.write_derivative(arrived.sha256, "thumb", examined.thumbnail)
        files.write_derivative(arrived.sha256, "large", examined.large)
        self.step("place")
        files.place(arrived)
        self.step("fsync_folder")
        files.settle(arrived.sha256)

    def commit(self, collection: Collection, arrivals: Sequence[Arrival]) -> list[Accepted]:
        """Writes the rows of pictures whose files are in place, in one transaction."""
        self.step("begin")
        with self.store.database.writer() as connection:
            self.step("insert")
            written = [
                insert_arrival(connection, collection, one, files=self.store.files) for one in arrivals
            ]
            shown = cards(connection, [id for id, _ in written])
            self.step("commit")
        self.step("answer")
        by_id = {card.id: card for card in shown}
        return [Accepted(by_id[id], created) for id, created in written]

    def _take(
        self, arrived: Arrived, collection: Collection, terms: Terms, classify: Classify | None
    ) -> Accepted:
        known = self.store.pictures.find(collection.slug, arrived.sha256)
        if known is not None and terms.suggestion is None and self.store.files.has(arrived.sha256):
            return Accepted(known, created=False)
        self.step("decode")
        examined = self.decoder.examine(arrived.path)
        self.step("classify")
        given = classify([examined.pixels])[0] if classify is not None else None
        self.shelve(arrived, examined)
        return self.commit(collection, [Arrival(arrived, examined, terms, given)])[0]
