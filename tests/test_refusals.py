"""Refusals reach people in the language they read."""

from __future__ import annotations

import inspect

import pytest

from vitrina import errors
from vitrina.errors import BadRequest, PictureRefused, TooMany, VitrinaError
from vitrina.refusals import BY_KIND, BY_REASON, in_words


def test_every_reason_of_the_docstring_has_its_sentence() -> None:
    told = inspect.getdoc(PictureRefused) or ""
    named = told.split("versions:")[1].strip(" .\n").replace("\n", " ").split(", ")
    assert {name.strip() for name in named} == set(BY_REASON)


def test_every_kind_of_error_has_a_sentence() -> None:
    kinds = [k for _, k in inspect.getmembers(errors, inspect.isclass) if issubclass(k, VitrinaError)]
    for kind in kinds:
        assert any(issubclass(kind, known) for known, _ in BY_KIND)


@pytest.mark.parametrize(
    ("error", "spanish"),
    [
        (
            PictureRefused("a", "b", "C.", reason="corrupt"),
            "El archivo está dañado. Elija otra copia de la foto.",
        ),
        (
            TooMany("a", "b", "C.", wait_seconds=7),
            "Demasiadas peticiones. Espere 7 segundos y vuelva a probar.",
        ),
        (
            BadRequest("a", "b", "C."),
            "La petición no se entiende. Revise lo que ha escrito y vuelva a probar.",
        ),
    ],
)
def test_in_both_languages(error: VitrinaError, spanish: str) -> None:
    assert in_words(error, "es") == spanish
    assert in_words(error, "en") == "Expected a; found b. C."
