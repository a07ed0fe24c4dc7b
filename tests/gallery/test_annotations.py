"""Labels as events: all or nothing, never stale, taken back by an inverse."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from gallery_made import LABELS, Filler, grow, on_sqlite
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vitrina.errors import BadRequest, Conflict, NotFound, Stale
from vitrina.gallery.annotations import Change
from vitrina.gallery.doctor import examine
from vitrina.gallery.schema import annotation
from vitrina.gallery.store import Store

ANA, BEN = "staff:ana", "staff:ben"


def test_labelling_publishing_the_story(store: Store, fill: Filler) -> None:
    picture = fill.add()
    assert (picture.state, picture.label, picture.version) == ("pending", None, 1)
    batch = store.annotations.append([Change(picture.id, "label", "food", 1)], actor=ANA)
    store.annotations.append([Change(picture.id, "publish", expected_version=2)], actor=BEN)
    detail = store.pictures.get(picture.id)
    assert (detail.card.label, detail.card.label_by, detail.card.state) == ("food", ANA, "published")
    assert detail.card.version == 3
    assert detail.card.published_at == detail.story[-1].at
    assert [(event.kind, event.actor, event.version) for event in detail.story] == [
        ("import", "import", 1),
        ("label", ANA, 2),
        ("publish", BEN, 3),
    ]
    assert batch.events == [detail.story[1]]
    assert len(batch.id) == 32


def test_a_stale_version_changes_nothing_at_all(store: Store, fill: Filler) -> None:
    first, second = fill.add(), fill.add()
    store.annotations.append([Change(second.id, "label", "menu")], actor=BEN)
    changes = [Change(first.id, "label", "food", 1), Change(second.id, "label", "food", 1)]
    with pytest.raises(Stale) as refused:
        store.annotations.append(changes, actor=ANA)
    assert str(refused.value) == (
        f"Expected picture {second.id} at version 1; found version 2, changed by somebody else since. "
        "Look at the picture as it is now, then decide again."
    )
    assert store.pictures.get(first.id).card.label is None
    assert store.pictures.get(second.id).card.label == "menu"


def test_a_label_outside_the_collection(store: Store, fill: Filler) -> None:
    with pytest.raises(BadRequest) as refused:
        store.annotations.append([Change(fill.add().id, "label", "cat")], actor=ANA)
    assert str(refused.value) == (
        "Expected a label of the collection photos (food, drink, menu); found 'cat'. "
        "Add it with: python -m vitrina labels photos cat."
    )


@on_sqlite
@pytest.mark.parametrize(
    ("label", "next_step"),
    [
        ("two words", "Add it with: python -m vitrina labels photos 'two words'."),
        ("", "Choose one of its labels."),
        ("x" * 65, "Choose one of its labels."),
        ("a\u202eb", "Choose one of its labels."),
    ],
)
def test_only_what_can_be_a_label_is_advised_as_one(store: Store, label: str, next_step: str) -> None:
    with pytest.raises(BadRequest) as refused:
        store.collections.get("photos").require_label(label)
    assert refused.value.next_step == next_step


@on_sqlite
@pytest.mark.parametrize(
    ("kind", "label", "text"),
    [
        ("label", None, "Expected a label with label; found none. Send one of food, drink, menu."),
        ("suggest", None, "Expected a label with suggest; found none. Send one of food, drink, menu."),
        ("trash", "food", "Expected trash without a label; found 'food'. Leave the label out."),
        (
            "import",
            "food",
            "Expected a change of kind label, confirm, publish, reject, trash, restore, suggest; found 'import'. "
            "Send one of these kinds.",
        ),
    ],
)
def test_changes_that_make_no_sense(
    store: Store, fill: Filler, kind: str, label: str | None, text: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        store.annotations.append([Change(fill.add().id, kind, label)], actor=ANA)
    assert str(refused.value) == text


def test_publishing_needs_a_label(store: Store, fill: Filler) -> None:
    picture = fill.add()
    with pytest.raises(BadRequest) as refused:
        store.annotations.append([Change(picture.id, "publish")], actor=ANA)
    assert str(refused.value) == (
        f"Expected a picture with a label to publish; found picture {picture.id} without one. "
        "Label the picture first, then publish it."
    )
    store.annotations.append([Change(picture.id, "publish", "food")], actor=ANA)
    assert store.pictures.get(picture.id).card.label == "food"


@pytest.mark.parametrize("id", [0, -1, 999, 2**80])
def test_unknown_pictures(store: Store, fill: Filler, id: int) -> None:
    fill.add()
    with pytest.raises(NotFound, match="Expected pictures that are in the store; found no picture"):
        store.annotations.append([Change(id, "trash")], actor=ANA)


def test_nothing_to_do_is_an_empty_batch(store: Store) -> None:
    assert store.annotations.append([], actor=ANA).events == []


def test_undo_takes_a_whole_act_back(store: Store, fill: Filler) -> None:
    pictures = [fill.add("food", publish=True) for _ in range(3)]
    batch = store.annotations.append([Change(one.id, "trash") for one in pictures], actor=ANA)
    undone = store.annotations.undo(batch.id, actor=BEN)
    assert {event.undoes for event in undone.events} == {event.id for event in batch.events}
    for before in pictures:
        after = store.pictures.get(before.id).card
        assert (after.state, after.label, after.published_at) == ("published", "food", before.published_at)
        assert after.version == 3


def test_undo_twice_an_undo_an_arrival_an_unknown(store: Store, fill: Filler) -> None:
    picture = fill.add()
    batch = store.annotations.append([Change(picture.id, "reject")], actor=ANA)
    undone = store.annotations.undo(batch.id, actor=ANA)
    with pytest.raises(Conflict, match="found one that was undone already"):
        store.annotations.undo(batch.id, actor=ANA)
    with pytest.raises(Conflict, match=r"found an act of kind undo\. Make the decision again instead"):
        store.annotations.undo(undone.id, actor=ANA)
    with pytest.raises(
        Conflict, match=r"found an act of kind import\. Move the picture to the trash instead"
    ):
        store.annotations.undo(store.annotations.story(picture.id)[0].batch, actor=ANA)
    with pytest.raises(NotFound, match="Expected the number of an act; found 'nothing'"):
        store.annotations.undo("nothing", actor=ANA)


def test_undo_where_somebody_decided_since(store: Store, fill: Filler) -> None:
    picture = fill.add()
    first = store.annotations.append([Change(picture.id, "label", "food")], actor=ANA)
    second = store.annotations.append([Change(picture.id, "label", "menu")], actor=BEN)
    with pytest.raises(Conflict) as refused:
        store.annotations.undo(first.id, actor=ANA)
    assert str(refused.value) == (
        f"Expected no decision on picture {picture.id} after the one to undo; found label by staff:ben since"
        ". Undo that one first, or decide on the picture again."
    )
    store.annotations.append([Change(picture.id, "suggest", "drink")], actor="visitor")
    store.annotations.undo(second.id, actor=ANA)
    store.annotations.undo(first.id, actor=ANA)
    assert store.pictures.get(picture.id).card.label is None


def test_the_latest_act_to_undo(store: Store, fill: Filler) -> None:
    one, two = fill.add(), fill.add()
    assert store.annotations.latest_batch(ANA, "photos") is None
    first = store.annotations.append([Change(one.id, "label", "food")], actor=ANA)
    store.annotations.append([Change(two.id, "label", "food")], actor=BEN)
    second = store.annotations.append([Change(one.id, "publish")], actor=ANA)
    assert store.annotations.latest_batch(ANA, "photos") == second.id
    store.annotations.undo(second.id, actor=ANA)
    assert store.annotations.latest_batch(ANA, "photos") == first.id
    store.annotations.undo(first.id, actor=ANA)
    assert store.annotations.latest_batch(ANA, "photos") is None


def test_one_conflict_does_not_block_what_was_done_before_it(store: Store, fill: Filler) -> None:
    one, two = fill.add(), fill.add()
    first = store.annotations.append([Change(one.id, "label", "food")], actor=ANA)
    second = store.annotations.append([Change(two.id, "label", "food")], actor=ANA)
    bens = store.annotations.append([Change(two.id, "label", "menu")], actor=BEN)
    assert store.annotations.latest_batch(ANA, "photos") == first.id
    store.annotations.undo(first.id, actor=ANA)
    assert store.annotations.latest_batch(ANA, "photos") is None
    assert store.pictures.get(two.id).card.label == "menu"
    # A suggestion is no decision; one that was taken back stands in nobody's way.
    store.annotations.append([Change(two.id, "suggest", "drink")], actor="visitor")
    store.annotations.undo(bens.id, actor=BEN)
    assert store.annotations.latest_batch(ANA, "photos") == second.id


def test_what_still_stands_is_taken_back_the_rest_is_named(store: Store, fill: Filler) -> None:
    pictures = [fill.add() for _ in range(3)]
    for one in pictures:
        store.annotations.append([Change(one.id, "label", "food")], actor=ANA)
    published = store.annotations.publish_ready("photos", ANA)
    store.annotations.append([Change(pictures[1].id, "trash")], actor=BEN)
    with pytest.raises(Conflict, match=f"no decision on picture {pictures[1].id} after the one to undo"):
        store.annotations.undo(published.id, actor=ANA)
    assert store.annotations.latest_batch(ANA, "photos") == published.id
    undone = store.annotations.undo(published.id, actor=ANA, standing_only=True)
    assert sorted(event.picture_id for event in undone.events) == [pictures[0].id, pictures[2].id]
    assert (undone.skipped, undone.already) == ((pictures[1].id,), False)
    states = [store.pictures.get(one.id).card.state for one in pictures]
    assert states == ["pending", "trashed", "pending"]
    before = count_events(store)
    again = store.annotations.undo(published.id, actor=ANA, standing_only=True)
    assert (again.id, again.skipped, again.already) == (undone.id, undone.skipped, True)
    assert sorted(event.id for event in again.events) == sorted(event.id for event in undone.events)
    assert count_events(store) == before
    with pytest.raises(Conflict, match="found one that was undone already"):
        store.annotations.undo(published.id, actor=BEN, standing_only=True)
    assert examine(store, deep=False).fold_mismatches == []


def test_nothing_left_to_take_back(store: Store, fill: Filler) -> None:
    picture = fill.add()
    batch = store.annotations.append([Change(picture.id, "label", "food")], actor=ANA)
    store.annotations.append([Change(picture.id, "label", "menu")], actor=BEN)
    with pytest.raises(Conflict) as refused:
        store.annotations.undo(batch.id, actor=ANA, standing_only=True)
    assert str(refused.value) == (
        f"Expected no decision on picture {picture.id} after the one to undo; found label by staff:ben since. "
        "Undo that one first, or decide on the picture again."
    )


def test_publishing_chooses_and_writes_in_one_transaction(
    store: Store, fill: Filler, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(store, 150, shelf="ready")
    waits = fill.add()
    writer, decided = store.database.writer, []

    def late() -> object:
        """Ben decides at the last moment before the publishing has the lock."""
        if not decided:
            decided.append(True)
            changes = [Change(1, "label", "drink"), Change(2, "trash"), Change(waits.id, "label", "menu")]
            store.annotations.append(changes, actor=BEN)
        return writer()

    monkeypatch.setattr(store.database, "writer", late)
    batch = store.annotations.publish_ready("photos", ANA)
    assert len(batch.events) == len({event.picture_id for event in batch.events}) == 150
    assert {event.kind for event in batch.events} == {"publish"}
    assert (store.pictures.get(1).card.label, store.pictures.get(2).card.state) == ("drink", "trashed")
    assert store.pictures.get(waits.id).card.state == "published"
    assert store.collections.counts("photos").ready == 0
    assert store.annotations.publish_ready("photos", ANA).events == []
    with pytest.raises(NotFound, match="Expected one of the collections photos; found 'none'"):
        store.annotations.publish_ready("none", ANA)


def test_a_label_takes_a_trashed_picture_back(store: Store, fill: Filler) -> None:
    picture = fill.add()
    store.annotations.append([Change(picture.id, "trash")], actor=ANA)
    store.annotations.append([Change(picture.id, "label", "menu")], actor=ANA)
    after = store.pictures.get(picture.id).card
    assert (after.state, after.label) == ("pending", "menu")


def test_a_visitor_cannot_make_staff_stale(store: Store, fill: Filler) -> None:
    picture = fill.add()
    store.annotations.append([Change(picture.id, "suggest", "drink")], actor="visitor")
    card = store.pictures.get(picture.id).card
    assert (card.suggestion, card.label, card.state, card.version) == ("drink", None, "pending", 1)
    assert store.pictures.waiting_from_visitors("photos") == 1
    store.annotations.append([Change(picture.id, "label", "food", expected_version=1)], actor=ANA)
    assert store.pictures.get(picture.id).card.suggestion is None
    assert store.pictures.waiting_from_visitors("photos") == 0


@on_sqlite
def test_an_act_on_thousands(store: Store, fill: Filler) -> None:
    """More pictures than one SQL statement asks for."""
    fill.add("food", publish=True)
    grow(store, 11_000, shelf="ready")
    ids = list(range(2, 11_002))
    batch = store.annotations.append([Change(id, "publish") for id in ids], actor=ANA)
    assert len(batch.events) == 11_000
    assert store.collections.counts("photos").by_state["published"] == 11_001
    store.annotations.undo(batch.id, actor=ANA)
    assert store.collections.counts("photos").ready == 11_000


def count_events(store: Store) -> int:
    with store.database.reader() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(annotation)) or 0


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["label", "confirm", "publish", "reject", "trash", "suggest", "undo"]),
        st.integers(0, 2),
        st.sampled_from(LABELS),
        st.sampled_from([ANA, BEN]),
    ),
    min_size=5,
    max_size=20,
)


@settings(
    derandomize=True,
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ACTS)
def test_rows_stay_what_their_events_say(
    store: Store, fill: Filler, acts: list[tuple[str, int, str, str]]
) -> None:
    pictures = [fill.add() for _ in range(3)]
    before, acknowledged = count_events(store), 0
    for kind, which, label, actor in acts:
        id = pictures[which].id
        try:
            if kind == "undo":
                latest = store.annotations.latest_batch(actor, "photos")
                undone = store.annotations.undo(latest or "none", actor=actor, standing_only=True)
                assert undone.events
                assert not undone.already
                acknowledged += len(undone.events)
            else:
                said = label if kind in ("label", "confirm", "suggest") else None
                acknowledged += len(store.annotations.append([Change(id, kind, said)], actor=actor).events)
        except (BadRequest, Conflict, NotFound):
            continue
    assert count_events(store) == before + acknowledged
    assert examine(store, deep=False).fold_mismatches == []


def test_put_back_for_review_and_taken_back(store: Store, fill: Filler) -> None:
    picture = fill.add("food", publish=True)
    batch = store.annotations.append([Change(picture.id, "restore")], actor=ANA)
    after = store.pictures.get(picture.id).card
    assert (after.state, after.label, after.published_at) == ("pending", "food", None)
    store.annotations.undo(batch.id, actor=ANA)
    assert store.pictures.get(picture.id).card.state == "published"
    with pytest.raises(BadRequest, match="restore without a label"):
        store.annotations.append([Change(picture.id, "restore", "menu")], actor=ANA)


def test_what_visitors_say_of_published_pictures_has_a_view(store: Store, fill: Filler) -> None:
    picture, other = fill.add("food", publish=True), fill.add("menu", publish=True)
    store.annotations.append([Change(picture.id, "suggest", "drink")], actor="visitor")
    suggested = store.pictures.page("photos", view="suggested")
    assert [(card.id, card.label, card.suggestion) for card in suggested.items] == [
        (picture.id, "food", "drink")
    ]
    assert store.pictures.page("photos", view="published").total == 2
    store.annotations.append([Change(picture.id, "label", "drink")], actor=ANA)
    assert store.pictures.page("photos", view="suggested").total == 0
    assert store.pictures.get(picture.id).card.state == "published"
    assert store.pictures.get(other.id).card.suggestion is None
