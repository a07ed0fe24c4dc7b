"""The fold: properties that hold for every history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina.gallery.events import DECISIONS, Event, Folded, apply, fold

STEPS = st.lists(
    st.tuples(
        st.sampled_from([*DECISIONS, "suggest"]),
        st.sampled_from(["food", "drink", "menu"]),
        st.sampled_from(["staff:ana", "staff:ben", "visitor"]),
    ),
    max_size=12,
)
STATES = {"publish": "published", "reject": "rejected", "trash": "trashed"}
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def history(steps: list[tuple[str, str, str]]) -> list[Event]:
    """The events of a picture that was uploaded, then had these things done to it."""
    events = [Event(1, 7, "upload", None, "pending", "visitor", BEGUN, 1, "b1")]
    for number, (kind, label, actor) in enumerate(steps, start=2):
        version = events[-1].version + (kind != "suggest")
        said = label if kind in ("label", "confirm", "suggest") else None
        at = BEGUN + timedelta(minutes=number)
        events.append(Event(number, 7, kind, said, STATES.get(kind), actor, at, version, f"b{number}"))
    return events


def undo(events: list[Event], target: Event) -> list[Event]:
    """The same history after `target` was taken back."""
    last = events[-1]
    at = last.at + timedelta(minutes=1)
    return [
        *events,
        Event(last.id + 1, 7, "undo", None, None, "staff:ana", at, last.version + 1, "u", target.id),
    ]


def without_version(folded: Folded) -> tuple[object, ...]:
    return folded.label, folded.label_by, folded.state, folded.suggestion, folded.published_at


@settings(derandomize=True, max_examples=200, deadline=None)
@given(STEPS)
def test_folding_is_applying_one_by_one(steps: list[tuple[str, str, str]]) -> None:
    folded = Folded()
    for event in history(steps):
        folded = apply(folded, event)
    assert fold(history(steps)) == folded


@settings(derandomize=True, max_examples=200, deadline=None)
@given(STEPS, st.randoms(use_true_random=False))
def test_the_order_of_reading_does_not_matter(steps: list[tuple[str, str, str]], random: object) -> None:
    events = history(steps)
    shuffled = list(events)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(shuffled) == fold(events)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(STEPS.filter(bool))
def test_undo_of_the_last_gives_what_was_before(
    steps: list[tuple[str, str, str]],
) -> None:
    events = history(steps)
    before, after = fold(events[:-1]), fold(undo(events, events[-1]))
    assert without_version(after) == without_version(before)
    assert after.version == fold(events).version + 1


@settings(derandomize=True, max_examples=200, deadline=None)
@given(STEPS)
def test_undoing_everything_leaves_the_upload(steps: list[tuple[str, str, str]]) -> None:
    events = history(steps)
    begun = fold(events[:1])
    for event in reversed(events[1:]):
        events = undo(events, event)
    assert without_version(fold(events)) == without_version(begun)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(STEPS)
def test_there_is_one_label_by_one_actor(steps: list[tuple[str, str, str]]) -> None:
    folded = fold(history(steps))
    given_by = [(label, actor) for kind, label, actor in steps if kind in ("label", "confirm")]
    assert (folded.label, folded.label_by) == (given_by[-1] if given_by else (None, None))
    assert (folded.published_at is not None) == (folded.state == "published")
    assert folded.version == 1 + sum(kind != "suggest" for kind, _, _ in steps)


def test_a_suggestion_changes_neither_label_nor_state_nor_version() -> None:
    events = history([("label", "food", "staff:ana"), ("suggest", "menu", "visitor")])
    folded = fold(events)
    assert (folded.label, folded.state, folded.version, folded.suggestion) == ("food", "pending", 2, "menu")


def test_a_decision_settles_a_suggestion_publishing_does_not() -> None:
    suggested = [("label", "food", "staff:ana"), ("suggest", "menu", "visitor")]
    assert fold(history([*suggested, ("publish", "", "staff:ana")])).suggestion == "menu"
    assert fold(history([*suggested, ("confirm", "food", "staff:ana")])).suggestion is None


def test_publishing_twice_keeps_the_first_moment() -> None:
    steps = [("label", "food", "staff:ana"), ("publish", "", "staff:ana"), ("publish", "", "staff:ben")]
    assert fold(history(steps)).published_at == BEGUN + timedelta(minutes=3)


def test_shelves() -> None:
    assert fold(history([])).shelf == "review"
    assert fold(history([("label", "food", "staff:ana")])).shelf == "ready"
    assert fold(history([("label", "food", "visitor")])).shelf == "review"
    assert fold(history([("reject", "", "staff:ana")])).shelf == "rejected"
