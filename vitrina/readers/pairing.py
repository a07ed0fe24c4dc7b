"""Which arrays of a file are pictures, which are their labels, which say something else of them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from vitrina.errors import BadRequest
from vitrina.readers.budget import ArchiveLimits
from vitrina.readers.frames import Frames, frames_of
from vitrina.readers.item import Skipped
from vitrina.readers.names import SIDES, count, listed, shown

_IMAGES = frozenset(
    {"x", "image", "images", "img", "imgs", "picture", "pictures", "photo", "photos", "frame", "frames"}
    | {"pixels", "data"}
)
# In order of what they say: `ans` is Galaxy10's.
LABELS = (
    "label",
    "labels",
    "y",
    "ans",
    "answer",
    "answers",
    "target",
    "targets",
    "class",
    "classes",
    "category",
)
_NUMBERING = frozenset({"id", "ids", "index", "indices", "idx", "key", "number", "row", "objid"})
_COLUMNS_MOST = 32
_CLASSES_MOST = 10_000


@dataclass(frozen=True)
class Array:
    """An array as its file declares it. `kind`, `item_bytes`: those of its numpy dtype ("u", 1 for uint8; "O" for
    texts of any length). `problem`: why it cannot be read.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    item_bytes: int
    problem: str | None = None

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.item_bytes


@dataclass(frozen=True)
class Pair:
    """Pictures with what belongs to them. `guessed`: the labels were told by nothing but their shape."""

    images: Array
    frames: Frames
    labels: Array | None = None
    guessed: bool = False
    columns: tuple[Array, ...] = ()
    side: str | None = None


@dataclass
class Paired:
    """All of a file's pictures, in its order; the array that names the classes; sentences on what was taken for
    what; arrays left out.
    """

    pairs: list[Pair] = field(default_factory=list)
    names: Array | None = None
    said: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)


def pair(arrays: Sequence[Array], *, where: str, limits: ArchiveLimits) -> Paired:
    """Sorts out the arrays of the file `where`; one array of pictures for each side named (train, test ...).

    Raises BadRequest where none can be pictures, where pictures are over `limits`, where arrays named as their
    labels have another length.
    """
    candidates = [a for a in arrays if a.problem is None and (a.kind, a.item_bytes) == ("u", 1)]
    framed = {a.name: frames for a in candidates if (frames := frames_of(a.shape)) is not None}
    if not framed:
        raise _no_pictures(arrays, where)
    result = Paired()
    taken: dict[str | None, Array] = {}
    for array in sorted((a for a in candidates if a.name in framed), key=_as_images):
        side = side_of_array(array.name)
        if side in taken:
            reason = f"another array of pictures; {shown(taken[side].name)} was taken"
            result.skipped.append(Skipped(shown(array.name), reason))
        else:
            taken[side] = array
    used = {array.name for array in taken.values()} | {one.file_name for one in result.skipped}
    rest = [array for array in arrays if array.name not in used]
    result.names = next((a for a in rest if _names_classes(a)), None)
    rest = [array for array in rest if array is not result.names]
    for array in (a for a in arrays if a in taken.values()):
        _check(array, framed[array.name], where=where, limits=limits)
        side = side_of_array(array.name)
        one = Pair(array, framed[array.name], side=side if len(taken) > 1 else None)
        mine = [a for a in rest if side_of_array(a.name) == side or len(taken) == 1]
        result.pairs.append(_with_labels(one, mine, where=where))
    _say(result, arrays)
    return result


def side_of_array(name: str) -> str | None:
    """The split that an array's name means: x_train, train/images, testX."""
    return next((SIDES[word] for word in words_of(name) if word in SIDES), None)


def words_of(name: str) -> list[str]:
    """The words of a name in lower case; "trainX" and "xtrain" are two each."""
    words: list[str] = []
    for word in re.findall("[A-Z]?[a-z]+|[A-Z]+", name):
        word = word.lower()
        glued = next((s for s in SIDES if word.endswith(s) and word[: -len(s)] in (*_IMAGES, *LABELS)), "")
        words += [word[: -len(glued)], glued] if glued else [word]
    return words


def _names_classes(array: Array) -> bool:
    words = set(words_of(array.name))
    texts = (
        array.problem is None
        and array.kind in "USO"
        and len(array.shape) == 1
        and array.shape[0] <= _CLASSES_MOST
    )
    return texts and bool(words & {"name", "names"}) and bool(words & set(LABELS))


def _as_images(array: Array) -> tuple[bool, int, str]:
    return not _IMAGES & set(words_of(array.name)), -array.nbytes, array.name


