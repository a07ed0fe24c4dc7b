"""An examination of the store: files against rows, rows against events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path

import sqlalchemy as sa

from vitrina.gallery.events import Event, fold
from vitrina.gallery.files import DERIVATIVES
from vitrina.gallery.schema import annotation, picture
from vitrina.gallery.store import Store
from vitrina.images import sha256_of

# Few enough that a reader is gone before a writer has waited for it.
PAGE = 1_000
_COPIED = ("label", "label_by", "state", "version", "suggestion", "published_at", "shelf")


@dataclass
class DoctorReport:
    """What was found among `pictures` rows. Files are named by their path in the store.

    `missing`: files a row needs. `to_make`: small pictures that are absent, of whole originals: no damage, each
    is made again when it is looked at. `altered`: originals unlike their hash. `orphans`: files without a row,
    which an upload cut off before its answer leaves; harmless, taken up again by the next upload of the same
    bytes. `fold_mismatches`: a sentence for each picture whose row is not what its events come to.
    """

    pictures: int = 0
    missing: list[str] = field(default_factory=list)
    to_make: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    fold_mismatches: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """True where nothing that was acknowledged is damaged; orphans were never acknowledged."""
        return not (self.missing or self.altered or self.fold_mismatches)


def examine(store: Store, *, deep: bool = True) -> DoctorReport:
    """Looks at everything, changes nothing. `deep` reads every original to hash it again.

    May run beside a gallery at work: an upload under way can then show among the orphans for a moment.
    """
    report, seen = DoctorReport(), set()
    for rows in _pages(store):
        report.pictures += len(rows)
        _compare_folds(store, rows, report)
        for row in rows:
            if row["sha256"] not in seen:
                seen.add(row["sha256"])
                _compare_files(store, row["sha256"], report, deep=deep)
    report.orphans = [_name(store, path) for path in _files(store) if not _has_row(store, path)]
    return report


def remove_orphans(store: Store, report: DoctorReport) -> list[str]:
    """Deletes the orphans of a report that still are orphans; gives their names.

    Each is looked up again under the writer's lock, which ingest holds from its own look at the file to its
    commit.
    """
    removed = []
    for name in report.orphans:
        path = store.files.root / name
        with store.database.writer() as connection:
            row = connection.scalar(
                sa.select(picture.c.id).where(picture.c.sha256 == path.name[:64]).limit(1)
            )
            if row is None and path.is_file():
                path.unlink()
                removed.append(name)
    return removed


def _pages(store: Store) -> Iterator[list[sa.RowMapping]]:
    after = 0
    while True:
        asked = sa.select(picture).where(picture.c.id > after).order_by(picture.c.id).limit(PAGE)
        with store.database.reader() as connection:
            rows = list(connection.execute(asked).mappings())
        if not rows:
            return
        yield rows
        after = rows[-1]["id"]


def _compare_files(store: Store, sha256: str, report: DoctorReport, *, deep: bool) -> None:
    original = store.files.path_of(sha256)
    small = [store.files.derivative(sha256, kind) for kind in DERIVATIVES]
    whole = original.is_file()
    if not whole:
        report.missing.append(_name(store, original))
    elif deep and sha256_of(original) != sha256:
        whole = False
        report.altered.append(_name(store, original))
    absent = [_name(store, path) for path in small if not path.is_file()]
    (report.to_make if whole else report.missing).extend(absent)


def _compare_folds(store: Store, rows: list[sa.RowMapping], report: DoctorReport) -> None:
    # Rows, events are read together: a label given between two reads is no mismatch.
    ids = (rows[0]["id"], rows[-1]["id"])
    events = sa.select(*(column for column in annotation.c if column.name != "collection_id"))
    events = events.where(annotation.c.picture_id.between(*ids)).order_by(
        annotation.c.picture_id, annotation.c.id
    )
    with store.database.reader() as connection:
        current = connection.execute(sa.select(picture).where(picture.c.id.between(*ids))).mappings().all()
        history = [Event(**row) for row in connection.execute(events).mappings()]
    stories = {id: list(story) for id, story in groupby(history, key=lambda event: event.picture_id)}
    for row in current:
        folded = fold(stories.get(row["id"], []))
        said = asdict(folded) | {"shelf": folded.shelf}
        for name in _COPIED:
            if row[name] != said[name]:
                found = f"picture {row['id']}: {name} is {row[name]!r}, its events say {said[name]!r}"
                report.fold_mismatches.append(found)


def _files(store: Store) -> Iterator[Path]:
    for kind in ("originals", "derived"):
        for path in sorted((store.files.root / kind).glob("*/*/*")):
            if path.is_file():
                yield path


def _has_row(store: Store, path: Path) -> bool:
    with store.database.reader() as connection:
        asked = sa.select(picture.c.id).where(picture.c.sha256 == path.name[:64]).limit(1)
        return connection.scalar(asked) is not None


def _name(store: Store, path: Path) -> str:
    return path.relative_to(store.files.root).as_posix()
