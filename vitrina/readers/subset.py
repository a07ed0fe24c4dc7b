"""Fewer pictures of a source, with the class shares of the whole."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from vitrina.errors import BadRequest
from vitrina.readers.item import Item, Source
from vitrina.readers.names import listed


def subset(source: Source, count: int, *, seed: int) -> Source:
    """`count` pictures of `source` in its order, drawn by `seed`, each class with the share it has in the whole.

    Pictures without a label are a class of their own here. What is drawn depends on the pictures' names, not on
    their order; the skipped stay named. Raises BadRequest where `count` is not 1 to the number of pictures.
    """
    items = source.items
    if not 1 <= count <= len(items):
        raise BadRequest(
            f"a subset of 1 to {len(items):,} pictures", f"{count:,}", "Ask for fewer, or for the whole."
        )
    classes: dict[str | None, list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        classes[item.label].append(number)
    numbers = allot({label: len(members) for label, members in classes.items()}, count)
    taken: list[int] = []
    for label, members in classes.items():
        taken += sorted(members, key=lambda number: _lot(items[number], seed))[: numbers[label]]
    chosen = [items[number] for number in sorted(taken)]
    names = {item.file_name for item in chosen}
    said = f"A subset of {count:,} of {len(items):,} pictures by class shares (seed {seed})."
    if gone := sorted(str(label) for label, number in numbers.items() if not number and label is not None):
        said += f" Too small for a picture in it: {listed(gone)}."
    remarks = [remark for remark in source.remarks if remark.file_name in names]
    return replace(source, items=chosen, inferred=f"{source.inferred} {said}", remarks=remarks)


def allot(sizes: Mapping[str | None, int], count: int) -> dict[str | None, int]:
    """How many of `count` pictures each class gets, by the largest remainder (Hamilton's method).

    `count` is at most the sum of `sizes`. Each class gets its exact share, rounded down or up; of equal
    remainders the larger class's counts first, then the name that comes first.
    """
    whole = sum(sizes.values())
    numbers = {label: count * size // whole for label, size in sizes.items()}
    order = sorted(sizes, key=lambda label: (-(count * sizes[label] % whole), -sizes[label], label or ""))
    for label in order[: count - sum(numbers.values())]:
        numbers[label] += 1
    return numbers


def _lot(item: Item, seed: int) -> tuple[bytes, str, str]:
    """A place in an order that looks random, the same in whatever order the pictures come."""
    name = item.file_name.encode("utf-8", "surrogatepass")
    return hashlib.sha256(f"{seed}:".encode() + name).digest(), str(item.place), str(item.path)
