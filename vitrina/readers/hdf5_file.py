"""An HDF5 file, nothing of which is touched before it was looked at.

Strangers' files belong in the process of hdf5_worker.py: the library may never return from a damaged one, or end
the process. Seen with HDF5 2.0.0: no end where an object of the heap that holds texts has the size 0.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.errors import BadRequest, PictureRefused
from vitrina.readers.budget import MIB, ArchiveLimits, damaged, over_ratio
from vitrina.readers.frames import Frames
from vitrina.readers.names import shown
from vitrina.readers.pairing import Array

if TYPE_CHECKING:
    import h5py
    import numpy as np

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_OBJECTS_MOST = 1_000
_DEPTH_MOST = 16
# Filters of HDF5's own and h5py's lzf. Others are programs that the library would load from the machine's disk.
_DEFLATE, _SHUFFLE, _FLETCHER32, _LZF = 1, 2, 3, 32_000
_FILTERS = {_DEFLATE, _SHUFFLE, _FLETCHER32, _LZF}
_CACHE = 64 * MIB
_TEXTS_MOST = 64 * MIB
_CHUNKS_MOST = 1_000_000
_LZF_RATIO = 88  # liblzf: 264 bytes come of 3 at most.


class OpenHdf5:
    """An HDF5 file open for reading. Raises BadRequest where it is none, OSError."""

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        import h5py

        self._limits = limits
        self._size = max(1, path.stat().st_size)
        try:
            # A chunk that holds many pictures is unpacked once where it fits into the cache.
            self._file = h5py.File(path, "r", rdcc_nbytes=_CACHE)
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            with path.open("rb") as file:
                whole = file.read(len(_SIGNATURE)) == _SIGNATURE
            found = f"a damaged one, or one cut short ({_words(error)})" if whole else "another kind of file"
            next_step = "Copy the file again from where it came, or save it anew."
            raise BadRequest(f"an HDF5 file, {shown(path.name)}", found, next_step) from error
        self._datasets: dict[str, h5py.Dataset] = {}
        self._checked: dict[str, set[tuple[int, ...]]] = {}

    def close(self) -> None:
        self._file.close()

    def arrays(self) -> list[Array]:
        """All data sets that hard links lead to, each once, in the order of their names."""
        import h5py

        found: list[Array] = []
        try:
            root = self._file["/"].id
            self._walk(root, "", found, seen={h5py.h5o.get_info(root).addr})
        except BadRequest:
            raise
        # Damaged files make the library raise almost anything.
        except Exception as error:
            next_step = "Copy the file again from where it came, or save it anew."
            raise BadRequest(
                "a sound HDF5 file", f"one that is damaged ({_words(error)})", next_step
            ) from error
        return found

    def values(self, array: Array) -> np.ndarray:
        """All of a small data set; texts come as Python's."""
        try:
            dataset = self._dataset(array)
            self._check_chunks(dataset, [slice(0, side) for side in dataset.shape])
            values: np.ndarray = self._texts(dataset) if array.kind == "O" else dataset[()]
        except PictureRefused:
            raise
        except Exception as error:
            raise damaged(_words(error)) from error
        return values

    def frame(self, array: Array, frames: Frames, number: int) -> np.ndarray:
        """One picture, read with no more of the data set than the chunks it lies in."""
        whole = [slice(0, side) for side in array.shape]
        where = whole if frames.axes == "single" else [slice(number, number + 1), *whole[1:]]
        try:
            dataset = self._dataset(array)
            self._check_chunks(dataset, where)
            pixels: np.ndarray = dataset[() if frames.axes == "single" else number]
        except PictureRefused:
            raise
        except Exception as error:
            raise damaged(_words(error)) from error
        return pixels

    def _texts(self, dataset: h5py.Dataset) -> np.ndarray:
        """Texts of any length, few at a time: all of them may point to the same one, as long as the file is."""
        import numpy as np

        texts: list[str] = []
        left = _TEXTS_MOST
        step = max(1, min(65_536, _TEXTS_MOST // self._size))
        for begin in range(0, len(dataset), step):
            texts.extend(dataset.asstr(errors="replace")[begin : begin + step].reshape(-1))
            left -= sum(map(len, texts[begin:]))
            if left < 0:
                raise damaged(f"more than {_TEXTS_MOST:,} characters of text")
        return np.array(texts, dtype=object)

    def _dataset(self, array: Array) -> h5py.Dataset:
        import h5py

        if array.name not in self._datasets:
            found = h5py.h5o.open(self._file.id, array.name.encode("utf-8", "surrogateescape"))
            if (problem := self._problem(found)) is not None:
                raise damaged(problem)
            self._datasets[array.name] = h5py.Dataset(found)
        return self._datasets[array.name]

    def _walk(self, group: h5py.h5g.GroupID, prefix: str, found: list[Array], *, seen: set[int]) -> None:
        import h5py

        names: list[bytes] = []
        # An answer other than None ends the iteration.
        group.links.iterate(lambda name: names.append(name) if len(names) <= _OBJECTS_MOST else True)
        if len(names) + len(found) + len(seen) > _OBJECTS_MOST:
            next_step = "Save pictures and labels alone into a file."
            raise BadRequest(f"at most {_OBJECTS_MOST:,} objects in an HDF5 file", "more", next_step)
        for raw in names:
            name = prefix + raw.decode("utf-8", "surrogateescape")
            if group.links.get_info(raw).type != h5py.h5l.TYPE_HARD:
                found.append(Array(name, (), "", 0, "a link to somewhere else, not a data set"))
                continue
            told = h5py.h5o.get_info(group, raw)
            if told.addr in seen:
                continue
            seen.add(told.addr)
            if told.type == h5py.h5o.TYPE_GROUP and name.count("/") < _DEPTH_MOST:
                self._walk(h5py.h5o.open(group, raw), f"{name}/", found, seen=seen)
            elif told.type == h5py.h5o.TYPE_DATASET:
                found.append(self._describe(name, h5py.h5o.open(group, raw)))

    def _describe(self, name: str, dataset: h5py.h5d.DatasetID) -> Array:
        if (problem := self._problem(dataset)) is not None:
            return Array(name, (), "", 0, problem)
        try:
            dtype = dataset.dtype
        except TypeError:
            return Array(name, dataset.shape or (), "", 0, "values of a type that is not read")
        shape = dataset.shape or ()
        problem = None
        declared = math.prod(shape) * dtype.itemsize
        if len(shape) > 2 and declared > MIB and declared > self._limits.ratio * dataset.get_storage_size():
            problem = f"it declares {declared:,} bytes, more than {self._limits.ratio} times what is stored"
        if dtype.kind == "O":
            import h5py

            if h5py.check_string_dtype(dtype) is None:
                problem = "values of a type that is not read"
        return Array(name, shape, dtype.kind, dtype.itemsize, problem)

    def _problem(self, dataset: h5py.h5d.DatasetID) -> str | None:
        """Why the data set must not be touched; asked before anything of it is read."""
        import h5py

        made = dataset.get_create_plist()
        if made.get_layout() == h5py.h5d.VIRTUAL:
            return "put together from other data sets (virtual)"
        if made.get_external_count():
            return "its data lie in other files (external)"
        filters = [made.get_filter(number)[0] for number in range(made.get_nfilters())]
        twice = len(set(filters)) < len(filters) or {_DEFLATE, _LZF} <= set(filters)
        if set(filters) - _FILTERS or twice:
            return "packed by a filter that is not read; gzip, lzf and shuffle are"
        if made.get_layout() == h5py.h5d.CHUNKED:
            each = math.prod(made.get_chunk()) * dataset.get_type().get_size()
            if each > self._limits.chunk_bytes:
                return f"stored in pieces of {each:,} bytes, where {self._limits.chunk_bytes:,} are the most"
        return None

    def _check_chunks(self, dataset: h5py.Dataset, where: Sequence[slice]) -> None:
        """Unpacks the chunks that `where` touches under a bound, before the library does so without one.

        The library believes what a packed chunk unpacks to: a megabyte of deflate may be a gigabyte in memory.
        """
        filters = _filters(dataset)
        if not {_DEFLATE, _LZF} & set(filters):
            return
        ranges = [
            range(part.start // side, -(-part.stop // side))
            for part, side in zip(where, dataset.chunks, strict=True)
        ]
        if math.prod(map(len, ranges)) > _CHUNKS_MOST:
            raise damaged("stored in too many pieces")
        for place in itertools.product(*ranges):
            done = self._checked.setdefault(dataset.name, set())
            if place in done:
                continue
            if done and place[0] not in {other[0] for other in itertools.islice(done, 1)}:
                done.clear()
            self._check_chunk(dataset, place, filters)
            done.add(place)

    def _check_chunk(self, dataset: h5py.Dataset, place: tuple[int, ...], filters: Sequence[int]) -> None:
        size = math.prod(dataset.chunks) * dataset.dtype.itemsize
        corner = tuple(number * side for number, side in zip(place, dataset.chunks, strict=True))
        try:
            mask, packed = dataset.id.read_direct_chunk(corner)
        except (OSError, RuntimeError):
            return  # Nothing is stored there, which reads as the fill value, or what is stored cannot be read.
        if _LZF in filters and len(packed) * _LZF_RATIO > 4 * self._limits.chunk_bytes:
            raise over_ratio(self._limits)
        if _DEFLATE not in filters or mask & 1 << filters.index(_DEFLATE):
            return
        # A check sum of four bytes may be packed along.
        if len(zlib.decompressobj().decompress(packed, size + 8)) > size + 4:
            raise over_ratio(self._limits)


def _filters(dataset: h5py.Dataset) -> list[int]:
    made = dataset.id.get_create_plist()
    return [made.get_filter(number)[0] for number in range(made.get_nfilters())]


def _words(error: Exception) -> str:
    said = "".join(c for c in str(error) if c.isprintable())
    return said[:120] or type(error).__name__
