"""JSON of the models: versions, cards, two versions on one picture, the champion."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from vitrina.server.uploads import Places, received
from vitrina.services import Principal, Services

_PICTURE = {
    "requestBody": {
        "required": True,
        "content": {"image/*": {"schema": {"type": "string", "format": "binary"}}},
    }
}
# Pictures on their way in at one time: one comparison runs at a time, and a few may wait for it.
PLACES = 8


class Move(BaseModel):
    """Which version is to be the champion, why, and which one the page showed as it."""

    model_config = ConfigDict(extra="forbid")
    version: str = Field(max_length=20)
    reason: str = Field(max_length=2000)
    expected: str | None = Field(max_length=20)


def model_routes(services: Services, *, max_upload_bytes: int) -> APIRouter:
    """GET /api/models, GET /api/models/card, POST /api/models/compare."""
    router = APIRouter(tags=["models"])
    hub = services.model_hub

    @router.get("/api/models")
    def models(
        request: Request, response: Response, collection: str = Query(default="", max_length=64)
    ) -> dict[str, Any]:
        """The collections that have a model; with `collection`, its versions with what was measured."""
        response.headers["Cache-Control"] = "no-cache"
        return _told(services, request, collection, named=False)

    @router.get("/api/models/card")
    def card(
        response: Response,
        collection: str = Query(max_length=64),
        version: str = Query(default="", max_length=20),
    ) -> dict[str, Any]:
        """The card of a version as a tree of a few known elements; no markup."""
        response.headers["Cache-Control"] = "no-cache"
        return {"collection": collection, "version": version, "card": hub.card(collection, version)}

    _add_compare(router, services, max_upload_bytes=max_upload_bytes)
    return router


def _add_compare(router: APIRouter, services: Services, *, max_upload_bytes: int) -> None:
    places = Places(total=PLACES, each=2)

    @router.post("/api/models/compare", openapi_extra=_PICTURE)
    async def compare(
        request: Request,
        response: Response,
        collection: str = Query(max_length=64),
        first: str = Query(max_length=20),
        second: str = Query(max_length=20),
    ) -> dict[str, Any]:
        """The answers of two versions for one picture, sent raw; nothing of it is kept."""
        principal = await run_in_threadpool(services.principal_of, request)
        # Before a byte of the picture is read.
        await run_in_threadpool(services.trial.admit, principal)
        language = services.language_of(request)
        await run_in_threadpool(services.store.collections.get, collection)
        async with received(request, services, max_bytes=max_upload_bytes, places=places) as incoming:
            path = incoming.finish().path
            result = await run_in_threadpool(
                lambda: services.comparison.compare(
                    path,
                    slug=collection,
                    first=first,
                    second=second,
                    principal=principal,
                    language=language,
                )
            )
        response.headers["Cache-Control"] = "no-store"
        return result


def staff_model_routes(services: Services) -> APIRouter:
    """GET /backend/api/models, POST /backend/api/collections/{slug}/champion."""
    router = APIRouter(tags=["models"])
    hub = services.model_hub

    def principal_of(request: Request) -> Principal:
        return services.principal_of(request)

    @router.get("/backend/api/models")
    def staff_models(
        request: Request,
        response: Response,
        collection: str = Query(default="", max_length=64),
        principal: Principal = Depends(principal_of),
    ) -> dict[str, Any]:
        """The same with who moved the champion, and what went wrong in words."""
        principal.require_staff()
        response.headers["Cache-Control"] = "no-store"
        return {**_told(services, request, collection, named=True), "account": principal.name}

    @router.post("/backend/api/collections/{slug}/champion")
    def champion(slug: str, asked: Move, principal: Principal = Depends(principal_of)) -> dict[str, Any]:
        """Promote a version, or roll back to one; 409 where another one is in force than the page showed."""
        return hub.promote(
            principal, slug, version=asked.version, reason=asked.reason, expected=asked.expected
        )

    return router


def _told(services: Services, request: Request, collection: str, *, named: bool) -> dict[str, Any]:
    language, hub = services.language_of(request), services.model_hub
    return {
        "collections": hub.collections(language),
        "models": hub.view(collection, language, named=named) if collection else None,
        "status": services.status(language),
    }
