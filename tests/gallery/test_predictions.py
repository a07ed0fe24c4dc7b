"""Answers of models: given once, put away, brought back."""

from __future__ import annotations

from typing import Any

import pytest
from gallery_made import Filler, answer, on_sqlite

from vitrina.errors import BadRequest, Conflict, NotFound
from vitrina.gallery.annotations import Change
from vitrina.gallery.store import Store

BYTES = "ab" * 32


def test_the_same_bytes_the_same_row(store: Store) -> None:
    row, created = store.predictions.record("photos", BYTES, answer("food"), source="try")
    again, created_again = store.predictions.record("photos", BYTES, answer("food"), source="rest")
    assert (created, created_again) == (True, False)
    assert again == row == store.predictions.get(row.id)
    assert (row.prediction, row.source, row.picture_id) == (answer("food"), "try", None)
    assert list(row.prediction.scores) == ["food", "drink", "menu"]
    other, created = store.predictions.record(
        "photos", BYTES, answer("food", revision="model@2"), source="try"
    )
    assert created
    assert other.id != row.id


def test_a_list_is_newest_first(store: Store) -> None:
    rows = [
        store.predictions.record("photos", f"{number:064x}", answer("food"), source="try")[0]
        for number in range(5)
    ]
    assert store.predictions.newest() == rows[::-1]
    assert store.predictions.newest("photos", offset=1, limit=2) == [rows[3], rows[2]]
    assert store.predictions.newest(offset=10**12) == []
    assert len(store.predictions.newest("photos")) == 5


@on_sqlite
@pytest.mark.parametrize(
    "asked", [{"offset": -1}, {"limit": 0}, {"limit": 501}, {"offset": 2**70}, {"limit": "x"}]
)
def test_bad_pages(store: Store, asked: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="Expected a whole number for"):
        store.predictions.newest(**asked)


def test_unknown_ones(store: Store) -> None:
    with pytest.raises(NotFound) as refused:
        store.predictions.get("nothing")
    assert str(refused.value) == (
        "Expected the number of a prediction; found 'nothing'. List the predictions to see what there is."
    )
    with pytest.raises(NotFound, match="Expected one of the collections photos; found 'none'"):
        store.predictions.record("none", BYTES, answer("food"), source="try")
    with pytest.raises(NotFound, match="Expected the number of a picture; found 99"):
        store.predictions.add_for_picture(99, answer("food"), source="try")


def test_reset_puts_away_what_was_not_kept(store: Store, fill: Filler) -> None:
    picture = fill.add()
    kept = store.predictions.add_for_picture(picture.id, answer("food"), source="background")
    tried, _ = store.predictions.record("photos", BYTES, answer("menu"), source="try")
    id, count = store.predictions.reset("staff:ana", slug="photos")
    assert count == 1
    assert store.predictions.newest() == [kept]
    with pytest.raises(NotFound):
        store.predictions.get(tried.id)
    assert store.predictions.reset("staff:ana").count == 0
    assert store.predictions.restore(id, "staff:ben") == 1
    assert store.predictions.get(tried.id) == tried
    with pytest.raises(Conflict) as refused:
        store.predictions.restore(id, "staff:ana")
    assert str(refused.value) == (
        "Expected a reset that still stands; found one that staff:ben restored already. "
        "There is nothing left to restore."
    )
    with pytest.raises(NotFound, match="Expected the number of a reset; found 'x'"):
        store.predictions.restore("x", "staff:ana")


def test_an_answer_given_again_since_stays(store: Store) -> None:
    store.predictions.record("photos", BYTES, answer("menu"), source="try")
    first = store.predictions.reset("staff:ana")
    again, created = store.predictions.record("photos", BYTES, answer("menu"), source="try")
    assert created
    second = store.predictions.reset("staff:ana")
    assert store.predictions.restore(second.id, "staff:ana") == 1
    assert store.predictions.restore(first.id, "staff:ana") == 0
    assert store.predictions.newest() == [again]


def test_an_answer_to_a_request_leaves_the_picture_alone(store: Store, fill: Filler) -> None:
    picture = fill.add()
    own = store.predictions.add_for_picture(picture.id, answer("food", 0.8), source="background")
    before = store.pictures.get(picture.id)
    other = answer("menu", 0.99, revision="model@2")
    row, created = store.predictions.record("photos", picture.sha256, other, source="rest", attach=False)
    assert (created, row.picture_id, row.prediction) == (True, None, other)
    assert store.pictures.get(picture.id) == before
    by_sureness = store.pictures.page("photos", view="review", order="least_sure").items
    assert by_sureness == [before.card]
    # What is the picture's already stays so, as it is.
    same, created = store.predictions.record(
        "photos", picture.sha256, answer("drink"), source="rest", attach=False
    )
    assert (same, created) == (own, False)
    assert [card.id for card in store.predictions.missing("photos", "model@2", 9)] == [picture.id]


