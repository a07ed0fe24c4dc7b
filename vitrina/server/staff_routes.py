"""JSON and uploads of the staff pages; the gate before /backend stands in front of all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from vitrina.server.uploads import Places, file_name_of, received
from vitrina.services import Principal, Services


class Decision(BaseModel):
    """What staff decide of one picture, with the version of it they were looking at."""

    model_config = ConfigDict(extra="forbid")
    expected_version: int | None = Field(default=None, ge=0, le=2**31)
    label: str | None = Field(default=None, max_length=64)


class NewCollection(BaseModel):
    """An empty collection to be made."""

    model_config = ConfigDict(extra="forbid")
    slug: str = Field(max_length=64)
    title: str = Field(max_length=200)
    labels: list[str] = Field(max_length=1000)
    model: str | None = Field(default=None, max_length=300)


class Undo(BaseModel):
    """Which act is meant: the `batch` that the decision's answer named, or one's own latest where it is null."""

    model_config = ConfigDict(extra="forbid")
    batch: str | None = Field(default=None, max_length=64)


def staff_routes(services: Services, *, max_upload_bytes: int) -> APIRouter:
    """Everything the desk calls. Each route hands the principal on; the service layer checks it again."""
    router = APIRouter(prefix="/backend", tags=["staff"])
    _add_collections(router, services)
    _add_pictures(router, services)
    _add_upload(router, services, max_upload_bytes=max_upload_bytes)
    return router


def _add_collections(router: APIRouter, services: Services) -> None:
    curation, principal_of = services.curation, _principal_of(services)

    @router.get("/api/collections")
    def collections(request: Request, principal: Principal = Depends(principal_of)) -> dict[str, Any]:
        """Every collection with its counts."""
        language = services.language_of(request)
        return {"collections": curation.collections(principal, language), "account": principal.name}

    @router.post("/api/collections", status_code=201)
    def create(
        request: Request, new: NewCollection, principal: Principal = Depends(principal_of)
    ) -> dict[str, Any]:
        """A new, empty collection."""
        language = services.language_of(request)
        return curation.create_collection(
            principal, slug=new.slug, title=new.title, labels=new.labels, model=new.model, language=language
        )

    @router.get("/api/collections/{slug}/queue")
    def queue(
        request: Request,
        slug: str,
        view: str = Query(default="review", max_length=20),
        offset: int = Query(default=0, ge=0, le=1_000_000_000),
        limit: int = Query(default=60, ge=1, le=100),
        principal: Principal = Depends(principal_of),
    ) -> dict[str, Any]:
        """One page of a view of the desk."""
        language = services.language_of(request)
        return curation.queue(principal, slug, view=view, offset=offset, limit=limit, language=language)

    @router.post("/api/collections/{slug}/publish")
    def publish(slug: str, principal: Principal = Depends(principal_of)) -> dict[str, Any]:
        """Publish all that a person has labelled."""
        return curation.publish_ready(principal, slug)

    @router.post("/api/collections/{slug}/undo")
    def undo(
        request: Request,
        slug: str,
        asked: Undo | None = None,
        principal: Principal = Depends(principal_of),
    ) -> dict[str, Any]:
        """Take back one act of one's own in the collection; sent twice with the same batch it is still one."""
        batch = asked.batch if asked else None
        return curation.undo(principal, slug, batch=batch, language=services.language_of(request))


def _add_pictures(router: APIRouter, services: Services) -> None:
    curation, principal_of = services.curation, _principal_of(services)

    @router.get("/api/pictures/{picture_id}")
    def item(
        request: Request, picture_id: int, principal: Principal = Depends(principal_of)
    ) -> dict[str, Any]:
        """One picture as the queue shows it."""
        return {"item": curation.item(principal, picture_id, language=services.language_of(request))}

    @router.post("/api/pictures/{picture_id}/{act}")
    def decide(
        request: Request,
        picture_id: int,
        act: Literal["label", "reject", "trash", "restore"],
        decision: Decision,
        principal: Principal = Depends(principal_of),
    ) -> dict[str, Any]:
        """Label, reject, trash or put back one picture. Durable when this answers."""
        language, version = services.language_of(request), decision.expected_version
        if act == "label":
            label = decision.label or ""
            return curation.label(principal, picture_id, label, expected_version=version, language=language)
        return curation.move(principal, picture_id, act, expected_version=version, language=language)


def _add_upload(router: APIRouter, services: Services, *, max_upload_bytes: int) -> None:
    # Apart from those of visitors, whom staff do not wait for.
    curation, places = services.curation, Places(total=32, each=16)

    @router.post("/pictures", status_code=201)
    async def upload(
        request: Request, response: Response, collection: str = Query(max_length=64)
    ) -> dict[str, Any]:
        """One photo as the raw body. 201 when it is new, 200 when the collection has it."""
        principal = await run_in_threadpool(services.principal_of, request)
        principal.require_staff()
        await run_in_threadpool(services.store.collections.get, collection)
        language = services.language_of(request)
        async with received(request, services, max_bytes=max_upload_bytes, places=places) as incoming:
            result = await run_in_threadpool(
                lambda: curation.upload(
                    principal, incoming, slug=collection, file_name=file_name_of(request), language=language
                )
            )
        response.status_code = 201 if result["created"] else 200
        return result


def _principal_of(services: Services) -> Callable[[Request], Principal]:
    def principal_of(request: Request) -> Principal:
        return services.principal_of(request)

    return principal_of
