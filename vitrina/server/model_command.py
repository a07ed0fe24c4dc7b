"""The command that says which model answers for a collection, and sets it."""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING, Any

from vitrina.errors import ModelUnavailable
from vitrina.server.settings import Settings

if TYPE_CHECKING:
    from vitrina.services import Services
    from vitrina.services.following import Checked


def add_model_command(commands: Any) -> None:
    """`model`, for the parser of python -m vitrina."""
    command = commands.add_parser(
        "model", help="say which model answers for a collection, follow or pin another"
    )
    command.add_argument("collection", metavar="SLUG")
    act = command.add_mutually_exclusive_group()
    act.add_argument(
        "--follow",
        metavar="ORG/NAME|./FOLDER",
        help="its champion answers, and every one after it; @main follows another branch",
    )
    act.add_argument("--pin", metavar="ORG/NAME@v2", help="this version answers and no other")
    act.add_argument("--check", action="store_true", help="look for a new champion now")
    command.set_defaults(run=_run)


def _run(options: argparse.Namespace, settings: Settings) -> int:
    from vitrina.server.app import open_services
    from vitrina.starter import ensure_collections

    services = open_services(settings)
    try:
        ensure_collections(services)
        return run_model(
            services,
            options.collection,
            follow=options.follow,
            pin=options.pin,
            check=options.check,
        )
    finally:
        services.close()


def run_model(
    services: Services,
    slug: str,
    *,
    follow: str | None = None,
    pin: str | None = None,
    check: bool = False,
) -> int:
    """Do it, print what answers now; 1 where a check has failed, or where no model answers. Raises VitrinaError."""
    following = services.following
    done: Checked | None = None
    if follow is not None:
        done = following.follow(slug, follow)
    elif pin is not None:
        done = following.pin(slug, pin)
    elif check:
        done = following.check(slug)
    trouble = _tell(services, slug)
    if done is not None and done.problem is not None:
        # Where nothing answers, the line above has told why: most often for the same reason.
        why = "." if done.problem in trouble else f": {done.problem}"
        print(f"The check failed, so nothing has changed{why}")
        return 1
    if done is not None and not trouble:
        _answer(services, slug)
    return 1 if trouble else 0


def _tell(services: Services, slug: str) -> str:
    """Print what answers, since when, what could not be verified. "", or why nothing answers."""
    collection = services.store.collections.get(slug)
    if collection.model is None and collection.follows is None:
        told = f"No model is set for {slug}. Set one with --follow org/name, or --pin org/name@v2."
        print(told)
        return told
    try:
        services.classifiers.get(slug)
    except ModelUnavailable as error:
        print(f"No model answers for {slug}: {error}")
        return str(error)
    state = services.following.state(slug)
    named = f"{state.version}, " if state.version else ""
    since = f", since {state.since:%Y-%m-%d %H:%M} UTC" if state.since else ""
    print(f"{named}{state.revision or collection.model} answers for {slug}{since}.")
    print(f"It follows {state.follows}." if state.follows else "It follows no repository.")
    for line in state.not_verified:
        print(f"Warning: {line}")
    return ""


def _answer(services: Services, slug: str) -> None:
    from vitrina.services.answering import classify_outdated

    services.following.close()  # What it began in the background is done here, where one waits for it.
    answered = classify_outdated(
        services.store, services.classifiers, services.decoder, slug=slug, stop=threading.Event()
    )
    print(f"Answered by it just now: {answered} {'picture' if answered == 1 else 'pictures'}.")
