"""A model's own class names as labels."""

from __future__ import annotations

from collections.abc import Sequence

# The longest name a LabelScheme takes.
_LONGEST = 64


def distinct_names(names: Sequence[str]) -> list[str]:
    """Names in the same order, none longer than 64 characters, none twice.

    Published ImageNet models name a class by all its synonyms (up to 121 characters, "a, b, c") and two
    classes "crane". A longer name becomes its first synonym; a name that stood before gets its index:
    "crane (517)".
    """
    seen: set[str] = set()
    distinct: list[str] = []
    for index, name in enumerate(names):
        short = name if len(name) <= _LONGEST else name.split(",")[0].strip()
        if short in seen:
            short = f"{short} ({index})"
        seen.add(short)
        distinct.append(short)
    return distinct
