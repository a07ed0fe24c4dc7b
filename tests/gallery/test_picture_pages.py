"""Pictures as they are read: pages, neighbours, bad numbers."""

from __future__ import annotations

from typing import Any

import pytest
from gallery_made import Filler, answer, grow, on_sqlite

from vitrina.errors import BadRequest, NotFound
from vitrina.gallery.annotations import Change
from vitrina.gallery.store import Store


def shown(store: Store, view: str, **asked: Any) -> list[int]:
    return [card.id for card in store.pictures.page("photos", view=view, **asked).items]


def test_a_card_says_what_is_known(store: Store, fill: Filler) -> None:
    card = fill.add("food", publish=True)
    assert (card.collection, card.width, card.height, card.format) == ("photos", 24, 24, "PNG")
    assert (card.file_name, card.source, card.state) == ("1.png", "test", "published")
    assert (card.label, card.label_by, card.version) == ("food", "import", 1)
    assert card.prediction is None
    assert card.created_at.utcoffset() is not None
    detail = store.pictures.get(card.id)
    assert detail.card == card
    assert len(detail.perceptual_hash) == 16
    assert detail.size_bytes == store.files.path_of(card.sha256).stat().st_size
    assert store.pictures.find("photos", card.sha256) == card
    assert store.pictures.find("photos", "0" * 64) is None
    assert store.pictures.file_of(card.id) == (card.sha256, "published")


def test_views(store: Store, fill: Filler) -> None:
    published = fill.add("food", publish=True)
    waiting, labelled, rejected, trashed = (fill.add() for _ in range(4))
    store.annotations.append(
        [
            Change(labelled.id, "label", "menu"),
            Change(rejected.id, "reject"),
            Change(trashed.id, "trash"),
        ],
        actor="staff:ana",
    )
    assert shown(store, "published") == [published.id]
    assert shown(store, "review") == [waiting.id]
    assert shown(store, "ready") == [labelled.id]
    assert shown(store, "rejected") == [rejected.id]
    assert shown(store, "trashed") == [trashed.id]
    assert shown(store, "ready", label="menu") == [labelled.id]
    assert shown(store, "ready", label="food") == []


def test_least_sure_first(store: Store, fill: Filler) -> None:
    sure, unsure, unanswered = (fill.add() for _ in range(3))
    store.predictions.add_for_picture(sure.id, answer("food", 0.9), source="test")
    store.predictions.add_for_picture(unsure.id, answer("menu", 0.4), source="test")
    assert shown(store, "review", order="least_sure") == [unanswered.id, unsure.id, sure.id]
    assert shown(store, "review") == [unanswered.id, unsure.id, sure.id]
    assert store.pictures.get(unsure.id).card.prediction == answer("menu", 0.4)


def test_neighbours_go_through_the_gallery_in_its_order(store: Store) -> None:
    grow(store, 70)
    order = shown(store, "published", limit=100)
    assert store.pictures.neighbours(order[0]) == (None, order[1])
    assert store.pictures.neighbours(order[-1]) == (order[-2], None)
    for before, here, after in zip(order, order[1:], order[2:], strict=False):
        assert store.pictures.neighbours(here) == (before, after)
    food = shown(store, "published", label="food")
    assert store.pictures.neighbours(food[3], label="food") == (food[2], food[4])
    store.annotations.append([Change(food[3], "trash")], actor="staff:ana")
    assert store.pictures.neighbours(food[3]) == (None, None)


@on_sqlite
@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (
            {"offset": -1},
            "Expected a whole number for offset, 0 or more; found -1. Ask for a page inside it.",
        ),
        (
            {"offset": "x"},
            "Expected a whole number for offset, 0 or more; found 'x'. Ask for a page inside it.",
        ),
        (
            {"offset": 1.5},
            "Expected a whole number for offset, 0 or more; found 1.5. Ask for a page inside it.",
        ),
        ({"limit": 0}, "Expected a whole number for limit, 1 to 500; found 0. Ask for a page inside it."),
        (
            {"limit": True},
            "Expected a whole number for limit, 1 to 500; found True. Ask for a page inside it.",
        ),
        ({"limit": 10**9}, "Expected a whole number for limit, 1 to 500; found 1000000000. Ask for a page"),
        ({"order": "best"}, "Expected an order among newest, least_sure; found 'best'. Choose one of these."),
        (
            {"view": "all"},
            "Expected a view among published, review, ready, suggested, rejected, trashed; found 'all'.",
        ),
        ({"label": "cat"}, "Expected a label of the collection photos (food, drink, menu); found 'cat'."),
    ],
)
def test_bad_requests(store: Store, asked: dict[str, Any], text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        store.pictures.page("photos", **{"view": "published", **asked})
    assert str(refused.value).startswith(text)


@pytest.mark.parametrize("offset", [1, 10**9, 2**70])
def test_past_the_end_is_an_empty_page(store: Store, fill: Filler, offset: int) -> None:
    fill.add("food", publish=True)
    page = store.pictures.page("photos", view="published", offset=offset)
    assert (page.items, page.total) == ([], 1)


@pytest.mark.parametrize("id", [0, -1, 2, 2**63, 2**80, "1", None, True])
def test_unknown_pictures(store: Store, fill: Filler, id: Any) -> None:
    fill.add("food", publish=True)
    for asked in (store.pictures.get, store.pictures.neighbours, store.pictures.file_of):
        with pytest.raises(NotFound) as refused:
            asked(id)
        assert str(refused.value) == (
            f"Expected the number of a picture; found {id!r}. Open the picture from its collection again."
        )
