"""python -m vitrina, as a person types it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import ROOT
from tests.server.conftest import photo


def vitrina(data: Path, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VITRINA_DATA": str(data), "VITRINA_MINIMUM_FREE_BYTES": "0"}
    command = [sys.executable, "-m", "vitrina", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, input=given, capture_output=True, text=True)


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    """Two classes of six photos each, one file that is none."""
    for place, label in enumerate(("cat", "dog")):
        folder = tmp_path / "pile" / label
        folder.mkdir(parents=True)
        for number in range(6):
            (folder / f"{number}.jpg").write_bytes(photo(100 * place + number))
    (tmp_path / "pile" / "cat" / "broken.jpg").write_bytes(b"\xff\xd8 no photo")
    return tmp_path / "pile"


def test_import_again_changes_nothing(pile: Path, tmp_path: Path) -> None:
    first = vitrina(tmp_path / "data", "import", str(pile), "--collection", "pets", "--title", "Pets")
    assert first.returncode == 0, first.stderr
    assert "12 taken, 0 known already, 1 refused" in first.stdout
    assert "refused cat/broken.jpg (" in first.stdout
    again = vitrina(tmp_path / "data", "import", str(pile), "--collection", "pets")
    assert "0 taken, 12 known already, 1 refused" in again.stdout
    assert vitrina(tmp_path / "data", "doctor").stdout == "clean\n"


def test_a_head_is_fitted_on_what_is_labelled(pile: Path, tmp_path: Path) -> None:
    done = vitrina(tmp_path / "data", "import", str(pile), "--collection", "pets", "--fit-head")
    assert done.returncode == 0, done.stderr
    assert "A first classifier answers now: accuracy" in done.stdout
    assert "on 3 pictures held out" in done.stdout
    assert "may flatter it" in done.stdout
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "new.jpg").write_bytes(photo(999))
    waiting = vitrina(tmp_path / "data", "import", str(tmp_path / "loose"), "--collection", "pets")
    assert "1 taken" in waiting.stdout, waiting.stderr
    from vitrina.gallery.store import Store

    with Store.open(
        f"sqlite:///{tmp_path / 'data' / 'vitrina.sqlite3'}", tmp_path / "data" / "pictures"
    ) as store:
        (card,) = store.pictures.page("pets", view="review").items
        assert card.prediction is not None
        assert set(card.prediction.scores) == {"cat", "dog"}
        assert store.collections.get("pets").model_revision == card.prediction.revision


def test_accounts(tmp_path: Path) -> None:
    added = vitrina(tmp_path, "account", "add", "ana", "--password-stdin", given="correct horse battery\n")
    assert added.stdout == "Account ana added. Sign in at /backend.\n"
    again = vitrina(tmp_path, "account", "add", "ana", "--password-stdin", given="correct horse battery\n")
    assert again.returncode == 2
    assert again.stderr.startswith("Expected ")
    short = vitrina(tmp_path, "account", "add", "eva", "--password-stdin", given="short\n")
    assert short.returncode == 2
    assert "10" in short.stderr
    changed = vitrina(tmp_path, "account", "password", "ana", "--password-stdin", given="another long one\n")
    assert changed.stdout == "Password of ana changed; its sessions have ended.\n"
    closed = vitrina(tmp_path, "account", "close", "ana")
    assert closed.stdout == "Account ana closed; its sessions have ended.\n"
    assert vitrina(tmp_path, "account", "list").stdout == "ana\n"


def test_bad_input_is_one_message_and_exit_code_two(tmp_path: Path) -> None:
    for arguments in (
        ("import", str(tmp_path / "nowhere"), "--collection", "x"),
        ("import", str(tmp_path), "--collection", "x"),
        ("readme", "--root", str(tmp_path)),
    ):
        done = vitrina(tmp_path / "data", *arguments)
        assert done.returncode == 2, arguments
        assert done.stderr.startswith("Expected "), done.stderr
        assert "Traceback" not in done.stderr


def test_a_busy_port_is_told(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = {**os.environ, "VITRINA_DATA": str(tmp_path), "GRADIO_SERVER_PORT": str(port)}
        done = subprocess.run(
            [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True
        )
    assert done.returncode == 2
    assert done.stderr.strip().endswith(
        "End the program that uses it, or set GRADIO_SERVER_PORT to another number."
    )


@pytest.mark.parametrize(
    ("variable", "value", "found"),
    [
        ("VITRINA_DATABASE_URL", "nonsense", "text that is none"),
        ("VITRINA_DATABASE_URL", "mysql://h/n", "one of mysql"),
        (
            "VITRINA_DATABASE_URL",
            "postgres://ana:geheim@127.0.0.1:1/n",
            "Expected a PostgreSQL server that answers; found none at postgresql+psycopg://ana:***@127.0.0.1:1/n",
        ),
        ("VITRINA_COLOUR", "red", "VITRINA_COLOUR"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told(tmp_path: Path, variable: str, value: str, found: str) -> None:
    environment = {**os.environ, "VITRINA_DATA": str(tmp_path), variable: value}
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert found in done.stderr
    assert "Traceback" not in done.stderr
    assert "geheim" not in done.stderr


def test_doctor_of_a_database_that_is_not_there(tmp_path: Path) -> None:
    url = "postgresql://ana:geheim@127.0.0.1:1/n"
    done = subprocess.run(
        [sys.executable, "-m", "vitrina", "doctor"],
        cwd=ROOT,
        env={**os.environ, "VITRINA_DATA": str(tmp_path), "VITRINA_DATABASE_URL": url},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Expected a PostgreSQL server that answers; found none at ")
    assert done.stderr.endswith("Start it, or correct host and port in the database URL.\n")
    assert "geheim" not in done.stderr


def test_a_recipes_collection_keeps_its_labels_whoever_comes_first(tmp_path: Path) -> None:
    for label in ("food", "inside"):
        (tmp_path / "pile" / label).mkdir(parents=True)
        (tmp_path / "pile" / label / "1.jpg").write_bytes(photo(len(label)))
    done = vitrina(tmp_path / "data", "import", str(tmp_path / "pile"), "--collection", "restaurant-photos")
    assert "2 taken" in done.stdout, done.stderr
    from vitrina.gallery.store import Store

    with Store.open(
        f"sqlite:///{tmp_path / 'data' / 'vitrina.sqlite3'}", tmp_path / "data" / "pictures"
    ) as store:
        collection = store.collections.get("restaurant-photos")
        assert collection.labels == ("food", "drink", "inside", "outside", "menu")
        assert collection.model == "bundled/efficientnet-lite0"


def test_labels_are_added(pile: Path, tmp_path: Path) -> None:
    vitrina(tmp_path / "data", "import", str(pile), "--collection", "pets")
    added = vitrina(tmp_path / "data", "labels", "pets", "bird", "fish")
    assert added.stdout == "pets has the labels cat, dog, bird, fish\n", added.stderr
    unknown = vitrina(tmp_path / "data", "labels", "plants", "rose")
    assert unknown.returncode == 2


def test_doctor_examines_what_is_there_and_makes_nothing(pile: Path, tmp_path: Path) -> None:
    nowhere = vitrina(tmp_path / "mistyped", "doctor")
    assert nowhere.returncode == 2
    assert nowhere.stderr.strip() == (
        f"Expected a store in {tmp_path / 'mistyped'}; found none. "
        "Set VITRINA_DATA to the folder that the app was started with."
    )
    assert not (tmp_path / "mistyped").exists()
    vitrina(tmp_path / "data", "import", str(pile), "--collection", "pets")
    originals = tmp_path / "data" / "pictures" / "originals"
    stray = originals / "ab" / "cd" / ("ab" + "cd" + "0" * 60)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"left by a crash")
    told = vitrina(tmp_path / "data", "doctor")
    assert "orphan: " in told.stdout
    assert stray.exists()
    removed = vitrina(tmp_path / "data", "doctor", "--remove-orphans")
    assert "removed: " in removed.stdout
    assert not stray.exists()
    kept = next(path for path in originals.rglob("*") if path.is_file())
    kept.write_bytes(b"altered")
    hurt = vitrina(tmp_path / "data", "doctor")
    assert hurt.returncode == 1
    assert "altered: " in hurt.stdout


@pytest.mark.slow
def test_hundreds_of_photos_in_one_go_and_again(shared_data: Path, tmp_path: Path) -> None:
    """A third of trashnet, of every class."""
    count = 0
    for path in sorted(path for path in (shared_data / "trashnet").glob("*/*") if path.is_file())[::3]:
        target = tmp_path / "trashnet" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        count += 1
    assert count > 400
    folder = tmp_path / "trashnet"
    first = vitrina(tmp_path / "data", "import", str(folder), "--collection", "trashnet")
    assert f"{count} taken, 0 known already, 0 refused" in first.stdout, first.stderr
    again = vitrina(tmp_path / "data", "import", str(folder), "--collection", "trashnet")
    assert f"0 taken, {count} known already, 0 refused" in again.stdout
    assert vitrina(tmp_path / "data", "doctor").stdout == "clean\n"
