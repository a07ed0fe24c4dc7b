"""Pictures in numpy's files: .npy with labels beside it, .npz with both."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

from vitrina.errors import BadRequest, PictureRefused
from vitrina.readers.archive import vet
from vitrina.readers.arrayed import ArraySource, read_source
from vitrina.readers.budget import DEFAULT_ARCHIVE_LIMITS, MIB, ArchiveLimits, cut_short, damaged, gone
from vitrina.readers.frames import Frames
from vitrina.readers.names import shown
from vitrina.readers.pairing import Array
from vitrina.readers.unpacked import beginning
from vitrina.readers.zipped import OpenZip

if TYPE_CHECKING:
    import numpy as np

_SIGNATURE = b"\x93NUMPY"
_LONGEST_HEADER = 10_000  # numpy's own default; a longer one could keep its parser busy.
_PIECE = MIB
_DEFLATE_MOST = 1_100  # More than the 1,032 bytes that deflate can make of one.
_AGAIN = "Copy the file again from where it came, or save it anew."


def fits(path: Path) -> bool:
    """Whether `path` is a file named .npy or .npz, or one that begins like .npy."""
    if not path.is_file():
        return False
    if path.suffix.lower() in (".npy", ".npz"):
        return True
    return beginning(path, len(_SIGNATURE)) == _SIGNATURE


def read_arrays(
    path: Path, *, class_names: Sequence[str] | None = None, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS
) -> NumpySource:
    """Pictures, labels, further columns in a .npz file, or in a .npy file with its labels next to it.

    Next to X.npy that is y.npy, X_labels.npy or labels.npy; to x_train.npy, y_train.npy; to images.npy,
    labels.npy. See `pair` for what is taken for what. Pickled objects are never loaded. The check sums of a .npz
    file are looked at where packed arrays end, for they are read forward; not where they are mapped. Raises
    BadRequest where the file is none, is damaged or cut short, breaks `limits`, or holds no pictures.
    """
    return read_source(NumpySource, path, class_names=class_names, limits=limits)


@dataclass(frozen=True)
class _Stored:
    """An array as its header tells it. `at`: where its data begin in the file at `path`, None where they are
    packed; `skip`: bytes of the header before the data; `entry`: its name in a .npz.
    """

    array: Array
    dtype: np.dtype
    order: Literal["C", "F"]
    path: Path
    at: int | None
    skip: int
    entry: str | None = None


class OpenNumpy:
    """A .npz or .npy file open for reading. Raises BadRequest where it is none, OSError."""

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        self._path = path
        self._mapped: dict[str, np.ndarray] = {}
        self._flow: _Flow | None = None
        self._zip: OpenZip | None = None
        with path.open("rb") as file:
            alone = file.read(len(_SIGNATURE)) == _SIGNATURE
        if not alone and path.suffix.lower() == ".npy":
            raise _bad(path, "another kind of file")
        files = [path, *_labels_beside(path)] if alone else []
        found = [_describe_file(file) for file in files] if alone else self._open_zip(limits)
        self._stored = {one.array.name: one for one in found}

    def close(self) -> None:
        if self._flow is not None:
            self._flow.stream.close()
        if self._zip is not None:
            self._zip.close()

    def arrays(self) -> list[Array]:
        """The arrays in the file's order, those that must not be read with the reason."""
        return [one.array for one in self._stored.values()]

    def values(self, array: Array) -> np.ndarray:
        """All of a small array. Raises PictureRefused."""
        import numpy as np

        stored = self._stored[array.name]
        if stored.at is not None:
            return np.array(self._map(stored))
        with self._stream(stored) as stream:
            stream.read(stored.skip)
            data = _exactly(cast(BinaryIO, stream), array.nbytes)
        return np.frombuffer(data, stored.dtype).reshape(array.shape, order=stored.order)

    def frame(self, array: Array, frames: Frames, number: int) -> np.ndarray:
        """One picture, mapped where it is stored as it is, else unpacked on the way forward."""
        import numpy as np

        stored = self._stored[array.name]
        if stored.at is not None:
            mapped = self._map(stored)
            return np.array(mapped if frames.axes == "single" else mapped[number])
        begin = stored.skip + number * frames.bytes_each
        if self._flow is None or self._flow.name != array.name or self._flow.at > begin:
            if self._flow is not None:
                self._flow.stream.close()
            self._flow = _Flow(array.name, self._stream(stored))
        data = self._flow.take(begin, frames.bytes_each)
        return np.frombuffer(data, np.uint8).reshape(
            array.shape if frames.axes == "single" else array.shape[1:]
        )

    def _open_zip(self, limits: ArchiveLimits) -> list[_Stored]:
        # Labels in the order of their classes pack a thousand to one: the ratio is held for the whole file.
        alike = replace(limits, entry_bytes=limits.array_bytes, ratio=_DEFLATE_MOST)
        self._zip = OpenZip(self._path, alike)
        try:
            good, bad = vet(self._zip.entries(), alike)
            total, packed = sum(entry.size for entry in good.values()), self._path.stat().st_size
            if total > limits.ratio * packed:
                raise _bad(self._path, f"one that unpacks to more than {limits.ratio} times its size")
            found = [self._describe(name) for name in good]
        except BaseException:
            self._zip.close()
            raise
        return found + [self._no(one.file_name, one.reason) for one in bad]

    def _describe(self, entry: str) -> _Stored:
        if self._zip is None or not entry.endswith(".npy"):
            return self._no(entry, "not an array")
        info = self._zip.info(entry)
        try:
            with self._zip.open(info) as stream:
                told = _header(cast(BinaryIO, stream), entry.removesuffix(".npy"), room=info.file_size)
        # Whatever zipfile and numpy raise on hostile bytes; the other arrays may be good.
        except Exception as error:
            return self._no(entry, f"its header cannot be read ({_words(error)})")
        begins = self._zip.data_at(info) if info.compress_type == zipfile.ZIP_STORED else None
        at = begins + told.skip if begins is not None else None
        if at is None and told.order == "F" and len(told.array.shape) > 2:
            problem = "packed in Fortran order, which cannot be read picture by picture"
            told = replace(told, array=replace(told.array, problem=told.array.problem or problem))
        return replace(told, path=self._path, at=at, entry=entry)

    def _no(self, name: str, problem: str) -> _Stored:
        import numpy as np

        return _Stored(Array(name, (), "", 0, problem), np.dtype("u1"), "C", self._path, None, 0)

    def _stream(self, stored: _Stored) -> zipfile.ZipExtFile:
        if self._zip is None or stored.entry is None:
            raise gone()
        return self._zip.open(self._zip.info(stored.entry))

    def _map(self, stored: _Stored) -> np.ndarray:
        import numpy as np

        name = stored.array.name
        if name not in self._mapped:
            if not stored.array.nbytes:
                return np.empty(stored.array.shape, stored.dtype)
            try:
                self._mapped[name] = np.memmap(
                    stored.path,
                    stored.dtype,
                    "r",
                    offset=stored.at or 0,
                    shape=stored.array.shape,
                    order=stored.order,
                )
            except ValueError as error:
                raise cut_short() from error
        return self._mapped[name]


