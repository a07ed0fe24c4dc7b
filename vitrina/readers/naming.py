"""Labels as sources hold them, turned into class names."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.readers.item import Value
from vitrina.readers.names import listed


@dataclass(frozen=True)
class Told:
    """What the user says of the labels: names for whole numbers in their order, the column that holds them."""

    class_names: Sequence[str] | None = None
    label_column: str | None = None


NOTHING_TOLD = Told()


@dataclass(frozen=True)
class Named:
    """`text`: the class name of each distinct label; `class_names`: all of them, in order; `said`: a sentence
    on where names came from, "" where labels are names already.
    """

    text: dict[int | str, str]
    class_names: list[str]
    said: str = ""


def as_label(value: Value, *, where: str) -> int | str | None:
    """A label as a whole number or as text (NFC), None where the value is missing (None, "", NaN).

    True and False are text. Raises BadRequest for numbers with a fraction, naming `where` they stand.
    """
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float) and not value.is_integer():
        raise BadRequest(
            "class names or whole numbers as labels",
            f"{value} in {where}",
            "Name the column that holds the classes.",
        )
    return int(value)


def name_labels(
    values: Iterable[int | str], class_names: Sequence[str] | None = None, *, where: str
) -> Named:
    """Names for labels, which are text or whole numbers, as `as_label` gives them.

    Whole numbers are named from `class_names` (the first is 0's); without these their digits stand as labels,
    which is said. Text must be among `class_names` where they are given. Raises BadRequest where it is not,
    where a number has no name, where the names cannot be labels.
    """
    found = sorted(set(values), key=lambda value: (isinstance(value, str), value))
    numbers = _whole(found)
    if class_names is None or not len(class_names):
        said = "The labels are whole numbers without names, so their digits stand as labels."
        text = {value: str(value) for value in found}
        return Named(text, sort_names(text.values()), said if found and numbers is not None else "")
    names = [unicodedata.normalize("NFC", name) for name in class_names]
    LabelScheme(tuple(names))
    given = f"the {len(names)} class names given"
    known = set(names)
    unknown = [value for value in found if value not in known]
    if numbers is not None and unknown:
        wrong = [value for value, number in zip(found, numbers, strict=True) if not 0 <= number < len(names)]
        if wrong:
            whole = f"whole numbers from 0 to {len(names) - 1} as labels, one for each of {given}"
            next_step = "Give a name for every number, in their order."
            raise BadRequest(whole, f"{listed(map(str, wrong))} in {where}", next_step)
        text = {value: names[number] for value, number in zip(found, numbers, strict=True)}
        return Named(text, names, f"The labels are whole numbers, named from {given}.")
    if unknown:
        next_step = "Correct the class names, or leave them out."
        expected = f"labels among {given} ({listed(names)})"
        raise BadRequest(expected, f"{listed(map(str, unknown))} in {where}", next_step)
    return Named({value: str(value) for value in found}, names)


def sort_names(names: Iterable[str]) -> list[str]:
    """Distinct names in order; by value where all of them are whole numbers, so that 10 comes after 9."""
    distinct = sorted(set(names))
    numbers = _whole(distinct)
    return distinct if numbers is None else [name for _, name in sorted(zip(numbers, distinct, strict=True))]


def _whole(values: Sequence[int | str]) -> list[int] | None:
    """All of `values` as whole numbers, None where one is not. "007" is a name: its zeros mean something."""
    numbers = []
    for value in values:
        text = str(value)
        digits = text.removeprefix("-")
        plain = digits.isascii() and digits.isdecimal() and len(digits) < 19
        if not plain or str(int(text)) != text:
            return None
        numbers.append(int(text))
    return numbers
