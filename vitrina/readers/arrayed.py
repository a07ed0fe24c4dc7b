"""Sources whose pictures lie in arrays, whatever kind of file holds these."""

from __future__ import annotations

import bisect
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeVar

from vitrina.errors import BadRequest, PictureRefused
from vitrina.images import DEFAULT_LIMITS, Limits, read_bytes
from vitrina.labels import label_problem
from vitrina.readers.archive import unreadable
from vitrina.readers.budget import DEFAULT_ARCHIVE_LIMITS, ArchiveLimits, damaged, gone
from vitrina.readers.frames import Frames
from vitrina.readers.item import Item, Skipped, Source, Value
from vitrina.readers.names import shown
from vitrina.readers.naming import Named, as_label, name_labels
from vitrina.readers.pairing import Array, Pair, Paired, pair

if TYPE_CHECKING:
    import numpy as np

# Each label read before the pictures is held in memory.
_VALUES_MOST = 256 * 1024 * 1024


class OpenArrays(Protocol):
    """A file of arrays open for reading. Made from its path and limits; raises BadRequest where it is none."""

    def arrays(self) -> list[Array]:
        """What it holds, in its order."""

    def values(self, array: Array) -> np.ndarray:
        """All of a small array. Raises PictureRefused."""

    def frame(self, array: Array, frames: Frames, number: int) -> np.ndarray:
        """One picture, as `Frames.file_of` takes it. Raises PictureRefused."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class ArraySource(Source):
    """Pictures in arrays of the file that the items' `path` names; `place` counts them through all `pairs`."""

    pairs: tuple[Pair, ...] = ()
    limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS
    kind: ClassVar[str]

    @classmethod
    def opened(cls, path: Path, limits: ArchiveLimits) -> OpenArrays:
        """Raises BadRequest, OSError."""
        raise NotImplementedError

    def read(
        self, items: Iterable[Item], *, limits: Limits = DEFAULT_LIMITS
    ) -> Iterator[tuple[Item, bytes | PictureRefused]]:
        """Each of `items` as a PNG file, made when it is asked for: the pixels of the array, unaltered."""
        begins = [0, *itertools.accumulate(one.frames.count for one in self.pairs)]
        file: OpenArrays | None = None
        try:
            for item in items:
                number = int(item.place or 0)
                which = bisect.bisect_right(begins, number) - 1
                try:
                    file = file or self.opened(item.path, self.limits)
                    yield item, _file(file, self.pairs[which], number - begins[which], limits)
                except PictureRefused as refused:
                    yield item, refused
                except BadRequest as error:
                    yield item, damaged(error.found)
                except OSError:
                    yield item, gone()
        finally:
            if file is not None:
                file.close()


def _file(file: OpenArrays, one: Pair, number: int, limits: Limits) -> bytes:
    if one.frames.bytes_each > limits.max_bytes:
        raise PictureRefused(
            f"a picture of at most {limits.max_bytes:,} bytes",
            f"one of {one.frames.bytes_each:,}",
            "Make the picture smaller.",
            reason="too_many_bytes",
        )
    return read_bytes(one.frames.file_of(file.frame(one.images, one.frames, number)), limits=limits)


S = TypeVar("S", bound=ArraySource)


def read_source(into: type[S], path: Path, *, class_names: Sequence[str] | None, limits: ArchiveLimits) -> S:
    """The pictures of the file of arrays at `path`, with what it says of them. Raises BadRequest."""
    try:
        file = into.opened(path, limits)
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        found = pair(file.arrays(), where=shown(path.name), limits=limits)
        if class_names is None and found.names is not None:
            class_names = [str(_plain(name)) for name in _values(file, found.names, path)]
            found.said.append(f"Class names from the array {shown(found.names.name)}.")
        values = []
        for number, one in enumerate(found.pairs):
            labels = _labels(file, one, path)
            if one.guessed:
                one = found.pairs[number] = _settle(one, labels, found)
            values.append(labels if one.labels is not None else [None] * one.frames.count)
        columns = [_columns(file, one, path) for one in found.pairs]
    finally:
        file.close()
    where = f"the labels of {shown(path.name)}"
    told = {value for one in values for value in one if value is not None}
    named = name_labels(told, class_names, where=where)
    source = f"{into.kind}:{shown(path.name)}"
    items, refused = _items(found.pairs, values, columns, named=named, path=path, source=source)
    said = [*found.said, named.said, _sides(found.pairs)]
    skipped = [Skipped(f"{shown(path.name)}:{one.file_name}", one.reason) for one in found.skipped]
    used = {item.label for item in items}
    return into(
        items,
        [name for name in named.class_names if class_names or name in used] if told else [],
        " ".join(filter(None, said)),
        skipped + refused,
        sorted({name for one in columns for name in one}),
        pairs=tuple(found.pairs),
        limits=limits,
    )