class _Flow:
    """A packed array on its way forward. `at`: how many of its bytes were passed."""

    def __init__(self, name: str, stream: zipfile.ZipExtFile) -> None:
        self.name, self.stream, self.at = name, stream, 0
        self._broken: PictureRefused | None = None

    def take(self, begin: int, size: int) -> bytes:
        """`size` bytes from `begin` on, which is not before `at`. Raises PictureRefused."""
        if self._broken is None:
            try:
                return self._take(begin, size)
            except PictureRefused as refused:
                self._broken = refused
            except Exception as error:
                self._broken = damaged(_words(error))
        raise self._broken

    def _take(self, begin: int, size: int) -> bytes:
        while self.at < begin:
            piece = self.stream.read(min(_PIECE, begin - self.at))
            if not piece:
                raise cut_short()
            self.at += len(piece)
        data = _exactly(cast(BinaryIO, self.stream), size)
        self.at += size
        return data


class NumpySource(ArraySource):
    """Pictures in the .npy or .npz file that the items' `path` names."""

    kind = "numpy"

    @classmethod
    def opened(cls, path: Path, limits: ArchiveLimits) -> OpenNumpy:
        """Raises BadRequest, OSError."""
        return OpenNumpy(path, limits)


def _header(file: BinaryIO, name: str, *, room: int) -> _Stored:
    """What the header at the beginning of `file` declares. Raises ValueError, and what numpy raises."""
    from numpy.lib import format as npy

    version = npy.read_magic(file)
    read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read is None:
        raise ValueError(f"version {version[0]}.{version[1]} of the format")
    shape, columns_first, dtype = read(file, max_header_size=_LONGEST_HEADER)
    skip = file.tell()
    problem = None
    if dtype.hasobject:
        problem = "pickled objects, which can run code and are never loaded"
    elif any(side < 0 for side in shape) or skip + math.prod(shape) * dtype.itemsize > room:
        problem = "cut short: it declares more data than there are"
    array = Array(name, tuple(shape), dtype.kind, dtype.itemsize, problem)
    return _Stored(array, dtype, "F" if columns_first else "C", Path(), None, skip)


def _describe_file(path: Path) -> _Stored:
    with path.open("rb") as file:
        try:
            told = _header(file, path.stem, room=path.stat().st_size)
        except Exception as error:
            raise _bad(path, f"a damaged one ({_words(error)})") from error
    return replace(told, path=path, at=told.skip)


def _labels_beside(path: Path) -> list[Path]:
    """The .npy file next to `path` that is named like its labels, the best name alone."""
    stem = path.stem.lower()
    wanted = [f"{stem}_labels", f"{stem}_y"]
    for pictures, labels in (("images", "labels"), ("image", "label"), ("x", "y"), ("data", "labels")):
        if stem == pictures or stem.startswith(f"{pictures}_") or stem.endswith(f"_{pictures}"):
            wanted.append(stem.replace(pictures, labels, 1))
    wanted += ["labels", "y"]
    there = {
        PurePosixPath(other.name).stem.lower(): other
        for other in sorted(path.parent.glob("*.npy"))
        if other != path and other.is_file() and not other.is_symlink()
    }
    return [there[name] for name in wanted if name in there][:1]


def _exactly(stream: BinaryIO, size: int) -> bytes:
    pieces = []
    while size and (piece := stream.read(min(size, _PIECE))):
        pieces.append(piece)
        size -= len(piece)
    if size:
        raise cut_short()
    return b"".join(pieces)


def _bad(path: Path, found: str) -> BadRequest:
    return BadRequest(f"a file of numpy arrays, {shown(path.name)}", found, _AGAIN)


def _words(error: Exception) -> str:
    return "".join(c for c in str(error).split("\n")[0] if c.isprintable())[:120]