def test_a_request_becomes_the_answer_of_its_picture(store: Store, fill: Filler) -> None:
    picture = fill.add()
    asked, _ = store.predictions.record("photos", picture.sha256, answer("menu"), source="rest", attach=False)
    again, created = store.predictions.record(
        "photos", picture.sha256, answer("menu"), source="rest", attach=False
    )
    assert (again, created) == (asked, False)
    attached = store.predictions.add_for_picture(picture.id, answer("menu"), source="background")
    assert (attached.id, attached.picture_id) == (asked.id, picture.id)
    assert store.pictures.get(picture.id).card.prediction == answer("menu")
    assert store.predictions.newest() == [attached]
    assert store.predictions.reset("staff:ana").count == 0
    assert store.predictions.get(asked.id) == attached


def test_a_reset_takes_requests_not_answers_of_pictures(store: Store, fill: Filler) -> None:
    picture = fill.add()
    asked, _ = store.predictions.record("photos", picture.sha256, answer("menu"), source="rest", attach=False)
    away = store.predictions.reset("staff:ana")
    assert away.count == 1
    own = store.predictions.add_for_picture(picture.id, answer("menu"), source="background")
    assert own.id != asked.id
    assert store.predictions.restore(away.id, "staff:ana") == 0
    assert store.predictions.reset("staff:ana").count == 0
    assert store.predictions.newest() == [own]


def test_what_waits_for_an_answer(store: Store, fill: Filler) -> None:
    one, two, published = fill.add(), fill.add(), fill.add("food", publish=True)
    assert [card.id for card in store.predictions.missing("photos", "model@1", 10)] == [one.id, two.id]
    assert [card.id for card in store.predictions.missing("photos", "model@1", 1)] == [one.id]
    store.predictions.add_for_picture(one.id, answer("food"), source="background")
    store.annotations.append([Change(two.id, "label", "food")], actor="staff:ana")
    assert [card.id for card in store.predictions.missing("photos", "model@1", 10)] == [two.id]
    assert [card.id for card in store.predictions.missing("photos", "model@2", 10)] == [one.id, two.id]
    assert published.id not in {one.id, two.id}


def test_the_latest_answer_is_the_pictures(store: Store, fill: Filler) -> None:
    picture = fill.add()
    store.predictions.add_for_picture(picture.id, answer("food"), source="background")
    store.predictions.record("photos", picture.sha256, answer("menu", revision="model@2"), source="try")
    detail = store.pictures.get(picture.id)
    assert detail.card.prediction == answer("menu", revision="model@2")
    assert [given.revision for given, _ in detail.predictions] == ["model@2", "model@1"]
    assert store.predictions.reset("staff:ana").count == 0


def test_going_back_to_an_earlier_model_shows_its_answers_again(store: Store, fill: Filler) -> None:
    pending, published, never = fill.add(), fill.add("food", publish=True), fill.add()
    for picture in (pending, published):
        store.predictions.add_for_picture(picture.id, answer("food", 0.8), source="model")
        store.predictions.add_for_picture(picture.id, answer("menu", 0.6, revision="model@2"), source="model")
    asked, _ = store.predictions.record("photos", never.sha256, answer("drink"), source="try", attach=False)
    shelves = ("published", "review", "ready")
    outdated = store.predictions.missing("photos", "model@1", 9, shelves=shelves)
    assert [card.id for card in outdated] == sorted([pending.id, published.id, never.id])
    rows = len(store.predictions.newest())
    assert store.predictions.show_again(outdated, "model@1") == {pending.id, published.id, never.id}
    assert store.predictions.show_again([], "model@1") == set()
    assert store.predictions.show_again(outdated, "model@3") == set()
    for picture in (pending, published):
        assert store.pictures.get(picture.id).card.prediction == answer("food", 0.8)
    assert store.pictures.get(never.id).card.prediction == answer("drink")
    assert store.predictions.get(asked.id).picture_id == never.id
    assert len(store.predictions.newest()) == rows
    assert store.predictions.missing("photos", "model@1", 9, shelves=shelves) == []
    least_sure = store.pictures.page("photos", view="review", order="least_sure").items
    assert {card.id for card in least_sure} == {pending.id, never.id}
    after = store.predictions.missing("photos", "model@2", 9, shelves=shelves, after=pending.id)
    assert pending.id not in {card.id for card in after}


def test_an_answer_given_once_more_is_the_latest(store: Store, fill: Filler) -> None:
    picture = fill.add()
    first = store.predictions.add_for_picture(picture.id, answer("food"), source="model")
    store.predictions.add_for_picture(picture.id, answer("menu", revision="model@2"), source="model")
    again, created = store.predictions.record("photos", picture.sha256, answer("food"), source="model")
    assert (again, created) == (first, False)
    assert store.pictures.get(picture.id).card.prediction == answer("food")
