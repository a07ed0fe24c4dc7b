"""The way in: what is kept, what is refused, what the same bytes do."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from gallery_made import answer, make_picture, on_sqlite

from vitrina.decoder import Decoder
from vitrina.errors import BadRequest, NotFound, OutOfSpace, PictureRefused
from vitrina.gallery.annotations import Change
from vitrina.gallery.doctor import examine
from vitrina.gallery.ingest import STEPS, Accepted, Ingest
from vitrina.gallery.store import Store
from vitrina.prediction import Prediction
from vitrina.readers import Item


@pytest.fixture
def ingest(store: Store, decoder: Decoder) -> Ingest:
    return store.ingest(decoder)


def classify(pictures: Sequence[np.ndarray]) -> list[Prediction]:
    assert all(one.dtype == np.uint8 and one.shape[2] == 3 for one in pictures)
    return [answer("menu", 0.7) for _ in pictures]


def upload(ingest: Ingest, data: bytes, **asked: object) -> Accepted:
    incoming = ingest.incoming()
    incoming.write(data)
    terms = {"slug": "photos", "source": "upload", "file_name": "photo.png", "actor": "staff:ana", **asked}
    return ingest.accept(incoming, **terms)


@on_sqlite
def test_the_order_of_the_steps(store: Store, decoder: Decoder, tmp_path: Path) -> None:
    taken: list[str] = []
    path = make_picture(tmp_path / "1.png", 1)
    store.ingest(decoder, step=taken.append).accept(
        path, slug="photos", source="test", file_name="1.png", actor="import"
    )
    assert tuple(taken) == STEPS
    assert path.is_file()


def test_an_upload_waits_for_review_with_the_models_answer(ingest: Ingest, tmp_path: Path) -> None:
    data = make_picture(tmp_path / "1.png", 1, side=600).read_bytes()
    accepted = upload(ingest, data, classify=classify)
    card = accepted.picture
    assert accepted.created
    assert (card.state, card.label, card.version, card.prediction) == (
        "pending",
        None,
        1,
        answer("menu", 0.7),
    )
    assert ingest.store.files.path_of(card.sha256).read_bytes() == data
    for kind in ("thumb", "large"):
        assert ingest.store.files.derivative(card.sha256, kind).read_bytes()[8:12] == b"WEBP"
    assert [event.kind for event in ingest.store.annotations.story(card.id)] == ["upload"]
    assert list(ingest.store.files.incoming_folder.iterdir()) == []


def test_the_same_bytes_are_the_same_picture(ingest: Ingest, tmp_path: Path) -> None:
    data = make_picture(tmp_path / "1.png", 1).read_bytes()
    first = upload(ingest, data)
    again = upload(ingest, data, file_name="other.png", label="food", publish=True, classify=classify)
    assert (again.picture, again.created) == (first.picture, False)
    assert len(ingest.store.annotations.story(first.picture.id)) == 1
    ingest.store.collections.create("other", "Other", labels=["a", "b"])
    elsewhere = upload(ingest, data, slug="other")
    assert elsewhere.created
    assert elsewhere.picture.id != first.picture.id


def test_the_same_bytes_from_twenty_at_once(ingest: Ingest, tmp_path: Path) -> None:
    data = make_picture(tmp_path / "1.png", 1).read_bytes()
    answers: list[Accepted] = []
    threads = [threading.Thread(target=lambda: answers.append(upload(ingest, data))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.picture.id for one in answers}) == 1
    assert sorted(one.created for one in answers) == [False] * 19 + [True]
    report = examine(ingest.store)
    assert (report.pictures, report.clean, report.orphans, report.to_make) == (1, True, [], [])


def test_a_visitors_suggestion(ingest: Ingest, tmp_path: Path) -> None:
    data = make_picture(tmp_path / "1.png", 1).read_bytes()
    new = upload(ingest, data, actor="visitor", source="visitor", suggestion="drink")
    assert (new.created, new.picture.suggestion, new.picture.label) == (True, "drink", None)
    again = upload(ingest, data, actor="visitor", source="visitor", suggestion="menu")
    assert (again.created, again.picture.suggestion) == (False, "menu")
    assert [event.kind for event in ingest.store.annotations.story(new.picture.id)] == [
        "upload",
        "suggest",
        "suggest",
    ]


@on_sqlite
@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"label": "cat"}, "Expected a label of the collection photos (food, drink, menu); found 'cat'."),
        (
            {"suggestion": "cat"},
            "Expected a label of the collection photos (food, drink, menu); found 'cat'.",
        ),
        (
            {"publish": True},
            "Expected a label with a picture to publish; found none. "
            "Give it a label, or let it wait for review.",
        ),
    ],
)
def test_bad_terms(ingest: Ingest, tmp_path: Path, asked: dict[str, object], text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        upload(ingest, make_picture(tmp_path / "1.png", 1).read_bytes(), **asked)
    assert str(refused.value).startswith(text)
    assert list(ingest.store.files.incoming_folder.iterdir()) == []


def test_an_unknown_collection(ingest: Ingest, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        upload(ingest, make_picture(tmp_path / "1.png", 1).read_bytes(), slug="none")
    assert list(ingest.store.files.incoming_folder.iterdir()) == []


@on_sqlite
@pytest.mark.parametrize("data", [b"", b"<html>", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 100])
def test_what_is_no_picture_leaves_nothing(ingest: Ingest, data: bytes) -> None:
    with pytest.raises(PictureRefused):
        upload(ingest, data)
    assert [path for path in ingest.store.files.root.rglob("*") if path.is_file()] == []
    assert sum(ingest.store.collections.counts("photos").by_state.values()) == 0


@on_sqlite
@pytest.mark.parametrize("cut", range(4, 100, 8))
def test_a_jpeg_cut_anywhere_is_refused(ingest: Ingest, tmp_path: Path, cut: int) -> None:
    whole = make_picture(tmp_path / "1.jpg", 1, side=64).read_bytes()
    with pytest.raises(PictureRefused):
        upload(ingest, whole[: len(whole) * cut // 100])


@on_sqlite
def test_the_largest_file_that_is_taken(store: Store, decoder: Decoder, tmp_path: Path) -> None:
    path = make_picture(tmp_path / "1.png", 1)
    size = path.stat().st_size
    terms = {"slug": "photos", "source": "test", "file_name": "1.png", "actor": "staff:ana"}
    with pytest.raises(PictureRefused) as refused:
        store.ingest(decoder, max_bytes=size - 1).accept(path, **terms)
    assert refused.value.reason == "too_many_bytes"
    assert store.ingest(decoder, max_bytes=size).accept(path, **terms).created


@on_sqlite
def test_labels_work_while_the_disk_is_full(ingest: Ingest, tmp_path: Path) -> None:
    store = ingest.store
    card = upload(ingest, make_picture(tmp_path / "1.png", 1).read_bytes()).picture
    store.files.minimum_free_bytes = 10**18
    with pytest.raises(OutOfSpace):
        ingest.incoming()
    with pytest.raises(OutOfSpace):
        ingest.accept(tmp_path / "1.png", slug="photos", source="x", file_name="x", actor="staff:ana")
    store.annotations.append([Change(card.id, "label", "food")], actor="staff:ana")
    assert store.pictures.get(card.id).card.label == "food"


@on_sqlite
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../vitrina.db", "vitrina.db"),
        ("C:\\autoexec.bat", "autoexec.bat"),
        ("a\x00.png", "a.png"),
        ("gnp\u202e.exe", "gnp.exe"),
        ("=cmd()", "=cmd()"),
        ("\U0001f355", "\U0001f355"),
    ],
)
def test_hostile_names_are_only_text(ingest: Ingest, tmp_path: Path, name: str, shown: str) -> None:
    card = upload(ingest, make_picture(tmp_path / "1.png", 1).read_bytes(), file_name=name).picture
    assert card.file_name == shown
    names = {path.name for path in ingest.store.files.root.rglob("*") if path.is_file()}
    assert names == {card.sha256, f"{card.sha256}.thumb.webp", f"{card.sha256}.large.webp"}
    assert (
        len(
            upload(
                ingest, make_picture(tmp_path / "2.png", 2).read_bytes(), file_name="é" * 400
            ).picture.file_name
        )
        == 200
    )


def test_a_lost_file_comes_back_with_its_bytes(ingest: Ingest, tmp_path: Path) -> None:
    data = make_picture(tmp_path / "1.png", 1).read_bytes()
    card = upload(ingest, data).picture
    ingest.store.files.path_of(card.sha256).unlink()
    assert not examine(ingest.store).clean
    again = upload(ingest, data)
    assert (again.picture, again.created) == (card, False)
    assert examine(ingest.store).clean
    assert not examine(ingest.store).to_make


def test_a_lost_thumbnail_is_made_again(ingest: Ingest, decoder: Decoder, tmp_path: Path) -> None:
    card = upload(ingest, make_picture(tmp_path / "1.png", 1).read_bytes()).picture
    path = ingest.store.files.derivative(card.sha256, "thumb")
    before = path.read_bytes()
    path.unlink()
    assert ingest.store.derivative(card.sha256, "thumb", decoder=decoder).read_bytes() == before
    with pytest.raises(NotFound) as refused:
        ingest.store.derivative("0" * 64, "thumb", decoder=decoder)
    assert str(refused.value) == (
        "Expected the file of picture 000000000000; found none. Restore the files from a backup."
    )


def test_many_files_every_one_accounted_for(ingest: Ingest, tmp_path: Path) -> None:
    items = [
        Item(make_picture(tmp_path / f"{number}.png", number), f"{number}.png", "food", "test")
        for number in range(40)
    ]
    twin = tmp_path / "twin.png"
    twin.write_bytes(items[3].path.read_bytes())
    broken, broken_twin, gone = tmp_path / "broken.png", tmp_path / "again.png", tmp_path / "gone.png"
    broken.write_bytes(b"no picture")
    broken_twin.write_bytes(b"no picture")
    items += [Item(path, path.name, "menu", "test") for path in (twin, broken, broken_twin, gone)]
    told: list[tuple[int, int]] = []
    report = ingest.accept_many(
        items, slug="photos", classify=classify, progress=lambda done, of: told.append((done, of))
    )
    assert (report.taken, report.known) == (40, 1)
    assert {(name, reason) for name, reason, _ in report.refused} == {
        ("gone.png", "unreadable"),
        ("broken.png", "not_a_picture"),
        ("again.png", "not_a_picture"),
    }
    assert report.refused[0][2].startswith("Expected ")
    assert report.other_label == [("twin.png", "menu", "food")]
    assert told[-1] == (44, 44)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    page = ingest.store.pictures.page("photos", view="published", limit=100)
    assert page.total == 40
    assert {card.label_by for card in page.items} == {"import"}
    assert all(card.prediction == answer("menu", 0.7) for card in page.items)
    again = ingest.accept_many(items[:40], slug="photos", classify=classify)
    assert (again.taken, again.known, again.refused) == (0, 40, [])
    found = examine(ingest.store)
    assert (found.pictures, found.clean, found.orphans, found.to_make) == (40, True, [], [])


def test_many_files_to_review(ingest: Ingest, tmp_path: Path) -> None:
    items = [
        Item(make_picture(tmp_path / "1.png", 1), "1.png", "food", "test"),
        Item(make_picture(tmp_path / "2.png", 2), "2.png", None, "test"),
    ]
    assert ingest.accept_many(items, slug="photos", actor="simulator", publish=False).taken == 2
    cards = ingest.store.pictures.page("photos", view="review").items
    assert {(card.label, card.label_by) for card in cards} == {("food", "simulator"), (None, None)}
    with pytest.raises(BadRequest, match="found 'cat'"):
        ingest.accept_many([Item(tmp_path / "1.png", "1.png", "cat", "test")], slug="photos")


def test_an_import_that_is_stopped_keeps_what_went_in(ingest: Ingest, tmp_path: Path) -> None:
    items = [Item(make_picture(tmp_path / f"{n}.png", n), f"{n}.png", "food", "test") for n in range(40)]

    def stop(done: int, _of: int) -> None:
        if done == 32:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest.accept_many(items, slug="photos", progress=stop)
    assert list(ingest.store.files.incoming_folder.iterdir()) == []
    assert examine(ingest.store).pictures == 32
    report = ingest.accept_many(items, slug="photos")
    assert (report.taken, report.known) == (8, 32)