def _with_labels(one: Pair, rest: Sequence[Array], *, where: str) -> Pair:
    """`one` with the labels and columns found in `rest`."""
    number = one.frames.count
    group = one.images.name.rpartition("/")[0]
    readable = [a for a in rest if a.problem is None and a.kind in "iufbUSO"]
    named = [a for a in rest if set(LABELS) & set(words_of(a.name)) and (a.problem or a in readable)]
    named = [a for a in named if a.problem or len(a.shape) in (1, 2)]
    named.sort(
        key=lambda a: (a.problem is not None, a.name.rpartition("/")[0] != group, rank(a.name), a.name)
    )
    flat = [a for a in readable if a.shape in ((number,), (number, 1))]
    if named:
        labels = named[0]
        if labels.problem is not None:
            expected = f"labels for {shown(one.images.name)} in {where}"
            found = f"{shown(labels.name)}: {labels.problem}"
            raise BadRequest(expected, found, "Save them as whole numbers or texts of a fixed length.")
        if labels.shape[0] != number:
            raise BadRequest(
                f"a label for each of the {number:,} pictures of {shown(one.images.name)} in {where}",
                f"{labels.shape[0]:,} labels in {shown(labels.name)}",
                "Save pictures and labels of the same length, in the same order.",
            )
        one = replace(one, labels=labels)
    else:
        whole = [a for a in flat if a.kind in "iu" and not _NUMBERING & set(words_of(a.name))]
        one = replace(one, labels=whole[0], guessed=True) if len(whole) == 1 else one
    columns = [a for a in flat if a != one.labels][:_COLUMNS_MOST]
    return replace(one, columns=tuple(columns))


def rank(name: str) -> int:
    """How well a name says that it is of labels: 0 is best, len(LABELS) not at all."""
    words = words_of(name)
    return next((rank for rank, label in enumerate(LABELS) if label in words), len(LABELS))


def _say(result: Paired, arrays: Sequence[Array]) -> None:
    used: set[str] = {one.file_name for one in result.skipped}
    if result.names is not None:
        used.add(shown(result.names.name))
    for one in result.pairs:
        used |= {shown(a.name) for a in (one.images, *one.columns, *([one.labels] if one.labels else []))}
        result.said.append(f"Pictures from the array {shown(one.images.name)}: {one.frames.words}.")
        if one.labels is not None and not one.guessed:
            result.said.append(f"Labels from the array {shown(one.labels.name)}.")
        elif one.labels is None:
            result.said.append("No array of labels was found.")
        if one.columns:
            names = listed(shown(column.name) for column in one.columns)
            result.said.append(f"{count(len(one.columns), 'further column')}: {names}.")
    for array in arrays:
        if shown(array.name) not in used:
            reason = array.problem or f"neither pictures nor labels: shape {_shape(array)}"
            result.skipped.append(Skipped(shown(array.name), reason))


def _check(array: Array, frames: Frames, *, where: str, limits: ArchiveLimits) -> None:
    found = next_step = None
    if array.nbytes > limits.array_bytes:
        found = f"{array.nbytes:,} bytes declared by {shown(array.name)}"
        next_step = f"Divide it into files with arrays of at most {limits.array_bytes:,} bytes."
    elif frames.count > limits.frames:
        found = f"{frames.count:,} pictures in {shown(array.name)}"
        next_step = f"Divide it into files of at most {limits.frames:,} pictures."
    if found is not None and next_step is not None:
        raise BadRequest(f"an array of pictures that can be read, in {where}", found, next_step)


def _no_pictures(arrays: Sequence[Array], where: str) -> BadRequest:
    wrong = [a for a in arrays if a.problem is None and a.kind in "iufb" and frames_of(a.shape) is not None]
    flat = [a for a in arrays if (a.kind, a.item_bytes, len(a.shape)) == ("u", 1, 2)]
    shapes = "uint8, (n, h, w), (n, h, w, c) or (n, c, h, w) with 1, 3 or 4 channels"
    expected = f"an array of pictures in {where}: {shapes}"
    next_step = "Save the pictures as such an array."
    if problems := [a for a in arrays if a.problem is not None]:
        found = f"{shown(problems[0].name)}: {problems[0].problem}"
    elif wrong:
        found = f"{shown(wrong[0].name)} {_shape(wrong[0])} with values of another type"
        next_step = "Bring the values to whole numbers from 0 to 255, save them as uint8."
    elif flat:
        found = f"{shown(flat[0].name)} {_shape(flat[0])}, pictures laid flat, or a single one"
        next_step = "Reshape the array to (n, h, w) or (n, h, w, c)."
    else:
        found = listed((f"{shown(a.name)} {_shape(a)}" for a in arrays), 6) or "no array"
    return BadRequest(expected, found, next_step)


def _shape(array: Array) -> str:
    return f"({', '.join(map(str, array.shape))})"
