"""The two callbacks of the try-it page as plain functions."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from vitrina.errors import BadRequest, ModelUnavailable, PictureRefused, VitrinaError
from vitrina.pages.try_it import predict, suggest

ANSWER = {
    "prediction_id": "a1",
    "scores": [{"label": "food", "title": "Food", "score": 0.9}],
    "abstained": False,
}


class Trial:
    """Answers as told, and remembers what it was asked."""

    def __init__(self, outcome: Any) -> None:
        self.outcome = outcome
        self.asked: list[dict[str, Any]] = []

    def predict(self, path: Path, **asked: Any) -> Any:
        return self._answer(path=path, **asked)

    def suggest(self, path: Path, **asked: Any) -> Any:
        return self._answer(path=path, **asked)

    def _answer(self, **asked: Any) -> Any:
        self.asked.append(asked)
        if isinstance(self.outcome, VitrinaError):
            raise self.outcome
        return self.outcome


def services(outcome: Any, *, kind: str = "training") -> Any:
    return SimpleNamespace(
        trial=Trial(outcome),
        principal_of=lambda request: ("principal", request),
        language_of=lambda request: "es",
        classifiers=SimpleNamespace(state=lambda slug: SimpleNamespace(kind=kind)),
    )


REQUEST = gr.Request()


def test_an_answer_is_handed_on_with_its_collection() -> None:
    given = services(ANSWER)
    assert predict(given, "/tmp/p.jpg", "restaurant", REQUEST) == {
        **ANSWER,
        "state": "answered",
        "collection": "restaurant",
    }
    assert given.trial.asked == [
        {
            "path": Path("/tmp/p.jpg"),
            "slug": "restaurant",
            "principal": ("principal", REQUEST),
            "language": "es",
        }
    ]


@pytest.mark.parametrize(
    ("picture", "collection"), [(None, "restaurant"), ("", "restaurant"), ("/tmp/p.jpg", "")]
)
def test_nothing_to_look_at_asks_nothing(picture: str | None, collection: str) -> None:
    given = services(ANSWER)
    assert predict(given, picture, collection, REQUEST) == {"state": "empty"}
    assert given.trial.asked == []


def test_a_model_that_is_not_ready_is_waited_for() -> None:
    error = ModelUnavailable("a model", "one still being trained", "Try again in a moment.")
    assert predict(services(error), "/tmp/p.jpg", "sky", REQUEST) == {
        "state": "waiting",
        "message": "El modelo no está disponible todavía. Vuelva a probar más tarde o elija otra colección.",
    }


def test_a_model_that_cannot_be_loaded_is_not_waited_for() -> None:
    error = ModelUnavailable("a model", "an address of the Hub that does not answer", "Try again.")
    answer = predict(services(error, kind="failed"), "/tmp/p.jpg", "sky", REQUEST)
    assert answer == {"state": "out_of_order"}


def test_a_refused_file_says_why() -> None:
    error = PictureRefused("a picture", "a text file", "Choose a photo.", reason="not_a_picture")
    assert predict(services(error), "/tmp/p.jpg", "sky", REQUEST) == {
        "state": "refused",
        "message": "El archivo no es una imagen. Elija una foto JPEG, PNG, WebP, GIF, BMP o TIFF.",
    }


def test_a_suggestion_is_kept_and_thanked_for() -> None:
    given = services({"kept": True, "message": "Gracias."})
    assert suggest(given, "/tmp/p.jpg", "sky", label="spiral", request=REQUEST) == {
        "state": "suggested",
        "message": "Gracias.",
        "kept": True,
    }
    assert given.trial.asked[0]["label"] == "spiral"


def test_no_label_keeps_nothing() -> None:
    given = services({"kept": True})
    assert suggest(given, "/tmp/p.jpg", "sky", label="", request=REQUEST) == {"state": "empty"}
    assert given.trial.asked == []


def test_a_suggestion_outside_the_scheme_is_explained() -> None:
    error = BadRequest("one of food, drink", "<script>", "Choose one of these.")
    assert suggest(services(error), "/tmp/p.jpg", "sky", label="<script>", request=REQUEST) == {
        "state": "suggestion_failed",
        "message": "La petición no se entiende. Revise lo que ha escrito y vuelva a probar.",
    }


def test_an_error_of_our_own_is_not_hidden() -> None:
    broken = SimpleNamespace(
        trial=SimpleNamespace(predict=lambda *a, **k: 1 / 0), principal_of=str, language_of=str
    )
    with pytest.raises(ZeroDivisionError):
        predict(broken, "/tmp/p.jpg", "sky", REQUEST)
