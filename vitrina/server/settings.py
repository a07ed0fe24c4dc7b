"""The settings of the server, whole on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from vitrina.errors import VitrinaError

# The checkout, or the folder an installation unpacked to: recipes are data that lie beside the library.
_HOUSE = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Settings:
    """What a server needs to know. Sizes in bytes, times in seconds.

    `data` holds pictures, models, and the SQLite file. `proxy_hops` is how many proxies of one's own every
    request comes through: the address that far from the right of X-Forwarded-For is the caller's, 0 believes
    no header. `demo` is true where the disk is forgotten at a restart (a Space without storage): the pages
    say so.
    """

    data: Path = Path("vitrina-data")
    database_url: str = ""
    recipes: Path = _HOUSE / "training" / "recipes"
    server_name: str = "127.0.0.1"
    server_port: int = 7860
    allowed_origins: tuple[str, ...] = ()
    proxy_hops: int = 0
    max_upload_bytes: int = 32 * 1024 * 1024
    minimum_free_bytes: int = 200 * 1024 * 1024
    predictions_per_minute: int = 30
    suggestions_per_minute: int = 10
    first_start: bool = True
    demo: bool = False
    decoder_processes: int = 1

    @property
    def database(self) -> str:
        """The SQLAlchemy URL, SQLite in the data folder unless another was given."""
        return self.database_url or f"sqlite:///{(self.data / 'vitrina.sqlite3').resolve()}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read VITRINA_* (and GRADIO_SERVER_NAME, GRADIO_SERVER_PORT, SPACE_ID as Spaces set them).

        Raises VitrinaError for a VITRINA_ variable that does not exist, or a value of the wrong kind.
        """
        known = {f"VITRINA_{f.name.upper()}": f for f in fields(cls)}
        given = {name: text for name, text in environment.items() if name.startswith("VITRINA_")}
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise VitrinaError(
                "settings this version knows (" + ", ".join(sorted(known)) + ")",
                ", ".join(unknown),
                "Correct the spelling or unset it.",
            )
        values: dict[str, object] = {}
        if "GRADIO_SERVER_NAME" in environment:
            values["server_name"] = environment["GRADIO_SERVER_NAME"]
        if "GRADIO_SERVER_PORT" in environment:
            values["server_port"] = _read("GRADIO_SERVER_PORT", environment["GRADIO_SERVER_PORT"], int)
        if environment.get("SPACE_ID"):
            # On a Space every request comes through its proxy, and the disk lasts until the next restart
            # unless storage is mounted and VITRINA_DATA points at it.
            values["proxy_hops"] = 1
            values["demo"] = "VITRINA_DATA" not in environment
        for variable, text in given.items():
            setting = known[variable]
            values[setting.name] = _read(variable, text, type(getattr(cls(), setting.name)))
        return cls(**values)  # type: ignore[arg-type]


def _read(variable: str, text: str, kind: type) -> object:
    if kind is bool:
        answers = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
        if text.lower() not in answers:
            raise VitrinaError(f"1 or 0 in {variable}", repr(text), "Set it to 1 or 0.")
        return answers[text.lower()]
    if kind is int:
        if not text.isdecimal():
            raise VitrinaError(f"a whole number in {variable}", repr(text), "Set it to digits alone.")
        return int(text)
    if kind is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if issubclass(kind, Path):
        return Path(text)
    return text
