"""The store: one database, one folder of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.errors import NotFound
from vitrina.gallery.accounts import Accounts
from vitrina.gallery.annotations import Annotations
from vitrina.gallery.collections import Collections
from vitrina.gallery.database import Database
from vitrina.gallery.files import FileStore
from vitrina.gallery.pictures import Pictures
from vitrina.gallery.predictions import Predictions

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.ingest import Ingest


class Store:
    """Everything a gallery keeps. Open it with `Store.open`; safe to share between threads."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self.database = database
        self.files = files
        self.collections = Collections(database)
        self.pictures = Pictures(database)
        self.annotations = Annotations(database)
        self.predictions = Predictions(database)
        self.accounts = Accounts(database)

    @classmethod
    def open(cls, database_url: str, files: Path, *, minimum_free_bytes: int = 200_000_000) -> Store:
        """The store at that URL with its files under that folder, both made where they are absent.

        Uploads stop where less than `minimum_free_bytes` would be left on the disk. Raises VitrinaError for a
        database that cannot be used.
        """
        database = Database(database_url)
        try:
            return cls(database, FileStore(files, minimum_free_bytes=minimum_free_bytes))
        except BaseException:
            database.close()
            raise

    def derivative(self, sha256: str, kind: str, *, decoder: Decoder) -> Path:
        """The "thumb" or "large" WebP of a stored picture, made again from its original where it is gone.

        Raises NotFound where there is no original, PictureRefused where it is damaged, OutOfSpace.
        """
        path = self.files.derivative(sha256, kind)
        if path.is_file():
            return path
        original = self.files.path_of(sha256)
        if not original.is_file():
            raise NotFound(f"the file of picture {sha256[:12]}", "none", "Restore the files from a backup.")
        examined = decoder.examine(original)
        self.files.write_derivative(sha256, kind, examined.thumbnail if kind == "thumb" else examined.large)
        return path

    def ingest(
        self,
        decoder: Decoder,
        *,
        step: Callable[[str], None] | None = None,
        max_bytes: int | None = None,
    ) -> Ingest:
        """The way in for pictures of at most `max_bytes` (those that the decoder takes, where None).

        `step` is called with each step before it is taken.
        """
        from vitrina.gallery.ingest import Ingest

        return Ingest(
            self, decoder, step=step or (lambda _: None), max_bytes=max_bytes or decoder.limits.max_bytes
        )

    def close(self) -> None:
        """Gives the connections back; everything acknowledged is on disk already."""
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
