"""The door through which collections of pictures come in, one file per source format."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from vitrina.errors import BadRequest, NotFound
from vitrina.readers.budget import DEFAULT_ARCHIVE_LIMITS, ArchiveLimits
from vitrina.readers.folder import read_folder
from vitrina.readers.item import Item, Remark, Skipped, Source
from vitrina.readers.names import shown
from vitrina.readers.naming import Told
from vitrina.readers.relabelled import take_labels
from vitrina.readers.subset import subset

__all__ = [
    "READERS",
    "ArchiveLimits",
    "Item",
    "Reader",
    "Remark",
    "Skipped",
    "Source",
    "open_source",
    "read_folder",
    "subset",
]

# org/name, with @revision and #split where told; the Hub allows letters, digits, "-", "_", "." in names.
HUB_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*(@[\w./-]+)?(#[\w.-]+)?", re.ASCII)


@dataclass(frozen=True)
class Reader:
    """`what` it reads, in words; the module, imported when it is first needed, with its `fits(path)`; the name of
    the function there; whether that function is told of a label column, of limits.
    """

    what: str
    module: str
    function: str
    column: bool = True
    limits: bool = True

    def fits(self, path: Path) -> bool:
        """Whether `path` is what this reads."""
        return bool(import_module(self.module).fits(path))

    def read(self, path: Path | str, *, told: Told, limits: ArchiveLimits) -> Source:
        """The source at `path`. Raises VitrinaError."""
        chosen = told.label_column is not None and not self.column
        # Names for another column's labels would not fit those that the reader finds by itself.
        arguments: dict[str, object] = {"class_names": None if chosen else told.class_names}
        if self.column:
            arguments["label_column"] = told.label_column
        if self.limits:
            arguments["limits"] = limits
        source: Source = getattr(import_module(self.module), self.function)(path, **arguments)
        if told.label_column is not None and chosen:
            return take_labels(source, told.label_column, class_names=told.class_names)
        return source


# The first that fits decides: a saved data set is a folder too.
READERS = (
    Reader("a folder saved by datasets", "vitrina.readers.hub_dataset", "read_saved_dataset", column=False),
    Reader("a folder of pictures", "vitrina.readers.folder", "read_folder", limits=False),
    Reader("a zip archive", "vitrina.readers.zipped", "read_zip"),
    Reader("a tar archive", "vitrina.readers.tarred", "read_tar"),
    Reader("a rar archive", "vitrina.readers.rared", "read_rar"),
    Reader("an HDF5 file", "vitrina.readers.hdf5", "read_hdf5", column=False),
    Reader("arrays (.npy, .npz)", "vitrina.readers.arrays", "read_arrays", column=False),
    Reader(
        "a table (CSV, TSV, JSON, parquet)", "vitrina.readers.table", "read_pictures_of_table", limits=False
    ),
)
HUB = Reader(
    "a data set of the Hub (org/name)", "vitrina.readers.hub_dataset", "read_hub_dataset", column=False
)


def open_source(
    told: str | Path,
    *,
    class_names: Sequence[str] | None = None,
    label_column: str | None = None,
    limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS,
) -> Source:
    """Read what `told` names, with the reader that fits: a path, else a data set of the Hub.

    A text such as org/name, org/name@revision, org/name@revision#split names a data set where nothing lies at
    that path and no folder org is there either. `class_names` name whole-number labels, `label_column` is where
    the labels stand. Raises NotFound where nothing is there, BadRequest where no reader fits or where what was
    told does not, PictureRefused where a file cannot be read.
    """
    try:
        reader = _choose(told)
    except OSError as error:
        raise BadRequest(_readable(), f"{told}: {error.strerror}", "Name what can be read.") from error
    place = str(told) if reader is HUB else Path(told)
    return reader.read(place, told=Told(class_names or None, label_column), limits=limits)


def _choose(told: str | Path) -> Reader:
    path = Path(told)
    if not path.exists():
        # A mistyped path looks like the name of a data set too; its folder tells the two apart.
        if isinstance(told, str) and HUB_ID.fullmatch(told) and not path.parent.exists():
            return HUB
        raise NotFound(_readable(), f"nothing at {path}", "Check the path for a typing error.")
    for reader in READERS:
        if reader.fits(path):
            return reader
    raise BadRequest(_readable(), f"a file, {shown(path.name)}", "Name the folder that holds the pictures.")


def _readable() -> str:
    whats = [reader.what for reader in (*READERS, HUB)]
    return f"{', '.join(whats[:-1])} or {whats[-1]}"
