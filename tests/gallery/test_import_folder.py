"""Folders of pictures become collections."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from gallery_made import make_picture, on_sqlite

from vitrina.decoder import Decoder
from vitrina.errors import BadRequest, VitrinaError
from vitrina.gallery.doctor import examine
from vitrina.gallery.import_folder import import_folder
from vitrina.gallery.store import Store
from vitrina.readers import open_source


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    for number in range(6):
        make_picture(tmp_path / "pictures" / ("glass", "metal")[number % 2] / f"{number}.png", number)
    (tmp_path / "pictures" / "notes.txt").write_text("not a picture")
    return tmp_path / "pictures"


def test_class_folders_make_a_collection(store: Store, decoder: Decoder, classes: Path) -> None:
    report = import_folder(store, classes, slug="waste-photos", decoder=decoder)
    assert (report.taken, report.known, report.refused) == (6, 0, [])
    assert [name for name, _ in report.skipped] == ["notes.txt"]
    assert "glass, metal" in report.inferred
    made = store.collections.get("waste-photos")
    assert (made.title, made.labels) == ("Waste photos", ("glass", "metal"))
    page = store.pictures.page("waste-photos", view="published")
    assert page.total == 6
    assert {(card.label, card.label_by) for card in page.items} == {("glass", "import"), ("metal", "import")}
    again = import_folder(store, classes, slug="waste-photos", title="Other", decoder=decoder)
    assert (again.taken, again.known) == (0, 6)
    assert store.pictures.page("waste-photos", view="published") == page


def test_a_plain_pile_waits_for_review(store: Store, decoder: Decoder, tmp_path: Path) -> None:
    for number in range(3):
        make_picture(tmp_path / "pile" / f"{number}.png", number)
    assert import_folder(store, tmp_path / "pile", slug="photos", decoder=decoder).taken == 3
    assert store.collections.counts("photos").to_review == 3


def test_a_pile_makes_no_labels_up(store: Store, decoder: Decoder, tmp_path: Path) -> None:
    make_picture(tmp_path / "pile" / "1.png", 1)
    with pytest.raises(BadRequest) as refused:
        import_folder(store, tmp_path / "pile", slug="new", decoder=decoder)
    assert str(refused.value) == (
        "Expected a collection new for a plain pile of pictures; found none of that name. "
        "Create it with its labels first, or sort the pictures into one folder a class."
    )


@on_sqlite
def test_folders_that_are_no_labels(store: Store, decoder: Decoder, classes: Path) -> None:
    with pytest.raises(BadRequest) as refused:
        import_folder(store, classes, slug="photos", decoder=decoder)
    assert str(refused.value) == (
        "Expected class folders among the labels of photos (food, drink, menu); "
        "found the folders glass, metal. "
        "Add it with: python -m vitrina labels photos glass metal."
    )
    assert sum(store.collections.counts("photos").by_state.values()) == 0


@on_sqlite
def test_folders_with_nothing_to_take(store: Store, decoder: Decoder, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadRequest, match="Expected a folder with pictures; found none in empty"):
        import_folder(store, tmp_path / "empty", slug="photos", decoder=decoder)
    with pytest.raises(VitrinaError):
        import_folder(store, tmp_path / "absent", slug="photos", decoder=decoder)


@on_sqlite
def test_pictures_inside_an_archive_are_refused(
    store: Store, decoder: Decoder, classes: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for path in sorted(classes.glob("*/*.png")):
            archive.write(path, path.relative_to(classes))
    said = (
        "Expected pictures as files of their own; found glass/0.png inside of photos.zip. "
        "Unpack it into a folder first, then import that folder."
    )
    with pytest.raises(BadRequest) as refused:
        import_folder(store, tmp_path / "photos.zip", slug="zipped", decoder=decoder)
    assert str(refused.value) == said
    assert [made.slug for made in store.collections.all()] == ["photos"]
    with pytest.raises(BadRequest) as refused:
        store.ingest(decoder).accept_many(open_source(tmp_path / "photos.zip").items, slug="photos")
    assert str(refused.value) == said


@on_sqlite
def test_labels_of_a_table_are_taken(store: Store, decoder: Decoder, tmp_path: Path) -> None:
    for number in range(4):
        make_picture(tmp_path / "pile" / "photos" / f"{number}.png", number)
    rows = "".join(f"photos/{number}.png,{('food', 'drink')[number % 2]}\n" for number in range(4))
    (tmp_path / "pile" / "list.csv").write_text(f"file_name,label\n{rows}", encoding="utf-8")
    report = import_folder(store, tmp_path / "pile" / "list.csv", slug="photos", decoder=decoder)
    assert (report.taken, report.refused) == (4, [])
    page = store.pictures.page("photos", view="published")
    assert {(card.label, card.label_by) for card in page.items} == {("food", "import"), ("drink", "import")}


@on_sqlite
def test_real_photos(store: Store, decoder: Decoder, shared_data: Path) -> None:
    files = [path for path in (shared_data / "grocery10").glob("*/*") if path.is_file()]
    report = import_folder(store, shared_data / "grocery10", slug="grocery", decoder=decoder)
    assert report.taken + report.known == len(files)
    assert report.refused == []
    again = import_folder(store, shared_data / "grocery10", slug="grocery", decoder=decoder)
    assert (again.taken, again.known, again.refused) == (0, report.taken + report.known, [])
    found = examine(store)
    assert (found.pictures, found.clean, found.orphans, found.to_make) == (report.taken, True, [], [])
