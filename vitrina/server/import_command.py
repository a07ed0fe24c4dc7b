"""The command that fills a collection, from a folder of pictures, with a model, or both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.errors import BadRequest
from vitrina.server.settings import Settings

if TYPE_CHECKING:
    from vitrina.gallery.bulk import ImportReport
    from vitrina.gallery.ingest import Classify
    from vitrina.services import Services


@dataclass(frozen=True)
class Wanted:
    """What is imported into the collection `slug`: a `folder` of pictures, a trained `model` (its folder or that of its
    run), or both. `title` and `labels` ("a,b,c") are those of a collection that is made; `fit_head` trains a first
    classifier. Raises BadRequest where there is nothing to do, or two models."""

    slug: str
    folder: Path | None = None
    model: Path | None = None
    title: str | None = None
    labels: str | None = None
    fit_head: bool = False

    def __post_init__(self) -> None:
        if self.folder is None and self.model is None:
            raise BadRequest(
                "a folder of pictures, or --model with a trained model", "neither", "Name one of the two, or both."
            )
        if self.fit_head and self.model is not None:
            raise BadRequest(
                "one model", "both --model and --fit-head", "Choose one of the two: a collection has one model."
            )

    @property
    def classes(self) -> list[str]:
        """The names in `labels`."""
        return [name.strip() for name in (self.labels or "").split(",") if name.strip()]


def run_import(wanted: Wanted, settings: Settings) -> None:
    """Do it, print what came of it. Raises VitrinaError."""
    from vitrina.server.app import open_services
    from vitrina.services.model_folder import find_model
    from vitrina.starter import ensure_collections

    slug = wanted.slug
    model = None if wanted.model is None else find_model(wanted.model)
    services = open_services(settings)
    try:
        # Before anything goes in: a recipe's collection has the recipe's labels, whoever comes first.
        ensure_collections(services)
        if model is not None:
            _adopt(services, model, wanted, data=settings.data)
        elif wanted.classes:
            _make_collection(services, slug, title=wanted.title, labels=wanted.classes)
        if wanted.folder is not None:
            _take(services, wanted.folder, slug=slug, title=wanted.title)
        if model is not None:
            _classify_all(services, slug)
        print(f"See it at /?collection={slug}, what waits at /backend/?collection={slug}")
        if wanted.fit_head:
            _fit_head(services, slug, settings.data)
    finally:
        services.close()


def _take(services: Services, folder: Path, *, slug: str, title: str | None) -> None:
    from vitrina.gallery.import_folder import import_folder

    with _Bar("pictures") as progress:
        report = import_folder(
            services.store,
            folder,
            slug=slug,
            title=title,
            decoder=services.decoder,
            classify=_classify(services, slug),
            progress=progress,
        )
    _tell(report)


def _adopt(services: Services, model: Path, wanted: Wanted, *, data: Path) -> None:
    from vitrina.gallery.import_folder import open_folder
    from vitrina.services.adoption import adopt_model

    slug, classes = wanted.slug, wanted.classes
    if wanted.folder is not None:
        # Before the model changes: what could not be imported changes nothing.
        classes += open_folder(wanted.folder).class_names
    adopted = adopt_model(services, model, slug=slug, title=wanted.title, classes=classes, data=data)
    if adopted.made:
        labels = ", ".join(services.store.collections.get(slug).labels)
        print(f"Made the collection {slug} with the labels {labels}")
    print(f"The model of {slug} is now {data / adopted.folder}")
    if adopted.measured is not None:
        figure = adopted.measured
        low, high = figure["interval"]
        print(
            f"Its accuracy: {figure['accuracy']:.3f} (95 % interval {low:.3f} to {high:.3f}) on {figure['n']} "
            f"{figure['on']}"
        )


def _classify_all(services: Services, slug: str) -> None:
    from vitrina.services.published import classify_published
    from vitrina.services.waiting import classify_waiting

    parts = (services.store, services.classifiers, services.decoder)
    with _Bar("pictures") as progress:
        shown = classify_published(*parts, slug=slug, progress=progress)
    waiting = classify_waiting(*parts, slug=slug, stop=threading.Event())
    print(f"Pictures that were there before and have its answer now: {shown} published, {waiting} waiting.")
    print("Of pictures that it was trained on its answers look better than they are.")


def _make_collection(services: Services, slug: str, *, title: str | None, labels: Sequence[str]) -> None:
    """The collection of a pile, where there is none yet."""
    if slug not in {collection.slug for collection in services.store.collections.all()}:
        services.store.collections.create(slug, title or slug.replace("-", " ").capitalize(), labels=labels)


def _classify(services: Services, slug: str) -> Classify | None:
    known = {collection.slug: collection for collection in services.store.collections.all()}
    if slug not in known or known[slug].model is None:
        return None
    return services.classifiers.get(slug).predict


def _tell(report: ImportReport) -> None:
    print(report.inferred)
    print(f"{report.taken} taken, {report.known} known already, {len(report.refused)} refused")
    for name, reason in report.skipped:
        print(f"  skipped {name}: {reason}")
    for name, given, kept in report.other_label:
        print(f"  {name} lies under {given}; the picture keeps its label {kept}")
    for name, reason, message in report.refused:
        print(f"  refused {name} ({reason}): {message}")


def _fit_head(services: Services, slug: str, data: Path) -> None:
    from vitrina.first_model import fit_first_model
    from vitrina.labels import LabelScheme
    from vitrina.services.published import published_cards
    from vitrina.services.stored_pictures import StoredPictures
    from vitrina.services.waiting import classify_waiting

    store = services.store
    cards = published_cards(store, slug)
    with _Bar("pictures") as progress:
        first = fit_first_model(
            StoredPictures(store, services.decoder, cards),
            [card.label or "" for card in cards],
            LabelScheme(store.collections.get(slug).labels),
            slug=slug,
            data=data,
            seed=0,
            progress=lambda doing, done, of: progress(done, of),
        )
    for place, answer in zip(first.held_out, first.predictions, strict=True):
        store.predictions.record(slug, cards[place].sha256, answer, source="held out")
    store.collections.set_model(slug, model=first.folder, revision=first.revision)
    classify_waiting(store, services.classifiers, services.decoder, slug=slug, stop=threading.Event())
    measured = first.measured
    low, high = measured["interval"]
    print(
        f"A first classifier answers now: accuracy {measured['accuracy']:.3f} (95 % interval {low:.3f} to "
        f"{high:.3f}) on {measured['n']} pictures held out, saved in {data / first.folder}.\nNear copies of "
        "training pictures were not looked for among them, so this may flatter it."
    )


class _Bar:
    """A progress bar that learns its total from the first report."""

    def __init__(self, unit: str) -> None:
        self.unit = unit

    def __enter__(self) -> Callable[[int, int], None]:
        from tqdm import tqdm

        self._bar = tqdm(unit=f" {self.unit}", disable=None)
        return self._set

    def _set(self, done: int, of: int) -> None:
        self._bar.total = of
        self._bar.update(done - self._bar.n)

    def __exit__(self, *problem: object) -> None:
        self._bar.close()
