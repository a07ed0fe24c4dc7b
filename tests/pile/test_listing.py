"""Listings: the same pile is known again, any other is told apart."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from vitrina.pile.listing import Listing, listing_of
from vitrina.readers import Item, Source


def source(folder: Path, *names: str) -> Source:
    items = [Item(folder / name, name, "a", "folder:p", split="train", columns={"n": 1}) for name in names]
    return Source(items, ["a", "b"], "As told.", columns=["n"])


@pytest.fixture
def pile(tmp_path: Path) -> Source:
    for name in ("1.jpg", "2.jpg", "3.jpg"):
        (tmp_path / name).write_bytes(name.encode())
        os.utime(tmp_path / name, ns=(10**18, 10**18))
    return source(tmp_path, "1.jpg", "2.jpg", "3.jpg")


def digest(pile: Source) -> str:
    return listing_of(pile, settings={}).digest


def test_the_same_is_the_same(pile: Source) -> None:
    assert listing_of(pile, settings={"a": 1}) == listing_of(pile, settings={"a": 1})
    again = replace(pile, items=[replace(item) for item in pile.items], inferred="In other words.")
    assert digest(again) == digest(pile)


def test_any_difference_shows(pile: Source) -> None:
    first, *rest = pile.items
    others = [
        replace(pile, items=rest),
        replace(pile, items=[*rest, first]),
        replace(pile, class_names=["b", "a"]),
        replace(pile, columns=[]),
        *(
            replace(pile, items=[replace(first, **{name: value}), *rest])
            for name, value in {
                "file_name": "x", "label": "b", "source": "zip:p", "place": 0, "split": None, "columns": {"n": 2},
            }.items()
        ),
    ]  # fmt: skip
    assert len({digest(each) for each in (pile, *others)}) == len(others) + 1


def test_files_that_changed_show(pile: Source) -> None:
    before = digest(pile)
    path = pile.items[0].path
    os.utime(path, ns=(10**18, 10**18 + 1))
    later = digest(pile)
    path.write_bytes(b"longer than before")
    os.utime(path, ns=(10**18, 10**18))
    longer = digest(pile)
    path.unlink()
    assert len({before, later, longer, digest(pile)}) == 4


def test_shards_hold_every_picture() -> None:
    for pictures, shard, shards in ((1, 512, 1), (512, 512, 1), (513, 512, 2), (9, 4, 3)):
        assert Listing("x", pictures, shard, {}, "").shards == shards
