"""Many files taken in as one stream, every one of them accounted for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.errors import BadRequest, PictureRefused
from vitrina.gallery.arrivals import Arrival, Terms
from vitrina.gallery.collections import Collection
from vitrina.gallery.files import Incoming
from vitrina.images import sha256_of

if TYPE_CHECKING:
    from vitrina.decoder import Examined
    from vitrina.gallery.ingest import Classify, Ingest
    from vitrina.readers import Item

BATCH = 32


@dataclass
class ImportReport:
    """What became of each file: taken + known + len(refused) is all of them.

    `refused` holds (file name, reason, message). `other_label` names known files whose folder says another
    label than the picture has: (file name, the folder's label, the label kept). `skipped` holds (file name,
    reason) of what the reader left out; `inferred` is its sentence on how it read the source.
    """

    taken: int = 0
    known: int = 0
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    other_label: list[tuple[str, str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    inferred: str = ""


@dataclass(frozen=True, slots=True)
class _Waiting:
    item: Item
    incoming: Incoming


def require_plain_files(items: Iterable[Item]) -> None:
    """Raises BadRequest for pictures that lie inside an archive, an HDF5 file or a data set."""
    inside = next((item for item in items if item.place is not None), None)
    if inside is not None:
        raise BadRequest(
            "pictures as files of their own",
            f"{inside.file_name} inside of {inside.path.name}",
            "Unpack it into a folder first, then import that folder.",
        )


class Run:
    """One import into one collection."""

    def __init__(
        self,
        ingest: Ingest,
        collection: Collection,
        *,
        actor: str,
        publish: bool,
        classify: Classify | None,
    ) -> None:
        self._ingest = ingest
        self._collection = collection
        self._actor = actor
        self._publish = publish
        self._classify = classify
        self._report = ImportReport()
        self._waiting: deque[_Waiting] = deque()
        self._ready: list[tuple[_Waiting, Examined]] = []
        self._first: dict[str, Item] = {}
        self._twins: list[tuple[str, Item]] = []
        self._refused: dict[str, PictureRefused] = {}

    def over(self, items: Iterable[Item], *, progress: Callable[[int, int], None] | None) -> ImportReport:
        """Takes the items in. Raises BadRequest before anything is taken, OutOfSpace on the way."""
        items = list(items)
        require_plain_files(items)
        for label in sorted({item.label for item in items if item.label is not None}):
            self._collection.require_label(label)
        try:
            for examined in self._ingest.decoder.examine_many(self._paths(items)):
                waiting = self._waiting.popleft()
                if isinstance(examined, PictureRefused):
                    waiting.incoming.discard()
                    self._refused[waiting.incoming.finish().sha256] = examined
                    self._refuse(waiting.item, examined.reason, str(examined))
                else:
                    self._ready.append((waiting, examined))
                if len(self._ready) == BATCH:
                    self._flush()
                if progress is not None:
                    progress(self._settled(), len(items))
            self._flush()
            self._settle_twins()
            if progress is not None:
                progress(self._settled(), len(items))
        finally:
            for waiting in [*self._waiting, *(waiting for waiting, _ in self._ready)]:
                waiting.incoming.discard()
        return self._report

    def _paths(self, items: Sequence[Item]) -> Iterator[Path]:
        files = self._ingest.store.files
        for item in items:
            try:
                if self._is_known(item, sha256_of(item.path)):
                    continue
                self._ingest.step("stream")
                incoming = files.receive(item.path, max_bytes=self._ingest.max_bytes)
            except PictureRefused as refusal:
                self._refuse(item, refusal.reason, str(refusal))
                continue
            except OSError as error:
                self._refuse(item, "unreadable", f"Expected a file that can be read; found {error.strerror}.")
                continue
            self._ingest.step("fsync")
            arrived = incoming.finish()
            self._first.setdefault(arrived.sha256, item)
            self._waiting.append(_Waiting(item, incoming))
            self._ingest.step("decode")
            yield arrived.path

    def _is_known(self, item: Item, sha256: str) -> bool:
        if sha256 in self._first:
            # What becomes of its twin, this one shares: settled at the end.
            self._twins.append((sha256, item))
            return True
        known = self._ingest.store.pictures.find(self._collection.slug, sha256)
        if known is None or not self._ingest.store.files.has(sha256):
            return False
        self._count_known(item, known.label)
        return True

    def _flush(self) -> None:
        if not self._ready:
            return
        batch, given = list(self._ready), None
        if self._classify is not None:
            self._ingest.step("classify")
            given = self._classify([examined.pixels for _, examined in batch])
        arrivals = []
        for number, (waiting, examined) in enumerate(batch):
            arrived, item = waiting.incoming.finish(), waiting.item
            self._ingest.shelve(arrived, examined)
            publish = self._publish and item.label is not None
            terms = Terms(item.source, item.file_name, self._actor, item.label, publish)
            arrivals.append(Arrival(arrived, examined, terms, given[number] if given is not None else None))
        for (waiting, _), accepted in zip(
            batch, self._ingest.commit(self._collection, arrivals), strict=True
        ):
            if accepted.created:
                self._report.taken += 1
            else:
                self._count_known(waiting.item, accepted.picture.label)
        self._ready.clear()

    def _settle_twins(self) -> None:
        for sha256, item in self._twins:
            if sha256 in self._refused:
                refusal = self._refused[sha256]
                self._refuse(item, refusal.reason, str(refusal))
            else:
                self._count_known(item, self._first[sha256].label)
        self._twins.clear()

    def _count_known(self, item: Item, label: str | None) -> None:
        self._report.known += 1
        if item.label is not None and item.label != label:
            self._report.other_label.append((item.file_name, item.label, label or "none"))

    def _refuse(self, item: Item, reason: str, message: str) -> None:
        self._report.refused.append((item.file_name, reason, message))

    def _settled(self) -> int:
        return self._report.taken + self._report.known + len(self._report.refused)
