"""A small gallery to back up, looked at without a worker process."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.server.conftest import photo
from vitrina.decoder.examined import Examined, examine_bytes
from vitrina.errors import PictureRefused
from vitrina.gallery.annotations import Change
from vitrina.gallery.doctor import examine
from vitrina.gallery.dump import dump
from vitrina.gallery.store import Store
from vitrina.images import Limits
from vitrina.prediction import Prediction
from vitrina.repositories.repository import Repository
from vitrina.server.restore import restore

MODEL = "models/photos-1a2b"
WEIGHTS = bytes(range(256)) * 40
WHEN = "2026-11-27T10:00:00+00:00"
LATER = "2026-11-27T11:00:00+00:00"


class Here:
    """The decoder's own work, done in this process."""

    limits = Limits()

    def examine(self, path: Path) -> Examined:
        return examine_bytes(path.read_bytes(), limits=self.limits)

    def examine_many(self, paths: Iterable[Path]) -> Iterator[Examined | PictureRefused]:
        for path in paths:
            try:
                yield self.examine(path)
            except PictureRefused as refused:
                yield refused


def here() -> Any:
    """`Here`, in the place of a Decoder."""
    return Here()


def open_store(data: Path) -> Store:
    """The store in a data folder, as the commands open it."""
    data.mkdir(parents=True, exist_ok=True)
    return Store.open(f"sqlite:///{data}/vitrina.sqlite3", data / "pictures", minimum_free_bytes=0)


def add(store: Store, seed: int, *, label: str | None = None) -> int:
    """One more picture of the collection photos, published where it has a label; its id."""
    way_in = store.ingest(here())
    incoming = way_in.incoming(1 << 20)
    incoming.write(photo(seed, size=(32, 24), kind=("PNG", "JPEG")[seed % 2]))
    accepted = way_in.accept(
        incoming,
        slug="photos",
        source="test",
        file_name=f"{seed}.jpg",
        actor="import",
        label=label,
        publish=label is not None,
    )
    return accepted.picture.id


def label(store: Store, id: int, name: str) -> int:
    """A member of staff labels a picture; the number of the event."""
    card = store.pictures.get(id).card
    change = Change(id, "label", name, expected_version=card.version)
    return store.annotations.append([change], actor="staff:ana").events[0].id


@cache
def _template() -> tempfile.TemporaryDirectory[str]:
    made = tempfile.TemporaryDirectory(prefix="vitrina-backup-made-")
    with open_store(Path(made.name) / "data") as store:
        fill(store, Path(made.name) / "data")
    return made


def begin(data: Path) -> None:
    """A data folder as `fill` leaves it, the same each time; its pictures have the numbers 1 to 5."""
    shutil.copytree(Path(_template().name) / "data", data)


def fill(store: Store, data: Path, *, pictures: int = 5) -> list[int]:
    """A collection with a model of its own, pictures in several states, an account."""
    store.collections.create("photos", "Photos", labels=("food", "drink"))
    folder = data / MODEL
    (folder / "parts").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    (folder / "parts" / "eval_results.json").write_text('{"accuracy": 0.5}')
    store.collections.set_model("photos", model=MODEL, revision="sha256:1a2b")
    ids = [add(store, seed, label=("food", None)[seed % 2]) for seed in range(pictures)]
    label(store, ids[1], "drink")
    version = store.pictures.get(ids[0]).card.version
    store.annotations.append([Change(ids[0], "trash", expected_version=version)], actor="staff:ana")
    given = Prediction({"food": 0.75, "drink": 0.25}, "food", 0.75, False, "sha256:1a2b")
    store.predictions.add_for_picture(ids[2], given, source="test")
    store.accounts.start_session(store.accounts.add("ana", "correct horse battery"))
    return ids


def kept(store: Store, data: Path) -> dict[str, bytes]:
    """Everything that a backup must bring back: rows, originals, models."""
    with tempfile.TemporaryDirectory() as place:
        rows = {name: file.read_bytes() for name, file in dump(store.database, Path(place)).files.items()}
    files = [*(data / "pictures" / "originals").rglob("*"), *(data / "models").rglob("*")]
    inside = [path for path in files if path.is_file()]
    return rows | {path.relative_to(data).as_posix(): path.read_bytes() for path in inside}


def restored(
    repository: Repository, data: Path, *, revision: str = "main", small: bool = True
) -> dict[str, bytes]:
    """What the store in `data`, restored from that revision, keeps; it is clean, with or without small pictures."""
    with open_store(data) as store:
        done = restore(repository, store, data=data, revision=revision, decoder=here() if small else None)
        assert done.clean, done
        report = examine(store)
        assert (report.clean, report.orphans) == (True, [])
        assert not (small and report.to_make)
        assert list(data.glob(".restoring-*")) == []
        return kept(store, data)
