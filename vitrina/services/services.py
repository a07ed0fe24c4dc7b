"""The service layer put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.services.catalogue import Catalogue
from vitrina.services.classifiers import Classifiers
from vitrina.services.comparison import Comparison
from vitrina.services.curation import Curation
from vitrina.services.first_start import FirstStart
from vitrina.services.following import Following
from vitrina.services.keeping import Keeping
from vitrina.services.model_hub import ModelHub
from vitrina.services.principal import SESSION_COOKIE, Principal
from vitrina.services.trial import Trial
from vitrina.services.version_shelf import VersionShelf
from vitrina.services.wording import LANGUAGES, preferred_language, sentence

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.store import Store
    from vitrina.recipe import Recipe


@dataclass(frozen=True)
class Services:
    """What pages and REST are handed; the parts share one store, one decoder, one set of classifiers."""

    store: Store
    decoder: Decoder
    first_start: FirstStart
    classifiers: Classifiers
    catalogue: Catalogue
    trial: Trial
    curation: Curation
    following: Following
    model_hub: ModelHub
    comparison: Comparison
    forgets: str
    keeping: Keeping | None = None

    def principal_of(self, request: Any) -> Principal:
        """Who asks. `request` is a Starlette or Gradio request; an expired session is a visitor's."""
        address = request.client.host if request.client else "unknown"
        token = request.cookies.get(SESSION_COOKIE)
        account = self.store.accounts.session(token) if token else None
        if account is None:
            return Principal(None, address)
        return Principal(account.name, address, is_staff=True)

    def language_of(self, request: Any) -> str:
        """en or es: the query's choice, else the cookie's, else the browser's, else English."""
        for choice in (request.query_params.get("language"), request.cookies.get("vitrina_language")):
            if choice in LANGUAGES:
                return str(choice)
        return preferred_language(request.headers.get("accept-language", ""))

    def status(self, language: str) -> dict[str, Any]:
        """{first_start, demo}: what every page may have to say above its content."""
        return {
            "first_start": self.first_start.view(language),
            "demo": None if self.forgets == "nothing" else self._demo(language),
        }

    def _demo(self, language: str) -> str:
        if self.keeping is not None:
            return self.keeping.view(language, forgets=self.forgets)
        return sentence(language, f"forgets_{self.forgets}")

    def close(self) -> None:
        """End the decoder's workers and close the database."""
        self.following.close()
        self.decoder.close()
        self.store.close()


def build_services(
    store: Store,
    decoder: Decoder,
    recipes: Mapping[str, Recipe],
    *,
    data: Path,
    forgets: str = "nothing",
    keeping: Keeping | None = None,
    predictions_per_minute: int = 30,
    suggestions_per_minute: int = 10,
) -> Services:
    """The service layer over an open store. Loads no model. A restart `forgets` nothing, pictures or everything."""
    first_start = FirstStart()
    classifiers = Classifiers(store, recipes, data=data, first_start=first_start)
    trial = Trial(
        store,
        classifiers,
        decoder,
        predictions_per_minute=predictions_per_minute,
        suggestions_per_minute=suggestions_per_minute,
    )
    shelf = VersionShelf(data / "model-hub")
    # What a check has seen, the page of models shows, also when the far end is away by then.
    following = Following(store, classifiers, decoder, switched=partial(shelf.look, anew=True))
    model_hub = ModelHub(store, classifiers, following, shelf=shelf)
    return Services(
        store=store,
        decoder=decoder,
        first_start=first_start,
        classifiers=classifiers,
        catalogue=Catalogue(store, classifiers, first_start),
        trial=trial,
        curation=Curation(store, classifiers, decoder),
        following=following,
        model_hub=model_hub,
        comparison=Comparison(model_hub, trial),
        forgets=forgets,
        keeping=keeping,
    )
