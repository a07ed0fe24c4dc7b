"""Pictures in a tar archive, plain or packed by gzip, bzip2 or xz, in one pass from front to end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from vitrina.errors import BadRequest, PictureRefused
from vitrina.images import DEFAULT_LIMITS, Limits
from vitrina.readers.archive import ArchiveSource, Entry, clean_name, read_archive
from vitrina.readers.budget import DEFAULT_ARCHIVE_LIMITS, MIB, ArchiveLimits, Budget, damaged, gone
from vitrina.readers.item import Item
from vitrina.readers.names import extension, shown
from vitrina.readers.naming import Told
from vitrina.readers.tar_headers import BLOCK, Member, members
from vitrina.readers.unpacked import Forward, beginning, open_forward

_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
# Tables of labels are kept while the archive is listed, so that reading them needs no pass of their own.
_TABLES = frozenset({".csv", ".tsv", ".json", ".jsonl", ".parquet", ".txt"})
_KEPT_BYTES = 64 * MIB


def fits(path: Path) -> bool:
    """Whether `path` is a file named like a tar archive, or one that begins like a plain one."""
    if not path.is_file():
        return False
    if path.name.lower().endswith(_SUFFIXES):
        return True
    return beginning(path, BLOCK)[257:262] == b"ustar"


def read_tar(
    path: Path,
    *,
    class_names: Sequence[str] | None = None,
    label_column: str | None = None,
    limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS,
) -> TarSource:
    """Pictures and labels in a tar archive, as `lay_out` finds them, in the archive's order.

    Left out, each with its reason: links, devices, sparse files, archives, duplicates of a name, names that lead
    out of the archive, entries that break a budget, and all that comes after the place where the archive is cut
    or damaged, or where what was unpacked breaks the archive's budget or the ratio. Raises BadRequest where the
    file is no tar archive, has too many entries, or holds none but bad ones.
    """
    return read_archive(TarSource, path, told=Told(class_names, label_column), limits=limits)


class OpenTar:
    """A tar archive open for reading. Raises BadRequest where the file is none, OSError."""

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        self._path, self._limits = path, limits
        self._kept: dict[str, bytes] = {}
        self._broken: PictureRefused | None = None
        self._begin()

    def close(self) -> None:
        self._stream.close()

    def entries(self) -> list[Entry]:
        """Its files in their order, and at the end, where the archive breaks off, an entry that says so."""
        found: list[Entry] = []
        try:
            # One more than the limit is enough to refuse the archive; those that follow are not counted.
            while len(found) <= self._limits.entries and (member := next(self._members, None)) is not None:
                if member.directory:
                    continue
                found.append(Entry(member.name, member.size, None, member.refused))
                self._keep(member)
            if len(found) <= self._limits.entries and self._stream.read(MIB).strip(b"\0"):
                found.append(Entry("(the rest)", 0, None, "what lies behind the archive's end is left out"))
        except PictureRefused as refused:
            if not found:
                raise _no_tar(self._path, refused.found) from refused
            reason = (
                f"the archive cannot be read beyond this: expected {refused.expected}, found {refused.found}"
            )
            found.append(Entry("(the rest)", 0, None, reason))
        return found[: self._limits.entries + 1]

    def take(self, name: str, limits: Limits) -> bytes:
        """The bytes of the entry of that clean name, from what was kept or by a pass. Raises PictureRefused."""
        if name in self._kept:
            return self._kept[name]
        self.close()
        self._begin()
        return self.seek(name, limits)

    def seek(self, name: str, limits: Limits) -> bytes:
        """The bytes of the next plain file of that clean name.

        Raises PictureRefused; where the archive breaks off it does so again for each name that is asked for.
        """
        while self._broken is None:
            try:
                member = next(self._members, None)
            except PictureRefused as refused:
                self._broken = refused
                break
            if member is None:
                self._broken = gone()
            elif not member.directory and member.refused is None and clean_name(member.name) == name:
                # What comes out of a packed archive counts against its budget already, where it is unpacked.
                part = _Part(self._stream, member.size)
                return Budget(self._limits).take(part, size=member.size, packed=None, limits=limits)
        raise self._broken

    def _begin(self) -> None:
        self._stream = open_forward(self._path, Budget(self._limits))
        self._members = members(self._stream)
        self._broken = None

    def _keep(self, member: Member) -> None:
        room = _KEPT_BYTES - sum(map(len, self._kept.values()))
        if member.refused is None and member.size <= room and extension(member.name) in _TABLES:
            self._kept[clean_name(member.name)] = self._stream.read(member.size)


class _Part:
    """The next `size` bytes of a stream."""

    def __init__(self, stream: Forward, size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, size: int, /) -> bytes:
        data = self._stream.read(min(size, self._left))
        self._left -= len(data)
        return data


class TarSource(ArchiveSource):
    """Pictures in the tar archive that the items' `path` names."""

    kind = "tar"

    @classmethod
    def opened(cls, path: Path, limits: ArchiveLimits) -> OpenTar:
        """Raises BadRequest, OSError."""
        return OpenTar(path, limits)

    def read(
        self, items: Iterable[Item], *, limits: Limits = DEFAULT_LIMITS
    ) -> Iterator[tuple[Item, bytes | PictureRefused]]:
        """The bytes of each of `items`, in one pass, which passes over what is not among them."""
        archive: OpenTar | None = None
        try:
            for item in items:
                try:
                    archive = archive or OpenTar(item.path, self.limits)
                    yield item, archive.seek(str(item.place), limits)
                except PictureRefused as refused:
                    yield item, refused
                except BadRequest as error:
                    yield item, damaged(error.found)
                except OSError:
                    yield item, gone()
        finally:
            if archive is not None:
                archive.close()


def _no_tar(path: Path, found: str) -> BadRequest:
    next_step = "Copy the archive again from where it came, or make it anew."
    return BadRequest(f"a tar archive, {shown(path.name)}", found, next_step)
