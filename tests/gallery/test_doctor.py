"""The doctor finds what is wrong, names it, touches nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from gallery_made import Filler, on_sqlite

from vitrina.gallery.doctor import DoctorReport, examine, remove_orphans
from vitrina.gallery.schema import picture
from vitrina.gallery.store import Store


def test_a_healthy_store(store: Store, fill: Filler) -> None:
    for _ in range(3):
        fill.add("food", publish=True)
    assert examine(store) == DoctorReport(pictures=3)


@on_sqlite
def test_a_missing_original(store: Store, fill: Filler) -> None:
    path = store.files.path_of(fill.add().sha256)
    path.unlink()
    report = examine(store)
    assert report.missing == [path.relative_to(store.files.root).as_posix()]
    assert not report.clean


@on_sqlite
@pytest.mark.parametrize("kind", ["thumb", "large"])
def test_a_missing_small_picture_is_damage_without_its_original_alone(
    store: Store, fill: Filler, kind: str
) -> None:
    sha256 = fill.add().sha256
    original, path = store.files.path_of(sha256), store.files.derivative(sha256, kind)
    path.unlink()
    name = path.relative_to(store.files.root).as_posix()
    report = examine(store)
    assert report == DoctorReport(pictures=1, to_make=[name])
    assert report.clean
    # As both say: nobody has to do anything.
    assert store.derivative(sha256, kind, decoder=fill.decoder) == path
    assert examine(store) == DoctorReport(pictures=1)
    path.unlink()
    original.write_bytes(b"not it")
    altered = original.relative_to(store.files.root).as_posix()
    assert examine(store) == DoctorReport(pictures=1, missing=[name], altered=[altered])
    original.unlink()
    assert examine(store) == DoctorReport(pictures=1, missing=[altered, name])


@on_sqlite
def test_an_altered_file(store: Store, fill: Filler) -> None:
    path = store.files.path_of(fill.add().sha256)
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    assert examine(store, deep=False).clean
    report = examine(store)
    assert report.altered == [path.relative_to(store.files.root).as_posix()]
    assert not report.clean


def test_an_orphan_is_named_then_removed_on_request(store: Store, fill: Filler) -> None:
    kept = fill.add()
    path = store.files.path_of("ab" * 32)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"left behind")
    report = examine(store)
    assert report.orphans == [path.relative_to(store.files.root).as_posix()]
    assert report.clean
    report.orphans.append(store.files.path_of(kept.sha256).relative_to(store.files.root).as_posix())
    assert remove_orphans(store, report) == report.orphans[:1]
    assert examine(store) == DoctorReport(pictures=1)


def test_a_row_unlike_its_events(store: Store, fill: Filler) -> None:
    id = fill.add("food", publish=True).id
    with store.database.writer() as connection:
        connection.execute(sa.update(picture).where(picture.c.id == id).values(label="menu"))
    report = examine(store)
    assert report.fold_mismatches == [f"picture {id}: label is 'menu', its events say 'food'"]
    assert not report.clean


def test_a_sweeper_cannot_take_a_file_from_an_upload(store: Store, fill: Filler, tmp_path: Path) -> None:
    """Whichever comes first, there is no row without its file."""
    from gallery_made import make_picture

    from vitrina.errors import VitrinaError

    def sweep(step: str) -> None:
        if step == "begin":
            assert len(remove_orphans(store, examine(store))) == 3

    path = make_picture(tmp_path / "late.png", 99)
    terms = {"slug": "photos", "source": "test", "file_name": "late.png", "actor": "staff:ana"}
    with pytest.raises(VitrinaError, match=r"in its place; found no such file\. Send the picture again\."):
        store.ingest(fill.decoder, step=sweep).accept(path, **terms)
    assert examine(store) == DoctorReport()
    assert store.ingest(fill.decoder).accept(path, **terms).created
