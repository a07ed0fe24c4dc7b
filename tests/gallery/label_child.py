"""Labels pictures one by one at the version it has seen; says each event once it is durable."""

from __future__ import annotations

import random
import sys
from pathlib import Path

from vitrina.errors import Stale
from vitrina.gallery.annotations import Change
from vitrina.gallery.store import Store


def main(url: str, folder: Path, number: int, *, count: int) -> None:
    chance = random.Random(number)
    with Store.open(url, folder / "files", minimum_free_bytes=0) as store:
        labels = store.collections.get("photos").labels
        ids = [card.id for card in store.pictures.page("photos", view="review").items]
        print("ready", flush=True)
        sys.stdin.readline()
        done = 0
        while done < count:
            card = store.pictures.get(chance.choice(ids)).card
            change = Change(card.id, "label", chance.choice(labels), expected_version=card.version)
            try:
                batch = store.annotations.append([change], actor=f"staff:{number}")
            except Stale:
                continue
            done += 1
            print(batch.events[0].id, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), count=int(sys.argv[4]))
