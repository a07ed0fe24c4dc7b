"""Large collections are read along an index."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from gallery_made import grow, on_postgresql, on_sqlite

from tests.postgres import Cluster
from vitrina.gallery.store import Store


@pytest.fixture
def grown(store: Store) -> Store:
    grow(store, 2_000)
    return store


@pytest.fixture
def plans(grown: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How SQLite goes about each statement on pictures that a reader sends."""
    seen: list[str] = []

    def explain(
        connection: sa.Connection, cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        if "FROM picture" in statement and not statement.startswith("EXPLAIN"):
            rows = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            seen.append("; ".join(row[3] for row in rows))

    sa.event.listen(grown.database._readers, "before_cursor_execute", explain)
    return seen


@pytest.mark.slow
@on_sqlite
@pytest.mark.parametrize("label", [None, "food"])
@pytest.mark.parametrize("order", ["newest", "least_sure"])
def test_a_page_is_index_served(grown: Store, plans: list[str], label: str | None, order: str) -> None:
    page = grown.pictures.page("photos", view="published", label=label, order=order, offset=300, limit=60)
    assert len(page.items) == 60
    assert page.total == (2_000 if label is None else 666)
    count, ids, _ = plans
    assert "COVERING INDEX" in count
    assert "COVERING INDEX" in ids
    assert not any("TEMP B-TREE" in plan or "SCAN picture" in plan for plan in (count, ids)), plans


@on_sqlite
def test_counts_are_index_served(grown: Store, plans: list[str]) -> None:
    grown.collections.counts("photos")
    assert len(plans) == 1
    assert "COVERING INDEX" in plans[0]
    assert "TEMP B-TREE" not in plans[0]


@on_sqlite
@pytest.mark.parametrize("label", [None, "food"])
def test_neighbours_are_index_served(grown: Store, plans: list[str], label: str | None) -> None:
    # Numbers divisible by three are food; the newest have the highest numbers.
    assert grown.pictures.neighbours(999, label=label) == ((1000, 998) if label is None else (1002, 996))
    _, newer, older = plans
    for plan in (newer, older):
        assert "COVERING INDEX ix_picture" in plan
        assert "TEMP B-TREE" not in plan


def test_pages_follow_one_another(grown: Store) -> None:
    ids = [
        card.id
        for offset in range(0, 2_000, 400)
        for card in grown.pictures.page("photos", view="published", offset=offset, limit=400).items
    ]
    assert ids == list(range(2_000, 0, -1))


@on_postgresql
def test_a_server_reads_along_the_same_indices(grown: Store, postgres: Cluster) -> None:
    # What autovacuum, off here, does by itself once a table has grown.
    postgres.execute("VACUUM ANALYZE picture", database=str(grown.database.url.database))
    plans: list[str] = []

    def explain(
        connection: sa.Connection, _cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        if "FROM picture" in statement and "JOIN" not in statement:
            cursor = connection.connection.cursor()
            # A table as small as this is read whole otherwise.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            plans.append("; ".join(row[0] for row in cursor.execute(f"EXPLAIN {statement}", parameters)))

    sa.event.listen(grown.database._readers, "before_cursor_execute", explain)
    for label in (None, "food"):
        for order in ("newest", "least_sure"):
            page = grown.pictures.page("photos", view="published", label=label, order=order, offset=300)
            assert len(page.items) == 60
        grown.pictures.neighbours(999, label=label)
    assert len(plans) == 12
    for plan in plans:
        assert "Index Only Scan" in plan, plans
        assert "Sort" not in plan, plans