def _items(
    pairs: Sequence[Pair],
    values: Sequence[Sequence[int | str | None]],
    columns: Sequence[dict[str, list[Value]]],
    *,
    named: Named,
    path: Path,
    source: str,
) -> tuple[list[Item], list[Skipped]]:
    items: list[Item] = []
    skipped: list[Skipped] = []
    problems = {text: label_problem(text) for text in named.text.values()}
    place = itertools.count()
    for one, labels, beside in zip(pairs, values, columns, strict=True):
        digits = len(str(one.frames.count - 1))
        for number, value in enumerate(labels):
            at = next(place)
            name = f"{shown(one.images.name)}/{number:0{digits}}.png"
            label = named.text[value] if value is not None else None
            if label is not None and (problem := problems[label]) is not None:
                skipped.append(Skipped(name, f"its label cannot be one: {problem}"))
                continue
            row = {column: told[number] for column, told in beside.items()} or None
            items.append(Item(path, name, label, source, at, one.side, row))
    return items, skipped


def _labels(file: OpenArrays, one: Pair, path: Path) -> list[int | str | None]:
    """A label for each picture as `as_label` gives it; of one-hot rows the place of the one."""
    if one.labels is None:
        return []
    values = _values(file, one.labels, path)
    name = f"{shown(one.labels.name)} of {shown(path.name)}"
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2:
        if (
            values.dtype.kind not in "iufb"
            or not ((values == 1).sum(1) + (values == 0).sum(1) == values.shape[1]).all()
        ):
            raise _no_labels(name, f"rows of {values.shape[1]} values that are not zeros and ones")
        if not ((values == 1).sum(1) == 1).all():
            raise _no_labels(name, "rows with no one in them, or with several")
        values = values.argmax(1)
    return [as_label(_plain(value), where=name) for value in values.tolist()]


def _no_labels(name: str, found: str) -> BadRequest:
    next_step = "Save a label for each picture: a whole number or a name."
    return BadRequest(f"one label a picture in {name}", found, next_step)


def _settle(one: Pair, labels: Sequence[int | str | None], found: Paired) -> Pair:
    """Takes the one array of whole numbers for labels where its values come again, as those of classes do."""
    assert one.labels is not None
    name = shown(one.labels.name)
    often = Counter(labels)
    if len(often) * 2 <= len(labels):
        found.said.append(
            f"No array is named like labels; {name}, the only one of whole numbers, has {len(often):,} different "
            "values and was taken for them."
        )
        return one
    found.said.append(
        f"No array of labels was found; {name} stays a column, for its values hardly come again."
    )
    return replace(one, labels=None, columns=(*one.columns, one.labels))


def _columns(file: OpenArrays, one: Pair, path: Path) -> dict[str, list[Value]]:
    columns: dict[str, list[Value]] = {}
    for column in one.columns:
        values = _values(file, column, path).reshape(-1).tolist()
        columns[shown(column.name).rpartition("/")[2]] = [_plain(value) for value in values]
    return columns


def _values(file: OpenArrays, array: Array, path: Path) -> np.ndarray:
    name = f"{shown(array.name)} of {shown(path.name)}"
    if array.nbytes > _VALUES_MOST:
        found = f"{array.nbytes:,} in {name}"
        raise BadRequest(
            f"labels and columns of at most {_VALUES_MOST:,} bytes", found, "Leave that array out."
        )
    try:
        return file.values(array)
    except PictureRefused as refused:
        raise BadRequest(
            f"an array that can be read, {name}", refused.found, "Save the file anew."
        ) from refused


def _plain(value: object) -> Value:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return str(value)


def _sides(pairs: Sequence[Pair]) -> str:
    sides = [f"{one.side} from {shown(one.images.name)}" for one in pairs if one.side]
    return f"Splits of the file's own: {', '.join(sides)}." if sides else ""
