"""Photos that came in without a model get their answers when it is there."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.server.conftest import photo
from vitrina.server.app import open_services
from vitrina.server.settings import Settings
from vitrina.services import Principal
from vitrina.services.waiting import classify_waiting
from vitrina.starter import ensure_collections


def test_waiting_photos_are_answered_and_a_lost_file_stops_nobody(tmp_path: Path) -> None:
    services = open_services(Settings(data=tmp_path, minimum_free_bytes=0))
    try:
        ensure_collections(services)
        ensure_collections(services)  # Once more changes nothing.
        store, slug = services.store, "restaurant-photos"
        ids = []
        for number in range(3):
            path = tmp_path / f"{number}.jpg"
            path.write_bytes(photo(number))
            accepted = store.ingest(services.decoder).accept(
                path, slug=slug, source="test", file_name=path.name, actor="staff:ana"
            )
            ids.append(accepted.picture.id)
        lost = store.pictures.get(ids[1]).card
        store.files.path_of(lost.sha256).unlink()
        answered = classify_waiting(
            store, services.classifiers, services.decoder, slug=slug, stop=threading.Event()
        )
        assert answered == 2
        queue = services.curation.queue(Principal("ana", "127.0.0.1", is_staff=True), slug)
        assert [item["prediction"] is None for item in sorted(queue["items"], key=lambda i: i["id"])] == [
            False,
            True,
            False,
        ]
        again = classify_waiting(
            store, services.classifiers, services.decoder, slug=slug, stop=threading.Event()
        )
        assert again == 0
    finally:
        services.close()
