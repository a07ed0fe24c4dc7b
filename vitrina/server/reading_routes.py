"""JSON that the public pages read."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Query, Request, Response

from vitrina.services import Services


def reading_routes(services: Services) -> APIRouter:
    """GET /api/collections, its pictures, one picture. Published pictures only."""
    router = APIRouter(prefix="/api", tags=["gallery"])

    @router.get("/collections")
    def collections(request: Request, response: Response) -> dict[str, Any]:
        """Every collection, with what the first start is doing."""
        language = services.language_of(request)
        response.headers["Cache-Control"] = "no-cache"
        return {
            "collections": services.catalogue.collections(language),
            "status": services.status(language),
        }

    @router.get("/collections/{slug}")
    def collection(request: Request, response: Response, slug: str) -> dict[str, Any]:
        """One collection with its classes, each with the number of published pictures."""
        response.headers["Cache-Control"] = "no-cache"
        return services.catalogue.collection(slug, services.language_of(request))

    @router.get("/collections/{slug}/pictures")
    def pictures(
        request: Request,
        response: Response,
        slug: str,
        label: str = Query(default="", max_length=64),
        offset: int = Query(default=0, ge=0, le=1_000_000_000),
        limit: int = Query(default=60, ge=1, le=100),
    ) -> dict[str, Any]:
        """One page of published pictures, newest first."""
        response.headers["Cache-Control"] = "no-cache"
        language = services.language_of(request)
        return services.catalogue.page(slug, label=label, offset=offset, limit=limit, language=language)

    @router.get("/pictures/{picture_id}")
    def picture(
        request: Request, response: Response, picture_id: int, label: str = Query(default="", max_length=64)
    ) -> dict[str, Any]:
        """One published picture with its label, scores, story, neighbours."""
        response.headers["Cache-Control"] = "no-cache"
        return services.catalogue.picture(picture_id, label=label, language=services.language_of(request))

    return router
