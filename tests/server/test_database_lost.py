"""A server of PostgreSQL that goes while the app serves: 503 in three parts, then as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.postgres import TEMPLATE, Cluster, cluster
from tests.server.conftest import HOST, NAME, PASSWORD
from vitrina.server.app import build_server
from vitrina.server.settings import Settings

GONE = "Expected a database that answers; found none, or a connection that was lost. Try again in a moment."


@pytest.fixture(scope="module")
def postgres() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


def test_while_the_database_is_away(postgres: Cluster, tmp_path: Path) -> None:
    with postgres.database(TEMPLATE) as url:
        app = build_server(Settings(data=tmp_path / "data", database_url=url, first_start=False))
        store = app.state.services.store
        store.collections.create("flowers", "Flowers", labels=("rose", "tulip"))
        store.accounts.add(NAME, PASSWORD)
        client = TestClient(app, base_url=HOST, follow_redirects=False)
        sign_in = {"data": {"name": NAME, "password": PASSWORD}, "headers": {"origin": HOST}}
        assert client.post("/backend/sign-in", **sign_in).status_code == 303
        asked = [
            ("GET", "/api/collections/flowers", {}),
            ("GET", "/pictures/1/thumb.webp", {}),
            ("GET", "/backend/", {}),
            ("GET", "/backend/sign-in", {}),
            # Nobody is told that a password is wrong that was not looked at.
            ("POST", "/backend/sign-in", sign_in),
        ]
        before = [client.request(how, where, **what).status_code for how, where, what in asked]
        assert before == [200, 404, 200, 200, 303]
        postgres.stop()
        try:
            for how, where, what in asked:
                answer = client.request(how, where, **what)
                assert answer.status_code == 503, (where, answer.text)
                assert answer.json()["error"]["message"] == GONE
                assert answer.json()["error"]["reason"] == "DatabaseUnreachable"
                assert answer.headers["retry-after"] == "5"
                assert str(postgres.folder) not in answer.text
        finally:
            postgres.start()
        assert [client.request(how, where, **what).status_code for how, where, what in asked] == before
        client.close()
        app.state.services.close()
