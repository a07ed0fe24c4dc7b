"""Sentences about labels, events, progress in English and Spanish."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("en", "es")

SENTENCES: dict[str, dict[str, str]] = {
    "en": {
        "by_staff": "labelled by the collection's staff",
        "by_import": "labelled in the folder it came from",
        "by_simulator": "drawn by the simulator as this class",
        "by_visitor": "suggested by a visitor",
        "by_model": "the model's answer, not yet checked by a person",
        "by_nobody": "not labelled yet",
        "import": "It came in from a folder as {label}.",
        "import_simulator": "The simulator drew it as {label}.",
        "import_plain": "It came in from a folder without a label.",
        "upload": "{who} uploaded it.",
        "label": "{who} labelled it {label}.",
        "confirm": "{who} confirmed {label}.",
        "publish": "{who} published it to the gallery.",
        "reject": "{who} set it aside: not for this collection.",
        "trash": "{who} moved it to the trash.",
        "restore": "{who} put it back for review.",
        "suggest": "A visitor suggested {label}.",
        "undo": "{who} took that back: “{what}”",
        "answered": "The model answered {label}, {confidence} % sure.",
        "answered_unsure": "The model was not sure; its best guess was {label}.",
        "staff": "A member of staff",
        "visitor": "A visitor",
        "import_actor": "An import",
        "progress_starting": "Getting ready",
        "progress_drawing": "Drawing simulated galaxies",
        "progress_features": "Looking at them with the backbone",
        "progress_head": "Training the classifier",
        "progress_publishing": "Putting the pictures in the case",
        "progress_failed": "The first start did not finish: {message}",
        "forgets_everything": "Demo: uploads are forgotten at restart.",
        "forgets_pictures": "Labels are kept in a database; pictures uploaded here are forgotten at restart.",
        "backup_everything": (
            "Demo: everything is kept in a backup every {minutes} min; what came since is lost at a restart."
        ),
        "backup_pictures": (
            "Labels are kept in a database, pictures in a backup every {minutes} min; "
            "pictures that came since are lost at a restart."
        ),
        "backup_fails": "Demo: the latest backup failed; what no earlier one has is lost at a restart.",
        "no_model": "This collection has no model yet.",
        "loading": "The model is being loaded.",
        "failed": "The model cannot be loaded now.",
        "training": "The model is being trained on this machine.",
        "ready": "The model is ready.",
        "kept": "Thank you. The photo and your answer now wait for the staff to look at.",
    },
    "es": {
        "by_staff": "etiquetada por el equipo de la colección",
        "by_import": "etiquetada en la carpeta de la que viene",
        "by_simulator": "dibujada por el simulador como de esta clase",
        "by_visitor": "propuesta por un visitante",
        "by_model": "respuesta del modelo, aún sin revisar por una persona",
        "by_nobody": "todavía sin etiqueta",
        "import": "Llegó de una carpeta como {label}.",
        "import_simulator": "El simulador la dibujó como {label}.",
        "import_plain": "Llegó de una carpeta sin etiqueta.",
        "upload": "{who} la subió.",
        "label": "{who} la etiquetó como {label}.",
        "confirm": "{who} confirmó {label}.",
        "publish": "{who} la publicó en la galería.",
        "reject": "{who} la apartó: no es de esta colección.",
        "trash": "{who} la movió a la papelera.",
        "restore": "{who} la devolvió a revisión.",
        "suggest": "Un visitante propuso {label}.",
        "undo": "{who} lo deshizo: «{what}»",
        "answered": "El modelo respondió {label}, con {confidence} % de seguridad.",
        "answered_unsure": "El modelo no estaba seguro; lo más cercano era {label}.",
        "staff": "El equipo",
        "visitor": "Un visitante",
        "import_actor": "Una importación",
        "progress_starting": "Preparando",
        "progress_drawing": "Dibujando galaxias simuladas",
        "progress_features": "Mirándolas con la red base",
        "progress_head": "Entrenando el clasificador",
        "progress_publishing": "Poniendo las imágenes en la vitrina",
        "progress_failed": "El primer arranque no terminó: {message}",
        "forgets_everything": "Demostración: lo que se sube se olvida al reiniciar.",
        "forgets_pictures": (
            "Las etiquetas se guardan en una base de datos; las imágenes subidas aquí se olvidan al reiniciar."
        ),
        "backup_everything": (
            "Demostración: todo se guarda en una copia de seguridad cada {minutes} min; "
            "lo que llegó después se pierde al reiniciar."
        ),
        "backup_pictures": (
            "Las etiquetas se guardan en una base de datos, las imágenes en una copia de seguridad cada "
            "{minutes} min; las que llegaron después se pierden al reiniciar."
        ),
        "backup_fails": (
            "Demostración: la última copia de seguridad falló; lo que ninguna anterior tiene se pierde al reiniciar."
        ),
        "no_model": "Esta colección aún no tiene modelo.",
        "loading": "El modelo se está cargando.",
        "failed": "El modelo no se puede cargar ahora.",
        "training": "El modelo se está entrenando en esta máquina.",
        "ready": "El modelo está listo.",
        "kept": "Gracias. La foto y su respuesta quedan a la espera de que el equipo las revise.",
    },
}


def sentence(language: str, key: str, **parts: object) -> str:
    """The sentence `key` in `language` (English where the language is not known), parts filled in."""
    return SENTENCES.get(language, SENTENCES["en"])[key].format(**parts)


def label_title(titles: Mapping[str, Mapping[str, str]], label: str, language: str) -> str:
    """A label in words: its title in the language, else in English, else the label, first letter large."""
    words = titles.get(label, {})
    return words.get(language) or words.get("en") or label[:1].upper() + label[1:].replace("_", " ")


def who(language: str, actor: str, *, named: bool) -> str:
    """An actor in words. Names of staff are told to staff alone (`named`)."""
    kind, _, name = actor.partition(":")
    if kind == "staff":
        return name if named and name else sentence(language, "staff")
    if kind == "visitor":
        return sentence(language, "visitor")
    return sentence(language, "import_actor")


def given_by(language: str, label_by: str | None) -> str:
    """Who or what gave the current label, as half a sentence."""
    kind = (label_by or "nobody").partition(":")[0]
    return sentence(language, f"by_{kind}" if f"by_{kind}" in SENTENCES["en"] else "by_import")


def preferred_language(accepted: str) -> str:
    """The language of an Accept-Language header that Vitrina speaks, English where there is none."""
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:500].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            quality = 0.0
        ranked.append((-quality, place, tag[:2].lower()))
    return next((code for _, _, code in sorted(ranked) if code in LANGUAGES), "en")
