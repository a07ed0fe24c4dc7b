"""A folder of pictures taken into a collection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.errors import BadRequest, NotFound
from vitrina.gallery.bulk import ImportReport, require_plain_files
from vitrina.gallery.collections import how_to_add_labels
from vitrina.gallery.store import Store
from vitrina.readers import open_source

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.ingest import Classify
    from vitrina.readers import Source

__all__ = ["ImportReport", "import_folder", "open_folder"]


def open_folder(folder: Path) -> Source:
    """What `import_folder` would take from `folder`. Raises VitrinaError where it would take nothing."""
    source = open_source(Path(folder))
    require_plain_files(source.items)
    if not source.items:
        raise BadRequest(
            "a folder with pictures",
            f"none in {Path(folder).name} ({source.inferred})",
            "Choose another folder.",
        )
    return source


def import_folder(
    store: Store,
    folder: Path,
    *,
    slug: str,
    title: str | None = None,
    decoder: Decoder,
    classify: Classify | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    # The two ends, what decodes, what classifies, what is shown meanwhile: seven, each of its own kind.
    """Takes class folders (published under their labels) or a plain pile (waits for review) into a
    collection.

    Class folders make the collection where there is none; a pile needs one, since nobody invents its labels.
    A table of file names with its pictures beside it is taken too, an archive is not: its pictures have no file
    of their own. Raises BadRequest for that, for a folder that does not fit the collection, VitrinaError where
    nothing can be read.
    """
    source = open_folder(folder)
    try:
        collection = store.collections.get(slug)
    except NotFound:
        if not source.class_names:
            raise BadRequest(
                f"a collection {slug} for a plain pile of pictures",
                "none of that name",
                "Create it with its labels first, or sort the pictures into one folder a class.",
            ) from None
        name = title or slug.replace("-", " ").capitalize()
        collection = store.collections.create(slug, name, labels=source.class_names)
    if missing := [name for name in source.class_names if name not in collection.labels]:
        raise BadRequest(
            f"class folders among the labels of {slug} ({', '.join(collection.labels)})",
            f"the folders {', '.join(missing)}",
            how_to_add_labels(slug, missing),
        )
    ingest = store.ingest(decoder)
    report = ingest.accept_many(source.items, slug=slug, classify=classify, progress=progress)
    report.skipped = [(skipped.file_name, skipped.reason) for skipped in source.skipped]
    report.inferred = source.inferred
    return report
