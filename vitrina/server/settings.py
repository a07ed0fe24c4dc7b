"""The settings of the server, whole on one screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Literal

from vitrina.errors import VitrinaError
from vitrina.server.hugging_face import OAUTH_VARIABLES, OAuthApp
from vitrina.server.hugging_face_space import VOLUME, place_of_data

# The checkout, or the folder an installation unpacked to: recipes are data that lie beside the library.
_HOUSE = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Settings:
    """What a server needs to know. Sizes in bytes, times in seconds.

    `data` holds pictures, models, and the SQLite file. `proxy_hops` is how many proxies of one's own every
    request comes through: the address that far from the right of X-Forwarded-For is the caller's, 0 believes
    no header. `demo` is true where the disk is forgotten at a restart (a Space without storage): the pages
    say so. `hugging_face_staff` are the user names of Hugging Face that may sign in as staff, by the OAuth app
    in `hugging_face`. Followed models are looked for every `model_check_minutes`, never where it is 0.
    A backup goes to the data set `backup_repository` every `backup_minutes`, nowhere where it is "".
    """

    data: Path = Path("vitrina-data")
    database_url: str = field(default="", repr=False)  # It may hold a password.
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
    model_check_minutes: int = 10
    backup_repository: str = ""
    backup_minutes: int = 60
    hugging_face_staff: tuple[str, ...] = ()
    hugging_face: OAuthApp | None = None

    @property
    def database(self) -> str:
        """The SQLAlchemy URL, SQLite in the data folder unless another was given."""
        return self.database_url or f"sqlite:///{(self.data / 'vitrina.sqlite3').resolve()}"

    @property
    def rows_in(self) -> Path | None:
        """Where rows lie on a disk: the data folder, or the SQLite file of a URL; None: a PostgreSQL has them.

        Raises VitrinaError for a URL of neither, as the store does.
        """
        from vitrina.gallery.engines import parse

        if not self.database_url:
            return self.data
        url = parse(self.database_url)
        return None if url.get_backend_name() == "postgresql" else Path(str(url.database))

    @property
    def forgets(self) -> Literal["nothing", "pictures", "everything"]:
        """What is gone after a restart: in a demo everything, but for the labels that a PostgreSQL keeps.

        Raises VitrinaError for a database URL of no known kind.
        """
        if not self.demo:
            return "nothing"
        return "pictures" if self.rows_in is None else "everything"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, volume: Path = VOLUME) -> Settings:
        """Read VITRINA_* (and what Spaces set: GRADIO_SERVER_NAME, GRADIO_SERVER_PORT, SPACE_ID, OAUTH_*).

        `volume` is where a Space has its storage mounted, if it has any. Raises VitrinaError for a VITRINA_
        variable that does not exist, a value of the wrong kind, staff of Hugging Face without an OAuth app.
        """
        known = {f"VITRINA_{f.name.upper()}": f for f in fields(cls) if f.name != "hugging_face"}
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
            # unless storage is mounted.
            values["proxy_hops"] = 1
            data = place_of_data(given.get("VITRINA_DATA"), volume)
            values |= {"demo": True} if data is None else {"data": data}
        for variable, text in given.items():
            setting = known[variable]
            values[setting.name] = _read(variable, text, type(getattr(cls(), setting.name)))
        values["hugging_face"] = OAuthApp.from_environment(environment)
        settings = cls(**values)  # type: ignore[arg-type]
        _require_app(settings, environment)
        return settings


def _require_app(settings: Settings, environment: Mapping[str, str]) -> None:
    if not settings.hugging_face_staff or settings.hugging_face is not None:
        return
    absent = [name for name in OAUTH_VARIABLES if not environment.get(name, "").strip()]
    raise VitrinaError(
        f"{', '.join(OAUTH_VARIABLES)} beside VITRINA_HUGGING_FACE_STAFF",
        f"no {', no '.join(absent)}",
        "A Space sets them where its README says hf_oauth: true; elsewhere take them from an OAuth app of yours.",
    )


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
