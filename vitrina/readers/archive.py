"""Entries of an archive, the good told from the bad before any is read."""

from __future__ import annotations

import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

from vitrina.errors import BadRequest, PictureRefused
from vitrina.images import DEFAULT_LIMITS, Limits
from vitrina.readers.budget import DEFAULT_ARCHIVE_LIMITS, ArchiveLimits, damaged, gone
from vitrina.readers.item import Item, Skipped, Source
from vitrina.readers.layout import lay_out
from vitrina.readers.names import extension, shown
from vitrina.readers.naming import Told

LONGEST_NAME = 1024
_ARCHIVES = frozenset(
    {".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".lzma", ".zst", ".lz4", ".z"}
    | {".rar", ".7z", ".cab", ".iso", ".jar", ".arj", ".lzh"}
)
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in an archive as its listing tells it: `size` bytes unpacked, `packed` bytes in the archive (None
    where the listing does not say). `refused` is the format's own reason to leave it out.
    """

    name: str
    size: int
    packed: int | None = None
    refused: str | None = None


def clean_name(name: str) -> str:
    """`name` as relative parts with forward slashes, which is how items name their place in an archive.

    Backslashes count as separators: archives made on Windows hold them.
    """
    parts = name.replace("\\", "/").split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def name_problem(name: str) -> str | None:
    """What keeps an entry of that name out, or None."""
    slashed = name.replace("\\", "/")
    if any(unicodedata.category(c) == "Cc" for c in name):
        return "a name with control characters"
    if len(name) > LONGEST_NAME:
        return f"a name of {len(name):,} characters"
    if slashed.startswith("/") or _DRIVE.match(name):
        return "an absolute name"
    if ".." in slashed.split("/"):
        return "a name that leads out of the archive"
    if not clean_name(name):
        return "no name"
    if extension(slashed.rsplit("/", 1)[-1]) in _ARCHIVES:
        return "an archive inside the archive"
    return None


def kind_problem(mode: int) -> str | None:
    """What keeps an entry of that Unix mode out, or None; a mode without a kind is a plain file's."""
    kind = stat.S_IFMT(mode)
    if kind in (0, stat.S_IFREG):
        return None
    return "a link" if kind == stat.S_IFLNK else "a device, not a file"


def vet(entries: Iterable[Entry], limits: ArchiveLimits) -> tuple[dict[str, Entry], list[Skipped]]:
    """(the good entries by their clean names, in the archive's order; the refused ones with their reasons).

    Of entries with the same name none is taken: programs do not agree on which one counts. Raises BadRequest
    where there are more entries than the limit.
    """
    entries = list(entries)
    if len(entries) > limits.entries:
        raise too_many_entries(limits)
    seen = Counter(_key(entry.name) for entry in entries)
    good: dict[str, Entry] = {}
    skipped: list[Skipped] = []
    total = 0
    for entry in entries:
        reason = problem(entry, limits)
        if reason is None and seen[_key(entry.name)] > 1:
            reason = f"its name is in the archive {seen[_key(entry.name)]} times"
        if reason is None and total + entry.size > limits.archive_bytes:
            reason = f"past the {limits.archive_bytes:,} bytes that the archive may hold unpacked"
        if reason is not None:
            skipped.append(Skipped(_fit(entry.name), reason))
            continue
        total += entry.size
        good[clean_name(entry.name)] = entry
    return good, skipped


def problem(entry: Entry, limits: ArchiveLimits) -> str | None:
    """What keeps an entry out by itself, or None."""
    return entry.refused or name_problem(entry.name) or size_problem(entry, limits)


def size_problem(entry: Entry, limits: ArchiveLimits) -> str | None:
    """What keeps an entry of its declared sizes out, or None."""
    if entry.size > limits.entry_bytes:
        return f"{entry.size:,} bytes unpacked, where {limits.entry_bytes:,} are the most"
    if entry.packed is not None and entry.size > limits.ratio * entry.packed:
        return f"it unpacks to more than {limits.ratio} times its size"
    return None


def unreadable(path: Path, error: OSError) -> BadRequest:
    """The refusal of a file that the system does not give out."""
    found = f"one that cannot be read ({error.strerror or type(error).__name__})"
    return BadRequest(
        f"a file, {shown(path.name)}", found, "Check that it is there and that you may read it."
    )


def too_many_entries(limits: ArchiveLimits) -> BadRequest:
    """The refusal of a whole archive; nobody counts to its end."""
    return BadRequest(
        f"an archive of at most {limits.entries:,} entries",
        "more",
        "Unpack it into a folder yourself and give that, or allow more entries (--max_entries).",
    )


class OpenArchive(Protocol):
    """An archive open for one pass. Made from its path and limits; raises BadRequest where it is none."""

    def entries(self) -> list[Entry]:
        """Its files in their order."""

    def take(self, name: str, limits: Limits) -> bytes:
        """The bytes of the entry of that clean name. Raises PictureRefused."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class ArchiveSource(Source):
    """Pictures in the archive that the items' `path` names; `place` is the entry's clean name."""

    limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS
    kind: ClassVar[str]

    @classmethod
    def opened(cls, path: Path, limits: ArchiveLimits) -> OpenArchive:
        """Raises BadRequest, OSError."""
        raise NotImplementedError

    def read(
        self, items: Iterable[Item], *, limits: Limits = DEFAULT_LIMITS
    ) -> Iterator[tuple[Item, bytes | PictureRefused]]:
        """The bytes of each of `items`; an entry that breaks a budget or its check sum comes as its refusal."""
        archive: OpenArchive | None = None
        try:
            for item in items:
                try:
                    archive = archive or self.opened(item.path, self.limits)
                    yield item, archive.take(str(item.place), limits)
                except PictureRefused as refused:
                    yield item, refused
                except BadRequest as error:
                    yield item, damaged(error.found)
                except OSError:
                    yield item, gone()
        finally:
            if archive is not None:
                archive.close()


S = TypeVar("S", bound=ArchiveSource)


def read_archive(into: type[S], path: Path, *, told: Told, limits: ArchiveLimits) -> S:
    """The pictures of an archive as `lay_out` finds them, in the archive's order, what is left out first.

    Raises BadRequest where `path` is no such archive, holds too many entries, or bad ones alone.
    """
    try:
        archive = into.opened(path, limits)
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        good, skipped = vet(archive.entries(), limits)
        if skipped and not good:
            first = f"{skipped[0].file_name}: {skipped[0].reason}"
            expected, found = f"pictures in {shown(path.name)}", f"none that can be taken ({first})"
            raise BadRequest(expected, found, "Make the archive anew from the pictures alone.")

        def table(name: str) -> bytes:
            try:
                return archive.take(name, Limits(max_bytes=limits.entry_bytes))
            except PictureRefused as refused:
                expected = f"a table that can be read, {shown(name)} in {shown(path.name)}"
                raise BadRequest(expected, refused.found, "Make the archive anew.") from refused

        laid = lay_out(
            list(good),
            source=f"{into.kind}:{shown(path.name)}",
            path_of=lambda _: path,
            place_of=lambda name: name,
            read=table,
            told=told,
        )
    finally:
        archive.close()
    order = {name: number for number, name in enumerate(good)}
    items = sorted(laid.items, key=lambda item: order[str(item.place)])
    skipped += laid.skipped
    return into(items, laid.class_names, laid.inferred, skipped, laid.columns, laid.remarks, limits)


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", clean_name(name))


def _fit(name: str) -> str:
    """An entry's name as it can be shown: hostile ones hold anything."""
    plain = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs") else "�" for c in shown(name))
    return plain if len(plain) <= 200 else plain[:200] + "…"
