"""Pictures in a rar archive: stored entries by themselves, packed ones through a program on the machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.errors import BadRequest, PictureRefused
from vitrina.images import Limits
from vitrina.readers.archive import (
    ArchiveSource,
    Entry,
    clean_name,
    kind_problem,
    problem,
    read_archive,
    too_many_entries,
)
from vitrina.readers.budget import DEFAULT_ARCHIVE_LIMITS, ArchiveLimits, Budget, damaged, gone
from vitrina.readers.names import shown
from vitrina.readers.naming import Told
from vitrina.readers.unpacked import beginning

if TYPE_CHECKING:
    from rarfile import RarFile, RarInfo

_SIGNATURE = b"Rar!\x1a\x07"
_AGAIN = "Copy the archive again from where it came, or make it anew."


def fits(path: Path) -> bool:
    """Whether `path` is a file that begins like a rar archive or is named like one."""
    if not path.is_file():
        return False
    if path.suffix.lower() == ".rar":
        return True
    return beginning(path, len(_SIGNATURE)) == _SIGNATURE


def read_rar(
    path: Path,
    *,
    class_names: Sequence[str] | None = None,
    label_column: str | None = None,
    limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS,
) -> RarSource:
    """Pictures and labels in a rar archive (versions 3 to 5), as `lay_out` finds them, in the archive's order.

    Left out, each with its reason: entries that are encrypted, links, copies of another entry, continued in
    another volume, archives, duplicates of a name, names that lead out of the archive, entries that break a
    budget. Raises BadRequest where the file is no rar archive or an encrypted one, has too many entries, holds
    none but bad ones, or packed ones while no program that unpacks them is installed.
    """
    return read_archive(RarSource, path, told=Told(class_names, label_column), limits=limits)


class OpenRar:
    """A rar archive open for reading. Raises BadRequest as `read_rar` does, OSError."""

    def __init__(self, path: Path, limits: ArchiveLimits) -> None:
        self._path, self._limits = path, limits
        self._budget = Budget(limits)
        self._continued = ""
        with path.open("rb") as file:
            head = file.read(len(_SIGNATURE))
        if head != _SIGNATURE:
            raise _no_rar(path, "another kind of file")
        self._rar = self._parse()
        if self._rar.needs_password() and not self._rar.infolist():
            next_step = "Make the archive anew without a password."
            raise BadRequest(
                f"a rar archive that can be read, {shown(path.name)}", "an encrypted one", next_step
            )
        self._by_name = {
            clean_name(info.filename): info for info in self._rar.infolist() if not info.is_dir()
        }

    def close(self) -> None:
        self._rar.close()

    def entries(self) -> list[Entry]:
        """Its files in their order, with the reasons to refuse that a rar archive can give."""
        from rarfile import RAR_M0

        infos = [info for info in self._rar.infolist() if not info.is_dir()]
        found = [Entry(info.filename, info.file_size, self._packed(info), _problem(info)) for info in infos]
        total = sum(entry.size for entry in found)
        if self._rar.is_solid() and total > self._limits.ratio * self._path.stat().st_size:
            raise _no_rar(self._path, f"one that unpacks to more than {self._limits.ratio} times its size")
        packed = [entry for info, entry in zip(infos, found, strict=True) if info.compress_type != RAR_M0]
        if any(problem(entry, self._limits) is None for entry in packed) and not _can_unpack():
            raise _no_program(self._path)
        if self._continued:
            found.append(Entry(self._continued, 0, None, "it begins in another volume"))
        if said := self._rar.strerror():
            # Where a header is damaged, rarfile stops in silence and gives what came before.
            found.append(Entry("(the rest)", 0, None, f"the archive cannot be read beyond this: {said}"))
        return found

    def take(self, name: str, limits: Limits) -> bytes:
        """The bytes of the entry of that clean name. Raises PictureRefused."""
        info = self._by_name.get(name)
        if info is None:
            raise gone()
        try:
            with self._rar.open(info) as stream:
                packed = self._packed(info)
                return self._budget.take(stream, size=info.file_size, packed=packed, limits=limits)
        except PictureRefused:
            raise
        except Exception as error:
            raise damaged(str(error)) from error

    def _packed(self, info: RarInfo) -> int | None:
        """In a solid archive what an entry takes up says nothing: the one before may hold the same bytes."""
        return None if self._rar.is_solid() else info.compress_size

    def _parse(self) -> RarFile:
        from rarfile import RAR_FILE_SPLIT_BEFORE, RarCannotExec, RarFile

        seen = 0

        def count(block: RarInfo) -> None:
            nonlocal seen
            seen += 1
            if block.filename and block.flags & RAR_FILE_SPLIT_BEFORE:
                self._continued = block.filename
            # Folders, comments and the ends of the archive are counted along with the files.
            if seen > 2 * self._limits.entries + 100:
                raise too_many_entries(self._limits)

        try:
            # Without part_only the headers may name other files on this machine as further volumes.
            return RarFile(str(self._path), info_callback=count, part_only=True)
        except (BadRequest, OSError):
            raise
        except RarCannotExec as error:
            raise _no_program(self._path) from error  # A packed comment needs one as well.
        except Exception as error:
            raise _no_rar(self._path, f"a damaged one ({error})") from error


class RarSource(ArchiveSource):
    """Pictures in the rar archive that the items' `path` names."""

    kind = "rar"

    @classmethod
    def opened(cls, path: Path, limits: ArchiveLimits) -> OpenRar:
        """Raises BadRequest, OSError."""
        return OpenRar(path, limits)


def _problem(info: RarInfo) -> str | None:
    from rarfile import RAR_FILE_SPLIT_AFTER, RAR_FILE_SPLIT_BEFORE, RAR_M0, RAR_OS_UNIX

    if info.needs_password():
        return "encrypted"
    if info.is_symlink() or info.file_redir is not None:
        return "a link"
    if info.host_os == RAR_OS_UNIX and (problem := kind_problem(info.mode or 0)) is not None:
        return problem
    if info.flags & (RAR_FILE_SPLIT_BEFORE | RAR_FILE_SPLIT_AFTER):
        return "continued in another volume"
    if info.compress_type == RAR_M0 and info.file_size != info.compress_size:
        return "its two sizes do not agree"
    if info.compress_type != RAR_M0 and any(sign in info.filename for sign in "*?"):
        # The programs that unpack take such names as patterns.
        return "a name with * or ?"
    return None


def _can_unpack() -> bool:
    import rarfile

    try:
        # rarfile 4.5 calls bsdtar with its arguments in the wrong order ("-f -- archive"), so it never works.
        rarfile.tool_setup(bsdtar=False, force=True)
    except rarfile.RarCannotExec:
        return False
    return True


def _no_program(path: Path) -> BadRequest:
    return BadRequest(
        f"a program that unpacks rar archives ({shown(path.name)} is packed)",
        "none of unrar, unar and 7z on this machine",
        "Install one (Debian: apt install unar), or unpack the archive and give the folder.",
    )


def _no_rar(path: Path, found: str) -> BadRequest:
    return BadRequest(f"a rar archive, {shown(path.name)}", found, _AGAIN)
