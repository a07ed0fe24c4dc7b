"""Settings come from the environment, and say so when they cannot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vitrina.errors import VitrinaError
from vitrina.server.hugging_face import OAuthApp
from vitrina.server.settings import Settings


@pytest.fixture
def mounted() -> Path:
    """A real mount that may be written to; nothing is."""
    place = Path("/dev/shm")
    if not os.path.ismount(place):
        pytest.skip("nothing is mounted at /dev/shm on this machine")
    return place


def test_defaults_suit_a_laptop() -> None:
    settings = Settings.from_environment({"PATH": "/bin"})
    assert settings == Settings()
    assert (settings.server_name, settings.server_port, settings.demo) == ("127.0.0.1", 7860, False)
    assert settings.database == f"sqlite:///{Path('vitrina-data/vitrina.sqlite3').resolve()}"


def test_every_kind_of_value(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {
            "VITRINA_DATA": str(tmp_path),
            "VITRINA_DATABASE_URL": "postgresql+psycopg://u@h/n",
            "VITRINA_ALLOWED_ORIGINS": "https://a.example, https://b.example,",
            "VITRINA_MAX_UPLOAD_BYTES": "1000",
            "VITRINA_FIRST_START": "no",
            "GRADIO_SERVER_NAME": "0.0.0.0",
            "GRADIO_SERVER_PORT": "80",
        }
    )
    assert settings.data == tmp_path
    assert settings.database == "postgresql+psycopg://u@h/n"
    assert settings.allowed_origins == ("https://a.example", "https://b.example")
    assert settings.max_upload_bytes == 1000
    assert settings.first_start is False
    assert (settings.server_name, settings.server_port) == ("0.0.0.0", 80)


def test_a_space_without_storage_is_a_demo(tmp_path: Path) -> None:
    space = Settings.from_environment(
        {"SPACE_ID": "a/b"}, volume=tmp_path
    )  # A folder, but nothing is mounted.
    assert (space.demo, space.forgets, space.proxy_hops) == (True, "everything", 1)
    assert Settings.from_environment({}, volume=tmp_path).proxy_hops == 0
    assert Settings.from_environment({"SPACE_ID": "a/b", "VITRINA_PROXY_HOPS": "2"}).proxy_hops == 2


def test_what_a_restart_forgets(mounted: Path, tmp_path: Path) -> None:
    postgres, short, sqlite = (
        {"SPACE_ID": "a/b", "VITRINA_DATABASE_URL": url}
        for url in (
            "postgresql+psycopg://u:hush@h/n",
            "postgres://u:hush@h/n",
            f"sqlite:///{tmp_path}/own.db",
        )
    )
    for environment, volume, forgets in (
        ({}, mounted, "nothing"),
        ({"SPACE_ID": "a/b"}, mounted, "nothing"),
        ({"SPACE_ID": "a/b", "VITRINA_DEMO": "1"}, mounted, "everything"),
        (postgres, mounted, "nothing"),
        (postgres, tmp_path / "absent", "pictures"),
        (short, tmp_path / "absent", "pictures"),
        (sqlite, tmp_path / "absent", "everything"),
        (postgres | {"VITRINA_DATA": str(mounted / "x")}, tmp_path, "nothing"),
        # Whoever says so knows better than a look at the mounts.
        ({"SPACE_ID": "a/b", "VITRINA_DEMO": "0"}, tmp_path, "nothing"),
    ):
        assert Settings.from_environment(environment, volume=volume).forgets == forgets, environment


def test_a_volume_is_used_on_a_space_alone(mounted: Path, tmp_path: Path) -> None:
    assert Settings.from_environment({"SPACE_ID": "a/b"}, volume=mounted).data == mounted / "vitrina"
    assert Settings.from_environment({}, volume=mounted).data == Path("vitrina-data")
    chosen = Settings.from_environment({"SPACE_ID": "a/b", "VITRINA_DATA": str(tmp_path)}, volume=mounted)
    assert chosen.data == tmp_path
    assert not (mounted / "vitrina").exists()  # Reading settings makes nothing.


OAUTH = {
    "OAUTH_CLIENT_ID": "an id",
    "OAUTH_CLIENT_SECRET": "hush",
    "OPENID_PROVIDER_URL": "https://huggingface.co",
}


def test_staff_of_hugging_face() -> None:
    settings = Settings.from_environment(OAUTH | {"VITRINA_HUGGING_FACE_STAFF": "Ana, ben,"})
    assert settings.hugging_face_staff == ("Ana", "ben")
    assert settings.hugging_face == OAuthApp("an id", "hush", "https://huggingface.co")
    # The app alone lets nobody in, and is no mistake.
    assert Settings.from_environment(OAUTH).hugging_face_staff == ()
    assert Settings.from_environment({"OAUTH_CLIENT_ID": "somebody else's"}) == Settings()


@pytest.mark.parametrize("absent", [*OAUTH, ""])
def test_staff_of_hugging_face_need_the_whole_app(absent: str) -> None:
    given = {name: text for name, text in OAUTH.items() if absent and name != absent}
    with pytest.raises(VitrinaError) as error:
        Settings.from_environment(given | {"VITRINA_HUGGING_FACE_STAFF": "ana"})
    assert error.value.expected == (
        "OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET, OPENID_PROVIDER_URL beside VITRINA_HUGGING_FACE_STAFF"
    )
    assert error.value.found == (f"no {absent}" if absent else f"no {', no '.join(OAUTH)}")
    assert error.value.next_step == (
        "A Space sets them where its README says hf_oauth: true; elsewhere take them from an OAuth app of yours."
    )


def test_the_app_is_no_setting_of_ours() -> None:
    with pytest.raises(VitrinaError) as error:
        Settings.from_environment({"VITRINA_HUGGING_FACE": "x"})
    assert error.value.found == "VITRINA_HUGGING_FACE"


def test_secrets_are_not_shown() -> None:
    shown = repr(
        Settings.from_environment(OAUTH | {"VITRINA_DATABASE_URL": "postgresql+psycopg://u:hush@h/n"})
    )
    assert "an id" in shown
    assert "hush" not in shown


def test_how_often_models_are_looked_for() -> None:
    assert Settings().model_check_minutes == 10
    assert Settings.from_environment({"VITRINA_MODEL_CHECK_MINUTES": "0"}).model_check_minutes == 0


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(VitrinaError) as error:
        Settings.from_environment({"VITRINA_DATAA": "x"})
    assert error.value.found == "VITRINA_DATAA"
    assert "VITRINA_DATA," in error.value.expected
    assert error.value.next_step == "Correct the spelling or unset it."


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        (
            "VITRINA_MAX_UPLOAD_BYTES",
            "32MB",
            "Expected a whole number in VITRINA_MAX_UPLOAD_BYTES; found '32MB'. Set it to digits alone.",
        ),
        (
            "GRADIO_SERVER_PORT",
            "-1",
            "Expected a whole number in GRADIO_SERVER_PORT; found '-1'. Set it to digits alone.",
        ),
        (
            "VITRINA_PROXY_HOPS",
            "*",
            "Expected a whole number in VITRINA_PROXY_HOPS; found '*'. Set it to digits alone.",
        ),
        ("VITRINA_DEMO", "perhaps", "Expected 1 or 0 in VITRINA_DEMO; found 'perhaps'. Set it to 1 or 0."),
    ],
)
def test_a_wrong_value_is_told(variable: str, text: str, message: str) -> None:
    with pytest.raises(VitrinaError) as error:
        Settings.from_environment({variable: text})
    assert str(error.value) == message
