"""Pictures in an HDF5 file, read one by one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vitrina.readers.arrayed import ArraySource, read_source
from vitrina.readers.budget import DEFAULT_ARCHIVE_LIMITS, ArchiveLimits
from vitrina.readers.hdf5_process import Hdf5Process
from vitrina.readers.unpacked import beginning

_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def fits(path: Path) -> bool:
    """Whether `path` is a file that begins like HDF5 or is named like it."""
    if not path.is_file():
        return False
    if path.suffix.lower() in (".h5", ".hdf5", ".hdf", ".he5"):
        return True
    return beginning(path, len(_SIGNATURE)) == _SIGNATURE


def read_hdf5(
    path: Path, *, class_names: Sequence[str] | None = None, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS
) -> Hdf5Source:
    """Pictures, labels, further columns in an HDF5 file; see `pair` for how they are found.

    Galaxy10 holds `images` (n, h, w, 3) uint8 and `ans` (n,). Only hard links are followed; data sets that lie in
    other files, are put together from others, need filters that are not built in, or declare more than `limits`
    are left out with the reason. The file is opened in a process of its own with limits of memory and time.
    Raises BadRequest where it is none, is damaged, or holds no pictures.
    """
    return read_source(Hdf5Source, path, class_names=class_names, limits=limits)


class Hdf5Source(ArraySource):
    """Pictures in the HDF5 file that the items' `path` names."""

    kind = "hdf5"

    @classmethod
    def opened(cls, path: Path, limits: ArchiveLimits) -> Hdf5Process:
        """Raises BadRequest, OSError."""
        return Hdf5Process(path, limits)
