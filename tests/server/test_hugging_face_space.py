"""A Space says what it keeps over a restart, and why not more."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.served import ROOT
from vitrina.errors import VitrinaError
from vitrina.server.app import open_services
from vitrina.server.hugging_face_space import place_of_data, storage_in_words
from vitrina.server.settings import Settings

SPACE = {"SPACE_ID": "a/b"}
POSTGRES = {"VITRINA_DATABASE_URL": "postgresql+psycopg://u:hush@h/n"}


@pytest.fixture
def mounted() -> Path:
    """A real mount that may be written to; nothing is."""
    place = Path("/dev/shm")
    if not os.path.ismount(place):
        pytest.skip("nothing is mounted at /dev/shm on this machine")
    return place


def said(environment: dict[str, str], volume: Path) -> str:
    settings = Settings.from_environment(environment, volume=volume)
    return storage_in_words(settings, environment, volume=volume)


def test_a_chosen_folder_counts_where_something_is_mounted(mounted: Path, tmp_path: Path) -> None:
    assert place_of_data(str(mounted / "not" / "yet"), tmp_path) == mounted / "not" / "yet"
    assert place_of_data("/not/yet", mounted) is None  # On the container's own disk.
    assert place_of_data(None, mounted) == mounted / "vitrina"
    assert place_of_data("", mounted) == mounted / "vitrina"
    assert place_of_data(None, tmp_path / "absent") is None


def read_only() -> Path:
    """Something mounted on this machine that takes no file."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    places = [Path(place) for _, place, _, options, *_ in mounts if "ro" in options.split(",")]
    found = [place for place in places if os.path.ismount(place) and place.is_dir()]
    if not found:
        pytest.skip("nothing is mounted read-only on this machine")
    return found[0]


def test_a_mount_that_may_not_be_written_to_is_none(mounted: Path) -> None:
    place = read_only()
    assert place_of_data(None, place) is None
    assert place_of_data(str(place / "vitrina"), mounted) is None


def test_elsewhere_nothing_is_said(mounted: Path) -> None:
    assert said({}, mounted) == ""


def test_a_volume(mounted: Path) -> None:
    kept = (
        "A Storage Bucket has a change within about half a minute: a Space that is killed before may lose it. "
        "One replica alone may write to it."
    )
    data = mounted / "vitrina"
    assert said(SPACE, mounted) == f"Storage: labels in {data}, pictures in {data}. {kept}"
    assert said(SPACE | POSTGRES, mounted) == (
        f"Storage: labels in the PostgreSQL database, pictures in {data}. {kept}"
    )


URLS = ("postgres://u:hush@h/n", "postgresql://u:hush@h/n", "postgresql+psycopg://u:hush@h/n?password=hush")


@pytest.mark.parametrize("url", URLS)
def test_no_password_is_said(url: str, mounted: Path, tmp_path: Path) -> None:
    told = SPACE | {"VITRINA_DATABASE_URL": url}
    for volume, labels in (
        (mounted, "in the PostgreSQL database, pictures"),
        (tmp_path, "in the PostgreSQL database;"),
    ):
        line = said(told, volume)
        assert line.startswith(f"Storage: labels {labels} ")
        assert "hush" not in line


def test_a_database_file_of_ones_own(mounted: Path, tmp_path: Path) -> None:
    line = said(SPACE | {"VITRINA_DATABASE_URL": f"sqlite:///{tmp_path}/own.db?key=hush"}, mounted)
    assert line.startswith(f"Storage: labels in {tmp_path}/own.db, pictures in {mounted / 'vitrina'}. ")
    assert "hush" not in line


def test_a_database_of_no_known_kind(mounted: Path, tmp_path: Path) -> None:
    for volume in (mounted, tmp_path):
        with pytest.raises(VitrinaError) as error:
            said(SPACE | {"VITRINA_DATABASE_URL": "mysql://u:hush@h/n"}, volume)
        assert str(error.value) == (
            "Expected a database URL of SQLite or PostgreSQL; found one of mysql. Write sqlite:////data/vitrina.db "
            "or postgresql://user:password@host/name."
        )


def test_a_database_without_a_volume_keeps_the_labels_alone(tmp_path: Path) -> None:
    line = said(SPACE | POSTGRES, tmp_path)
    assert line == (
        "Storage: labels in the PostgreSQL database; pictures are forgotten at restart (no volume that may be "
        f"written to is mounted at {tmp_path}). Mount a Storage Bucket, or set VITRINA_DATA to a folder on one."
    )


def test_no_storage(tmp_path: Path) -> None:
    assert said(SPACE, tmp_path) == (
        "Storage: none, everything is forgotten at restart (no volume that may be written to is mounted at "
        f"{tmp_path}). Mount a Storage Bucket at {tmp_path}."
    )


def test_the_app_says_it_first(tmp_path: Path) -> None:
    """Before it opens anything: here it cannot even listen."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("VITRINA_", "GRADIO_", "OAUTH_"))}
    environment |= SPACE | {
        "VITRINA_DATA": str(tmp_path),
        "VITRINA_DEMO": "1",
        "GRADIO_SERVER_NAME": "192.0.2.1",
        "GRADIO_SERVER_PORT": "1",
    }
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith("Storage: none, everything is forgotten at restart")
    assert second.startswith("Expected a free port 1 on 192.0.2.1")


@pytest.mark.parametrize(
    ("forgets", "english", "spanish"),
    [
        ("nothing", None, None),
        (
            "everything",
            "Demo: uploads are forgotten at restart.",
            "Demostración: lo que se sube se olvida al reiniciar.",
        ),
        (
            "pictures",
            "Labels are kept in a database; pictures uploaded here are forgotten at restart.",
            "Las etiquetas se guardan en una base de datos; las imágenes subidas aquí se olvidan al reiniciar.",
        ),
    ],
)
def test_the_pages_say_what_is_forgotten(
    tmp_path: Path, forgets: str, english: str | None, spanish: str | None
) -> None:
    services = open_services(Settings(data=tmp_path, minimum_free_bytes=0))
    shown = replace(services, forgets=forgets, keeping=None)
    assert [shown.status(language)["demo"] for language in ("en", "es")] == [english, spanish]
    services.close()
