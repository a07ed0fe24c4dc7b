"""Which folders are classes, which are splits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina.readers.levels import find_levels
from vitrina.readers.names import SIDES

CASES = [
    # (folders that hold pictures, the way down, label and split of each)
    ("cat dog", "CLASS", "cat dog", "- -"),
    ("cat cat/old dog", "CLASS", "cat cat dog", "- - -"),
    ("cat/old cat/new dog/old", "CLASS", "cat cat dog", "- - -"),
    ("set/cat set/dog", "set/CLASS", "cat dog", "- -"),
    ("a/b/c/cat a/b/c/dog", "a/b/c/CLASS", "cat dog", "- -"),
    ("set set/cat set/dog", "set/CLASS", "- cat dog", "- - -"),
    ("cat cat/old", "CLASS", "cat cat", "- -"),
    ("train/cat test/dog", "SPLIT/CLASS", "cat dog", "train test"),
    ("Training/cat VAL/dog dev/dog", "SPLIT/CLASS", "cat dog dog", "train validation validation"),
    ("set/train/cat set/test/dog", "set/SPLIT/CLASS", "cat dog", "train test"),
    ("train/images/cat test/images/dog", "SPLIT/images/CLASS", "cat dog", "train test"),
    ("cat/train cat/test dog/train", "CLASS/SPLIT", "cat cat dog", "train test train"),
    ("set/cat/train/raw set/dog/test", "set/CLASS/SPLIT", "cat dog", "train test"),
    ("cat cat/test dog", "CLASS", "cat cat dog", "- - -"),
    ("train/cat test/dog extra", "SPLIT/CLASS", "cat dog -", "train test -"),
    ("train plane", "CLASS", "train plane", "- -"),
    ("train test plane", "CLASS", "train test plane", "- - -"),
    ("train/cat plane/old", "CLASS", "train plane", "- -"),
    ("train test", "SPLIT/CLASS", "- -", "train test"),
]


@pytest.mark.parametrize(("told", "way", "labels", "sides"), CASES, ids=[case[0] for case in CASES])
def test_levels(told: str, way: str, labels: str, sides: str) -> None:
    folders = [tuple(folder.split("/")) for folder in told.split()]
    levels = find_levels(folders)
    assert levels.pattern == way
    assert [levels.label(folder) or "-" for folder in folders] == labels.split()
    assert [levels.side(folder) or "-" for folder in folders] == sides.split()
    assert (levels.label(()), levels.side(())) == (None, None)


def test_how_deep_pictures_lie_below_their_class() -> None:
    folders = [("cat", "train", "a", "b"), ("cat", "train"), ("dog", "test")]
    assert [find_levels(folders).below(folder) for folder in folders] == [2, 0, 0]


NAMES = st.sampled_from(["cat", "dog", "zebra", "café", "train", "old"])
WRAPPERS = st.lists(st.sampled_from(["data", "set", "images"]), max_size=3)


@given(st.sets(NAMES, min_size=2), WRAPPERS)
def test_folders_that_everything_lies_in_change_no_label(classes: set[str], wrappers: list[str]) -> None:
    folders = [(*wrappers, name) for name in sorted(classes)]
    levels = find_levels(folders)
    assert [levels.label(folder) for folder in folders] == sorted(classes)


@given(
    st.sets(NAMES.filter(lambda name: name not in SIDES), min_size=2),
    st.sets(st.sampled_from(sorted(SIDES)), min_size=1),
    WRAPPERS,
    st.booleans(),
)
def test_splits_are_found_above_and_below_the_classes(
    classes: set[str], sides: set[str], wrappers: list[str], above: bool
) -> None:
    pairs = [(side, name) for side in sorted(sides) for name in sorted(classes)]
    folders = [(*wrappers, *(pair if above else reversed(pair))) for pair in pairs]
    levels = find_levels(folders)
    assert [levels.label(folder) for folder in folders] == [name for _, name in pairs]
    assert [levels.side(folder) for folder in folders] == [SIDES[side] for side, _ in pairs]
