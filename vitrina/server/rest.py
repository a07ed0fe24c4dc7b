"""REST: predict, the log of predictions, health."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from vitrina import __version__
from vitrina.errors import BadRequest, Conflict
from vitrina.server.sign_in import require_same_origin
from vitrina.server.uploads import Places, received
from vitrina.services import Principal, Services
from vitrina.services.pace import asker

_PICTURE_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "image/*": {"schema": {"type": "string", "format": "binary"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}
_REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request is wrong; the body says expected, found, next_step."},
    413: {"description": "More bytes than the server takes."},
    422: {"description": "Not a picture that can be decoded; `reason` is a stable code."},
    429: {"description": "Too many requests; Retry-After says when to come back."},
    503: {"description": "The model is not ready, or too many pictures are on their way in."},
    507: {"description": "The disk is nearly full."},
}
# Pictures on their way in at one time: as many as may wait for the model.
PLACES = 32
_STAFF_ONLY: dict[int | str, dict[str, Any]] = {403: {"description": "Staff only: sign in first."}}


class SeenKeys:
    """Idempotency keys of the recent past, so that one key cannot stand for two different pictures.

    The answer itself needs no memory: predictions are keyed by content, so a repeated request gets the id
    it got before, also after a restart. The newest `most` keys are kept.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._seen: OrderedDict[tuple[str, str], str] = OrderedDict()

    def check(self, address: str, key: str, sha256: str) -> None:
        """Raises Conflict when `key` came from `address` with other bytes before."""
        with self._lock:
            before = self._seen.setdefault((asker(address), key), sha256)
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)
        if before != sha256:
            raise Conflict(
                "one picture for one Idempotency-Key",
                f"{key[:80]!r} with different bytes than before",
                "Use a new key for a new picture.",
            )


def rest_routes(services: Services, *, max_upload_bytes: int) -> APIRouter:
    """POST /predict, GET /predictions, GET /predictions/{id}, DELETE /predictions/reset, GET /health."""
    router = APIRouter()
    _add_predict(router, services, max_upload_bytes=max_upload_bytes)
    _add_log(router, services)

    @router.get("/health", tags=["health"])
    def health(request: Request) -> dict[str, Any]:
        """Whether the gallery answers, and how each collection's model fares. Loads nothing."""
        states = {c.slug: services.classifiers.state(c.slug).kind for c in services.store.collections.all()}
        return {"status": "ok", "version": __version__, "models": states, **services.status("en")}

    return router


def _add_predict(router: APIRouter, services: Services, *, max_upload_bytes: int) -> None:
    keys, places = SeenKeys(), Places(total=PLACES, each=PLACES // 4)

    @router.post(
        "/predict", tags=["predictions"], openapi_extra=_PICTURE_BODY, responses={201: {}, **_REFUSALS}
    )
    async def predict(
        request: Request,
        response: Response,
        collection: str = Query(default="restaurant-photos", max_length=64),
        idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
    ) -> dict[str, Any]:
        """Classify one picture, sent raw or as the form field `file`.

        201 the first time, 200 with the same id for the same bytes.
        """
        principal = await run_in_threadpool(services.principal_of, request)
        # Before a byte of the picture is read.
        await run_in_threadpool(services.trial.admit, principal)
        language = services.language_of(request)
        await run_in_threadpool(services.store.collections.get, collection)
        async with received(request, services, max_bytes=max_upload_bytes, places=places) as incoming:
            arrived = incoming.finish()
            if idempotency_key:
                keys.check(principal.address, idempotency_key, arrived.sha256)
            result = await run_in_threadpool(
                lambda: services.trial.predict(
                    arrived.path,
                    slug=collection,
                    principal=principal,
                    language=language,
                    source="rest",
                    admitted=True,
                )
            )
        response.status_code = 201 if result["created"] else 200
        response.headers["Cache-Control"] = "no-store"
        return result


def _add_log(router: APIRouter, services: Services) -> None:
    def staff(request: Request) -> Principal:
        require_same_origin(request)
        principal = services.principal_of(request)
        principal.require_staff()
        return principal

    @router.get("/predictions", tags=["predictions"], responses=_STAFF_ONLY)
    def predictions(
        principal: Principal = Depends(staff),
        collection: str | None = Query(default=None, max_length=64),
        offset: int = Query(default=0, ge=0, le=1_000_000_000),
        limit: int = Query(default=50, ge=1, le=500),
    ) -> dict[str, Any]:
        """The log, newest first. Staff only."""
        rows = services.trial.logged(principal, slug=collection, offset=offset, limit=limit)
        return {"items": rows, "offset": offset, "limit": limit}

    @router.delete("/predictions/reset", tags=["predictions"], responses=_STAFF_ONLY)
    def reset(
        principal: Principal = Depends(staff),
        confirm: str = Query(default="", max_length=80, description="The collection's slug, or `all`."),
        collection: str | None = Query(default=None, max_length=64),
    ) -> dict[str, Any]:
        """Empty the log (pictures that are kept keep their predictions). Soft: the answer's id restores it."""
        expected = collection or "all"
        if confirm != expected:
            raise BadRequest(
                f"confirm={expected}", f"confirm={confirm}", f"Add confirm={expected} to the address."
            )
        return services.trial.reset(principal, slug=collection)

    @router.post("/predictions/reset/{reset_id}/restore", tags=["predictions"], responses=_STAFF_ONLY)
    def restore(reset_id: str, principal: Principal = Depends(staff)) -> dict[str, Any]:
        """Take a reset back."""
        return services.trial.restore(principal, reset_id)

    @router.get("/predictions/{prediction_id}", tags=["predictions"])
    def prediction(prediction_id: str) -> dict[str, Any]:
        """One prediction by the id its sender was given."""
        return services.trial.one(prediction_id)
