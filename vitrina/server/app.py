"""The FastAPI parent: routes first, then the staff pages, then the public ones."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import Response

from vitrina import __version__
from vitrina.decoder import Decoder
from vitrina.gallery.store import Store
from vitrina.images import Limits
from vitrina.pages.cache import KEPT_SECONDS, SWEEP_AGE, SWEEP_EVERY
from vitrina.recipe import Recipe, load_recipe
from vitrina.server.backup_schedule import keeping_of, restore_first, start_backups
from vitrina.server.body_limit import BodyLimit
from vitrina.server.events import tell_mistakes_apart
from vitrina.server.guard import RefusedPaths, SecurityHeaders
from vitrina.server.hugging_face_sign_in import hugging_face_routes
from vitrina.server.last_resort import LastResort
from vitrina.server.model_routes import model_routes, staff_model_routes
from vitrina.server.page_uploads import PageUploads
from vitrina.server.pictures import picture_routes
from vitrina.server.problems import register_problems
from vitrina.server.proxy import ProxyHops
from vitrina.server.reading_routes import reading_routes
from vitrina.server.rest import rest_routes
from vitrina.server.settings import Settings
from vitrina.server.sign_in import StaffGate, sign_in_routes
from vitrina.server.staff_routes import staff_routes
from vitrina.server.upload_door import UploadDoor
from vitrina.services import Services, build_services

# A form's boundary and headers beside the largest picture.
FORM_OVERHEAD = 64 * 1024


def open_services(settings: Settings) -> Services:
    """The service layer over the store that `settings` name; makes the data folder. Loads no model."""
    settings.data.mkdir(parents=True, exist_ok=True)
    store = Store.open(
        settings.database, settings.data / "pictures", minimum_free_bytes=settings.minimum_free_bytes
    )
    store.accounts.admit_outside(settings.hugging_face_staff)
    decoder = Decoder(
        processes=settings.decoder_processes, limits=Limits(max_bytes=settings.max_upload_bytes)
    )
    return build_services(
        store,
        decoder,
        read_recipes(settings),
        data=settings.data,
        forgets=settings.forgets,
        keeping=keeping_of(settings),
        predictions_per_minute=settings.predictions_per_minute,
        suggestions_per_minute=settings.suggestions_per_minute,
    )


def read_recipes(settings: Settings) -> dict[str, Recipe]:
    """Every recipe of the folder by its slug, in the order of the file names."""
    recipes = [load_recipe(path) for path in sorted(settings.recipes.glob("*.yaml"))]
    return {recipe.slug: recipe for recipe in recipes}


def build_server(settings: Settings) -> FastAPI:
    """The whole app; `app.state.services` is its service layer. The one door to the product.

    Opens the store, starts no model: the first start and the loading of models run in the background from
    the moment the server serves.
    """
    from fastapi_offline import FastAPIOffline

    restore_first(settings)
    services = open_services(settings)
    uploads = PageUploads(settings.data, every=SWEEP_EVERY, age=SWEEP_AGE)
    # FastAPI's own /docs fetches its script from another host; this class carries it along.
    app: FastAPI = FastAPIOffline(
        title="Vitrina", version=__version__, lifespan=_lifespan(services, settings, uploads), redoc_url=None
    )
    app.state.services = services
    app.state.settings = settings
    app.state.page_uploads = uploads
    register_problems(app, language_of=services.language_of)
    app.include_router(rest_routes(services, max_upload_bytes=settings.max_upload_bytes))
    app.include_router(reading_routes(services))
    app.include_router(picture_routes(services))
    app.include_router(sign_in_routes(services, settings))
    app.include_router(hugging_face_routes(services, settings))
    app.include_router(staff_routes(services, max_upload_bytes=settings.max_upload_bytes))
    app.include_router(model_routes(services, max_upload_bytes=settings.max_upload_bytes))
    app.include_router(staff_model_routes(services))
    _answer_browsers(app)
    uploads.announce()
    _mount_pages(app, services, settings)
    _guard(app, services, settings)
    return app


def _answer_browsers(app: FastAPI) -> None:
    """What browsers ask for by themselves, so that no page logs an error."""

    @app.get("/favicon.ico", include_in_schema=False)
    def favicon() -> Response:
        return Response(status_code=204)

    @app.get("/manifest.json", include_in_schema=False)
    def manifest() -> dict[str, Any]:
        return {"name": "Vitrina", "start_url": "/", "display": "browser"}


def _mount_pages(app: FastAPI, services: Services, settings: Settings) -> None:
    import gradio

    from vitrina.pages.backend import build_backend
    from vitrina.pages.public import build_public
    from vitrina.pages.theme import mount_options

    # The public ones last, because a mount at the root answers everything.
    for path, blocks, staff in (
        ("/backend", build_backend(services), True),
        ("/", build_public(services), False),
    ):
        blocks.queue(max_size=64, default_concurrency_limit=4)
        with warnings.catch_warnings():
            # It says that server-side rendering is switched off, also to those who switched it off.
            warnings.filterwarnings("ignore", message="SSR mode is not supported", category=UserWarning)
            gradio.mount_gradio_app(
                app,
                blocks,
                path=path,
                show_error=False,
                max_file_size=settings.max_upload_bytes,
                allowed_paths=[],
                enable_monitoring=False,
                ssr_mode=False,
                pwa=False,
                mcp_server=False,
                **mount_options(staff=staff),
            )
        # mount_gradio_app leaves it false, and with it the check that a file named in an event is one that
        # was uploaded: any file of the server could be read.
        blocks.has_launched = True
        # After each event the queue makes a table of all of them, in a thread, while others change them; now and
        # then that fails (gradio 6.31), and nobody looks at the table: monitoring is off.
        blocks._queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize
        tell_mistakes_apart(blocks)


def _guard(app: FastAPI, services: Services, settings: Settings) -> None:
    # Added innermost first: headers are put on every answer, also on those of the guards. Who is turned away at
    # the gate uses up nothing of the budget behind it.
    app.add_middleware(LastResort)
    app.add_middleware(
        UploadDoor,
        per_minute=2 * settings.predictions_per_minute,
        folder=settings.data,
        minimum_free_bytes=settings.minimum_free_bytes,
        max_bytes=settings.max_upload_bytes + FORM_OVERHEAD,
        kept_seconds=KEPT_SECONDS,
    )
    app.add_middleware(StaffGate, services=services)
    app.add_middleware(BodyLimit, max_bytes=settings.max_upload_bytes + FORM_OVERHEAD)
    app.add_middleware(RefusedPaths)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Content-Type", "Idempotency-Key"],
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(ProxyHops, hops=settings.proxy_hops)


def _lifespan(services: Services, settings: Settings, uploads: PageUploads) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        from vitrina.starter import announce, ensure_collections, prepare, warm_models

        stop = threading.Event()
        ensure_collections(services)
        if settings.first_start:
            announce(services)
        uploads.open()
        work = threading.Thread(
            target=prepare if settings.first_start else warm_models,
            args=(services, settings.data, stop),
            name="first start",
            daemon=True,
        )
        work.start()
        backups = start_backups(services, settings, stop)
        services.following.start(stop, settings.model_check_minutes)
        try:
            yield
        finally:
            stop.set()
            work.join(timeout=10)
            if backups is not None:
                backups.join(timeout=10)
            uploads.close()
            services.close()

    return lifespan
