"""Rows leave a store and come back: the same lines from both databases, into both."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from gallery_made import LABELS, Filler, answer

from tests.postgres import TEMPLATE
from vitrina.decoder import Decoder
from vitrina.errors import Conflict, OutOfSpace, Stale, VitrinaError
from vitrina.gallery import dump as dump_module
from vitrina.gallery.annotations import Change
from vitrina.gallery.database import Database
from vitrina.gallery.doctor import examine
from vitrina.gallery.dump import TABLES, Dump, dump, rows_of
from vitrina.gallery.migrate import revisions, upgrade
from vitrina.gallery.restored import load, require_empty
from vitrina.gallery.schema import metadata
from vitrina.gallery.store import Store

HEAD = revisions()[-1]


@pytest.fixture
def life(store: Store, fill: Filler) -> Store:
    """A store in which every table has rows, every column of every kind is used."""
    store.collections.create(
        "other",
        "Señales «de» tráfico \u2028 😀",
        title_es="Señales",
        labels=("sí", "no"),
        label_titles={"sí": {"en": "yes", "es": "sí"}, "no": {"en": "no", "es": "no"}},
        model="models/other-1",
        model_revision="1",
        simulated=True,
    )
    cards = [fill.add(), fill.add("food", publish=True), fill.add("drink")]
    batch = store.annotations.append(
        [Change(cards[0].id, "label", "menu", expected_version=1)], actor="staff:ana"
    )
    store.annotations.undo(batch.id, actor="staff:ana")
    store.predictions.add_for_picture(cards[1].id, answer("food", 1 / 3), source="test")
    store.predictions.reset("staff:ana", slug="photos")
    store.predictions.add_for_picture(cards[2].id, answer("drink", 0.1 + 0.2), source="test")
    store.accounts.add("ana", "correct horse battery")
    assert store.accounts.verify("ana", "correct horse battery", address="1.2.3.4") is not None
    return store


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A second database, empty."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield f"sqlite:///{tmp_path}/other.db"
        else:
            yield stack.enter_context(request.getfixturevalue("postgres").database(TEMPLATE))


def dumped(store: Store, folder: Path) -> Dump:
    folder.mkdir()
    return dump(store.database, folder)


def lines(told: Dump) -> dict[str, bytes]:
    return {table: file.read_bytes() for table, file in told.files.items()}


def test_there_and_back_between_both_databases(life: Store, other_url: str, tmp_path: Path) -> None:
    first = dumped(life, tmp_path / "first")
    assert set(first.files) == {table.name for table in metadata.sorted_tables} - {"session", "sign_in"}
    assert all(first.counts.values())
    assert first.schema == HEAD
    assert lines(dumped(life, tmp_path / "again")) == lines(first)
    with Store.open(other_url, life.files.root, minimum_free_bytes=0) as other:
        require_empty(other.database)
        assert load(other.database, first.files, schema=first.schema) == first.counts
        assert lines(dumped(other, tmp_path / "second")) == lines(first)
        assert examine(other).clean
        assert other.collections.all() == life.collections.all()
        for id in (1, 2, 3):
            assert other.pictures.get(id) == life.pictures.get(id)
        assert other.accounts.verify("ana", "correct horse battery", address="9.9.9.9") is not None
        # What comes next has a number of its own.
        assert other.collections.create("new", "New", labels=("a",)).id == 3
        card = other.pictures.get(1).card
        change = Change(card.id, "label", "food", expected_version=card.version)
        event = other.annotations.append([change], actor="staff:ana").events[0]
        assert event.id == first.counts["annotation"] + 1
        assert other.accounts.add("eva", "correct horse battery").id == 2


def test_a_line_is_plain(life: Store, tmp_path: Path) -> None:
    told = dumped(life, tmp_path / "rows")
    photos, other = rows_of(told.files["collection"])
    assert list(photos) == [column.name for column in metadata.tables["collection"].columns]
    assert photos["labels"] == list(LABELS)
    assert photos["model"] is None
    assert other["title"] == life.collections.get("other").title
    assert other["simulated"] is True
    assert photos["created_at"].endswith("+00:00")
    assert len(photos["created_at"]) == len("2026-01-01T00:00:00.000000+00:00")
    (first, _) = rows_of(told.files["prediction"])
    assert isinstance(first["confidence"], float)
    assert all(line.isascii() for line in lines(told).values())
    ids = [row["id"] for row in rows_of(told.files["prediction"])]
    assert ids == sorted(ids)


def test_one_moment_beside_two_who_write(store: Store, fill: Filler, tmp_path: Path) -> None:
    """What was acknowledged before is in it; what is in it is whole; nobody waits long."""
    ids = [fill.add().id for _ in range(4)]
    acknowledged: list[int] = []
    stop = threading.Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        while not stop.is_set():
            card = store.pictures.get(chance.choice(ids)).card
            change = Change(card.id, "label", chance.choice(LABELS), expected_version=card.version)
            try:
                acknowledged.append(store.annotations.append([change], actor=f"staff:{seed}").events[0].id)
            except Stale:
                continue

    threads = [threading.Thread(target=write, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(3):
            before = list(acknowledged)
            told = dumped(store, tmp_path / f"rows{number}")
            with Store.open(
                f"sqlite:///{tmp_path}/{number}.db", store.files.root, minimum_free_bytes=0
            ) as other:
                load(other.database, told.files, schema=told.schema)
                assert examine(other).clean
            kept = {row["id"] for row in rows_of(told.files["annotation"])}
            assert set(before) <= kept
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert len(acknowledged) > 3


@pytest.fixture
def small(tmp_path: Path, decoder: Decoder) -> Iterator[Store]:
    """One picture, in SQLite alone."""
    with Store.open(f"sqlite:///{tmp_path}/small.db", tmp_path / "small", minimum_free_bytes=0) as store:
        store.collections.create("photos", "Photos", labels=LABELS)
        Filler(store, decoder, tmp_path / "made").add("food", publish=True)
        yield store


@pytest.fixture
def told(small: Store, tmp_path: Path) -> Dump:
    return dumped(small, tmp_path / "rows")


def test_a_store_with_rows_is_no_place(small: Store, told: Dump) -> None:
    store = small
    for call in (
        lambda: require_empty(store.database),
        lambda: load(store.database, told.files, schema=HEAD),
    ):
        with pytest.raises(Conflict) as error:
            call()
        assert str(error.value) == (
            "Expected an empty store to restore into; found a database with rows (1 collection, 1 picture, "
            "1 annotation). Name an empty folder with --into, or move this store away first."
        )


def test_rows_of_a_newer_schema(told: Dump, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(VitrinaError) as error:
        load(database, told.files, schema="9999")
    assert str(error.value) == (
        f"Expected a backup of schema {HEAD} or older; found schema 9999, which a newer Vitrina made. "
        "Install that newer version, or restore an older backup with --revision."
    )
    database.close()


def test_rows_of_an_older_schema_are_migrated(told: Dump, other_url: str, tmp_path: Path) -> None:
    oldest = revisions()[0]
    _as_of(oldest, told, tmp_path)
    database = Database(other_url)
    assert load(database, told.files, schema=oldest) == told.counts
    with database.reader() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == HEAD
        for table in TABLES:
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == told.counts[table.name]
    database.close()
    Database(other_url).close()  # What opens it next finds nothing to do.


def _as_of(revision: str, told: Dump, tmp_path: Path) -> None:
    """Leaves the columns that an older schema did not have out of every line."""
    engine = sa.create_engine(f"sqlite:///{tmp_path}/old.db")
    with engine.begin() as connection:
        upgrade(connection, revision)
        tables = sa.MetaData()
        tables.reflect(connection)
    engine.dispose()
    left_out = 0
    for name, file in told.files.items():
        kept = tables.tables[name].columns.keys()
        rows = list(rows_of(file))
        left_out += sum(len(row) - len(kept) for row in rows)
        file.write_text("".join(json.dumps({key: row[key] for key in kept}) + "\n" for row in rows))
    assert left_out > 0


@pytest.mark.parametrize(
    ("table", "old", "new", "found"),
    [
        ("picture", "{", "", "Expected a JSON object on line 1 of picture.jsonl; found Extra data"),
        ("picture", None, "[1]\n", "Expected a JSON object on line 1 of picture.jsonl; found list."),
        ("picture", '"width"', '"girth"', "fit the table picture; found girth, width on one side alone."),
        ("picture", '"collection_id": 1', '"collection_id": 7', "rows that fit the table"),
        ("annotation", '"at": "2', '"at": "x2', "fit the table annotation; found Invalid isoformat string"),
        ("collection", '"slug": "photos"', '"slug": null', "Expected rows that fit the table collection;"),
    ],
)
def test_rows_that_do_not_fit_change_nothing(
    told: Dump, tmp_path: Path, table: str, old: str | None, new: str, found: str
) -> None:
    file = told.files[table]
    file.write_text(new if old is None else file.read_text().replace(old, new, 1))
    database = Database(f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(VitrinaError) as error:
        load(database, told.files, schema=HEAD)
    assert found in str(error.value)
    assert error.value.next_step == "Take the backup anew, or restore an earlier one."
    require_empty(database)
    database.close()


def test_rows_of_a_table_that_is_none(told: Dump, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(VitrinaError) as error:
        load(database, {**told.files, "spell": told.files["picture"]}, schema=HEAD)
    assert error.value.expected.startswith("rows of the tables account, alembic_version, annotation")
    assert error.value.found == "rows of spell"
    database.close()


def test_no_room_for_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(f"sqlite:///{tmp_path}/one.db", tmp_path / "files") as store:
        real = dump_module.sqlite3.connect

        def small(path: Path) -> object:
            connection = real(path)
            connection.execute("PRAGMA max_page_count = 4")
            return connection

        monkeypatch.setattr(dump_module.sqlite3, "connect", small)
        with pytest.raises(OutOfSpace) as error:
            dump(store.database, tmp_path)
    assert error.value.expected.startswith("room for a copy of the database in ")
    assert (error.value.found, error.value.next_step) == (
        "a full disk",
        "Make room there, or point TMPDIR at a larger disk, then try again.",
    )
