"""The embedded default: what a first start shows."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from vitrina.errors import Conflict, VitrinaError
from vitrina.images import open_picture, sha256_of
from vitrina.recipe import Recipe
from vitrina.services import Services
from vitrina.services.waiting import classify_waiting

log = logging.getLogger(__name__)

# Drawn, put in the case and shown in steps, so that the gallery fills while the rest is being drawn.
STEP = 48
SIMULATOR = "simulator"
DRAWING = ".drawing-"


def ensure_collections(services: Services) -> None:
    """Every recipe has its collection. Quick, loads nothing, changes none that is there."""
    known = {collection.slug for collection in services.store.collections.all()}
    for recipe in services.classifiers.recipes.values():
        if recipe.slug in known:
            continue
        # Another process may have been quicker.
        with suppress(Conflict):
            services.store.collections.create(
                recipe.slug,
                recipe.title["en"],
                title_es=recipe.title["es"],
                description=recipe.description["en"],
                description_es=recipe.description["es"],
                labels=recipe.labels.names,
                label_titles=recipe.label_titles,
                # A survey's model is the one that its first start trains.
                model=None if recipe.survey else recipe.model,
                simulated=recipe.simulated,
            )


def unfinished_surveys(services: Services) -> list[Recipe]:
    """Recipes with a survey whose collection has no model yet: nothing to do at a second start."""
    return [
        recipe
        for recipe in services.classifiers.recipes.values()
        if recipe.survey and services.store.collections.get(recipe.slug).model is None
    ]


def announce(services: Services) -> None:
    """Tell what is about to be prepared, so that the very first page that is opened says so already."""
    for recipe in unfinished_surveys(services):
        services.first_start.report(recipe.slug, "starting")


def prepare(services: Services, data: Path, stop: threading.Event) -> None:
    """Draw, learn, measure, publish what is missing, then load every model. Runs in a thread of its own.

    What fails is told on the pages and in the log; the gallery serves all the same. Ends early at `stop`.
    """
    for recipe in unfinished_surveys(services):
        try:
            _first_survey(services, recipe, data=data, stop=stop)
        except _Stopped:
            return  # The next start goes on: the same galaxies have the same bytes and are known.
        # Whatever it was: a first start that says nothing more would seem to run for ever.
        except Exception as error:
            log.exception("the first start of %s did not finish", recipe.slug)
            services.first_start.fail(recipe.slug, str(error))
    warm_models(services, data, stop)


def warm_models(services: Services, data: Path, stop: threading.Event) -> None:
    """Load every collection's model, one after another, so that the first visitor need not wait."""
    for collection in services.store.collections.all():
        if stop.is_set():
            return
        try:
            services.classifiers.warm(collection.slug)
            if services.classifiers.state(collection.slug).kind == "ready":
                # Photos that came in while there was no model.
                classify_waiting(
                    services.store, services.classifiers, services.decoder, slug=collection.slug, stop=stop
                )
        # One collection's trouble is not the next one's.
        except Exception:
            log.exception("the photos of %s that wait were not all classified", collection.slug)


class _Stopped(Exception):
    """The server is ending: leave off here."""


def _stop_if(stop: threading.Event) -> None:
    if stop.is_set():
        raise _Stopped


def _swept(data: Path) -> Path:
    """`data`, without the drawings that a killed start left there more than a day ago."""
    for left in data.glob(f"{DRAWING}*"):
        if time.time() - left.stat().st_mtime > 86_400:
            shutil.rmtree(left, ignore_errors=True)
    return data


@dataclass(frozen=True)
class _Drawn:
    """One simulated picture: its class, its pixels uint8 (h, w, 3), the SHA-256 of its file."""

    label: str
    pixels: np.ndarray
    sha256: str


def _first_survey(services: Services, recipe: Recipe, *, data: Path, stop: threading.Event) -> None:
    assert recipe.survey is not None
    slug, count = recipe.slug, int(recipe.survey["count"])
    services.first_start.report(slug, "drawing", 0, count)
    drawn: list[_Drawn] = []
    with (
        tempfile.TemporaryDirectory(prefix=DRAWING, dir=_swept(data)) as folder,
        _drawing(recipe, Path(folder)) as paths,
    ):
        while step := list(islice(paths, STEP)):
            drawn += _publish(services, slug, step, folder=Path(folder))
            services.first_start.report(slug, "drawing", len(drawn), count)
            _stop_if(stop)
    if len(drawn) != count:
        raise VitrinaError(
            f"{count} simulated pictures", f"{len(drawn)}", "Start again; the log of the simulator is above."
        )
    _learn(services, recipe, drawn, data=data, stop=stop)
    services.first_start.finish(slug)


@contextmanager
def _drawing(recipe: Recipe, folder: Path) -> Iterator[Iterator[Path]]:
    """Paths of pictures as they are drawn, by a process of its own.

    In a thread of the server the drawing, the publishing and the pages would take turns at one interpreter
    lock, which made the first start three times as long.
    """
    assert recipe.survey is not None
    numbers = [f"--{name}={int(recipe.survey[name])}" for name in ("count", "seed", "size")]
    house = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-m", "vitrina.sky", str(folder), *numbers]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=house) as simulator:
        assert simulator.stdout is not None
        try:
            yield (folder / line.rstrip("\n") for line in simulator.stdout)
        finally:
            simulator.terminate()


def _publish(services: Services, slug: str, paths: list[Path], *, folder: Path) -> list[_Drawn]:
    """Put them in the gallery, as they are."""
    from vitrina.readers.item import Item

    items = [
        Item(
            path=path, file_name=path.relative_to(folder).as_posix(), label=path.parent.name, source=SIMULATOR
        )
        for path in paths
    ]
    report = services.store.ingest(services.decoder).accept_many(items, slug=slug, actor=SIMULATOR)
    if report.refused:
        name, reason, message = report.refused[0]
        raise VitrinaError("every simulated picture to be taken", f"{name}: {reason}", message)
    return [_Drawn(path.parent.name, np.asarray(open_picture(path).image), sha256_of(path)) for path in paths]


def _learn(
    services: Services,
    recipe: Recipe,
    drawn: list[_Drawn],
    *,
    data: Path,
    stop: threading.Event,
) -> None:
    from vitrina.first_model import fit_first_model

    assert recipe.survey is not None
    slug = recipe.slug

    def report(doing: str, done: int, of: int) -> None:
        _stop_if(stop)
        services.first_start.report(slug, doing, done, of)

    first = fit_first_model(
        [picture.pixels for picture in drawn],
        [picture.label for picture in drawn],
        recipe.labels,
        slug=slug,
        data=data,
        seed=int(recipe.survey["seed"]),
        backbone=recipe.model,
        share=float(recipe.survey["held_out"]),
        progress=report,
    )
    log.info(
        "%s: accuracy %.3f (95 %% interval %.3f to %.3f) on %d pictures held out",
        slug,
        first.measured["accuracy"],
        *first.measured["interval"],
        first.measured["n"],
    )
    # Only pictures that it has not learned from show its answer: on the others it would only look good.
    for done, (place, answer) in enumerate(zip(first.held_out, first.predictions, strict=True)):
        report("publishing", done, len(first.held_out))
        services.store.predictions.record(slug, drawn[place].sha256, answer, source=SIMULATOR)
    services.store.collections.set_model(slug, model=first.folder, revision=first.revision)
