"""Collections: what is kept, what is refused, how pictures are counted."""

from __future__ import annotations

import pytest
from gallery_made import Filler, on_sqlite

from vitrina.errors import BadRequest, Conflict, NotFound, Stale
from vitrina.gallery.annotations import Change
from vitrina.gallery.store import Store


def test_a_collection_comes_back_as_it_was_made(store: Store) -> None:
    made = store.collections.create(
        "sky",
        "  Simulated   sky ",
        labels=["spiral", "merger"],
        title_es="Cielo simulado",
        description="Galaxies.",
        description_es="Galaxias.",
        label_titles={"spiral": {"en": "Spiral", "es": "Espiral"}},
        model="bundled/x",
        model_revision="1",
        simulated=True,
    )
    assert made == store.collections.get("sky")
    assert made.title == "Simulated sky"
    assert made.labels == ("spiral", "merger")
    assert made.label_titles == {"spiral": {"en": "Spiral", "es": "Espiral"}}
    assert made.simulated
    assert made.created_at.utcoffset() is not None
    assert [one.slug for one in store.collections.all()] == ["photos", "sky"]


@on_sqlite
@pytest.mark.parametrize("slug", ["", "Photos", "a b", "../x", "a" * 65, "ñ", "a\n"])
def test_bad_slugs(store: Store, slug: str) -> None:
    with pytest.raises(BadRequest) as refused:
        store.collections.create(slug, "Title", labels=["a", "b"])
    assert str(refused.value) == (
        f"Expected a slug of 1 to 64 small letters, digits or hyphens; found {slug[:80]!r}. "
        "Write it like restaurant-photos."
    )


@on_sqlite
@pytest.mark.parametrize("title", ["", "   ", "x" * 301, "a\x00b", "a\u202eb"])
def test_bad_titles(store: Store, title: str) -> None:
    with pytest.raises(BadRequest, match="a title of 1 to 300 printable characters"):
        store.collections.create("new", title, labels=["a", "b"])


@on_sqlite
@pytest.mark.parametrize("labels", [[], ["a", "a"], ["x" * 300], ["a\u202e", "b"], ["a", "b\x00"]])
def test_bad_labels(store: Store, labels: list[str]) -> None:
    with pytest.raises(BadRequest):
        store.collections.create("new", "New", labels=labels)
    with pytest.raises(NotFound):
        store.collections.get("new")


def test_a_taken_slug(store: Store) -> None:
    with pytest.raises(Conflict) as refused:
        store.collections.create("photos", "Other", labels=["a", "b"])
    assert str(refused.value) == (
        "Expected a slug that no collection has yet; found the collection photos already there. "
        "Choose another slug, or add to the collection that has it."
    )


def test_an_unknown_slug_names_the_known_ones(store: Store) -> None:
    with pytest.raises(NotFound) as refused:
        store.collections.get("nothing")
    assert str(refused.value) == (
        "Expected one of the collections photos; found 'nothing'. "
        "Choose one of these, or create the collection first."
    )


def test_a_model_is_pinned(store: Store) -> None:
    after = store.collections.set_model("photos", model="org/name", revision="abc")
    assert (after.model, after.model_revision) == ("org/name", "abc")


def test_labels_are_appended(store: Store) -> None:
    after = store.collections.add_labels("photos", ["menu", "outside"])
    assert after.labels == ("food", "drink", "menu", "outside")


def test_counts(store: Store, fill: Filler) -> None:
    assert store.collections.counts("photos").by_state == {
        "pending": 0,
        "published": 0,
        "rejected": 0,
        "trashed": 0,
    }
    fill.add("menu", publish=True)
    fill.add("food", publish=True)
    fill.add("food", publish=True)
    to_label, to_reject, to_trash, _ = (fill.add() for _ in range(4))
    store.annotations.append(
        [
            Change(to_label.id, "label", "drink"),
            Change(to_reject.id, "reject"),
            Change(to_trash.id, "trash"),
        ],
        actor="staff:ana",
    )
    counts = store.collections.counts("photos")
    assert counts.by_state == {"pending": 2, "published": 3, "rejected": 1, "trashed": 1}
    assert list(counts.published_by_label.items()) == [("food", 2), ("drink", 0), ("menu", 1)]
    assert (counts.to_review, counts.ready) == (1, 1)


@on_sqlite
def test_classes_that_differ_in_capitals_alone(store: Store) -> None:
    with pytest.raises(BadRequest) as refused:
        store.collections.create("waste", "Waste", labels=("glass", "Glass"))
    assert str(refused.value) == (
        "Expected class names that differ in more than capitals; found glass and Glass. Keep one of the two."
    )


def test_a_model_follows_an_alias_until_another_is_set(store: Store) -> None:
    assert store.collections.get("photos").model_since is None
    first = store.collections.set_model(
        "photos", model="org/name@1", revision="org/name@1", follows="org/name@champion", version="v1"
    )
    assert (first.follows, first.model_version) == ("org/name@champion", "v1")
    assert first.model_since is not None
    # The same once more, now pinned: it has answered all the while.
    pinned = store.collections.set_model("photos", model="org/name@1", revision="org/name@1", version="v1")
    assert (pinned.follows, pinned.model_since) == (None, first.model_since)
    with pytest.raises(Stale) as refused:
        store.collections.set_model("photos", model="org/name@2", revision="org/name@2", instead_of=first)
    assert str(refused.value) == (
        "Expected the model of photos as it was read (org/name@1); "
        "found org/name@1, which somebody set meanwhile. Look at what answers now, then try again."
    )
    second = store.collections.set_model(
        "photos", model="org/name@2", revision="org/name@2", instead_of=pinned
    )
    assert second.model_since is not None
    assert second.model_since >= first.model_since
    assert store.collections.set_model("photos", model=None, revision=None).model_since is None
