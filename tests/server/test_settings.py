"""Settings come from the environment, and say so when they cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitrina.errors import VitrinaError
from vitrina.server.settings import Settings


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


def test_a_space_without_storage_is_a_demo() -> None:
    assert Settings.from_environment({"SPACE_ID": "a/b"}).demo
    with_storage = Settings.from_environment({"SPACE_ID": "a/b", "VITRINA_DATA": "/data"})
    assert not with_storage.demo
    assert with_storage.proxy_hops == 1
    assert Settings.from_environment({}).proxy_hops == 0
    assert Settings.from_environment({"SPACE_ID": "a/b", "VITRINA_PROXY_HOPS": "2"}).proxy_hops == 2


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
