"""Errors told to people in their language."""

from __future__ import annotations

from vitrina.errors import (
    Busy,
    Conflict,
    Forbidden,
    ModelUnavailable,
    NotFound,
    OutOfSpace,
    PictureRefused,
    Stale,
    TooMany,
    VitrinaError,
)

# The three parts of an error are written in English where it arises. In Spanish people are told the same by its
# kind, with what to do next.
BY_REASON = {
    "empty": "El archivo está vacío. Elija otra foto.",
    "not_a_picture": "El archivo no es una imagen. Elija una foto JPEG, PNG, WebP, GIF, BMP o TIFF.",
    "format_not_allowed": "Este formato no se acepta. Guárdela como JPEG, PNG, WebP, GIF, BMP o TIFF.",
    "truncated": "A la foto le falta una parte. Cópiela o descárguela de nuevo.",
    "corrupt": "El archivo está dañado. Elija otra copia de la foto.",
    "too_many_pixels": "La imagen tiene demasiados píxeles. Redúzcala y vuelva a probar.",
    "side_too_long": "La imagen es demasiado larga. Recórtela y vuelva a probar.",
    "too_many_bytes": "El archivo es demasiado grande. Reduzca la imagen y vuelva a probar.",
    "too_slow": "Leer la imagen llevó demasiado tiempo. Guárdela como JPEG y vuelva a probar.",
    "too_much_memory": "Leer la imagen pide demasiada memoria. Redúzcala y vuelva a probar.",
    "decoder_died": "La imagen no se pudo leer. Guárdela como JPEG y vuelva a probar.",
}
BY_KIND: tuple[tuple[type[VitrinaError], str], ...] = (
    (TooMany, "Demasiadas peticiones. Espere {wait} segundos y vuelva a probar."),
    (OutOfSpace, "No queda espacio para más fotos. Vuelva a probar cuando el equipo haya hecho sitio."),
    (
        ModelUnavailable,
        "El modelo no está disponible todavía. Vuelva a probar más tarde o elija otra colección.",
    ),
    (Busy, "El servidor está ocupado. Vuelva a probar en un momento."),
    (Stale, "Otra persona lo cambió entretanto. Mírelo como está ahora y decida de nuevo."),
    (Conflict, "Eso ya existe o ya se hizo. Recargue la página para ver cómo está."),
    (NotFound, "Eso no existe o ya no se muestra. Vuelva a la página anterior."),
    (Forbidden, "Solo el equipo puede hacer esto. Entre en /backend/sign-in."),
    (VitrinaError, "La petición no se entiende. Revise lo que ha escrito y vuelva a probar."),
)


def in_words(error: VitrinaError, language: str) -> str:
    """What is told to a person: the error's own three parts in English, its kind's sentence in Spanish."""
    if language != "es":
        return str(error)
    if isinstance(error, PictureRefused) and error.reason in BY_REASON:
        return BY_REASON[error.reason]
    text = next(text for kind, text in BY_KIND if isinstance(error, kind))
    return text.format(wait=getattr(error, "wait_seconds", ""))
