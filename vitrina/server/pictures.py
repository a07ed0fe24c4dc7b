"""Pictures as they are shown: re-encoded derivatives, never an original."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from vitrina.errors import NotFound
from vitrina.services import Services
from vitrina.services.catalogue import not_shown

HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}


def picture_routes(services: Services) -> APIRouter:
    """GET /pictures/{id}/{thumb|large}.webp: published ones for anyone, others for staff alone."""
    router = APIRouter(tags=["pictures"])

    @router.get("/pictures/{picture_id}/{size}.webp", response_class=Response)
    def picture(request: Request, picture_id: int, size: Literal["thumb", "large"]) -> Response:
        """A derivative as WebP in sRGB without metadata, long side at most 480 (thumb) or 1600 px (large)."""
        try:
            sha256, state = services.store.pictures.file_of(picture_id)
        except NotFound as error:
            raise not_shown(picture_id) from error
        public = state == "published"
        if not public and not services.principal_of(request).is_staff:
            raise not_shown(picture_id)
        # The bytes never change, whether they are shown does: a cache may keep them, but asks before each use,
        # so that what staff take out of the gallery is gone from everywhere at once. The ETag makes it cheap.
        cache = "public, no-cache" if public else "private, no-store"
        headers = {**HEADERS, "ETag": f'"{sha256[:32]}-{size}"', "Cache-Control": cache}
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        path = services.store.derivative(sha256, size, decoder=services.decoder)
        return FileResponse(path, media_type="image/webp", headers=headers)

    return router
