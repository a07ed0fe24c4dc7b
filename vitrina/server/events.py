"""Events of the pages with input that no page sends."""

from __future__ import annotations

import errno
import logging
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from vitrina.errors import BadRequest, VitrinaError

log = logging.getLogger(__name__)

# What the request under way turned out to ask wrongly; the innermost guard puts an empty list here, looks into
# it when Gradio answers 500 to everything alike.
MISTAKES: ContextVar[list[VitrinaError] | None] = ContextVar("vitrina_mistakes", default=None)
# The system's words for a path that is none, or leads to nothing; its others are faults of this machine.
_BAD_PATH = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP)


def mistake_of_caller() -> BadRequest:
    """What somebody is told whose call is none that the pages make."""
    return BadRequest("an event as /config describes it", "another", "Call it as the pages do.")


def is_mistake(error: BaseException) -> bool:
    """Whether input that fits no component ends in such an error, rather than a fault of the server."""
    if isinstance(error, OSError):
        return error.errno in _BAD_PATH
    # Gradio's own class for an event that does not exist is a bare Exception.
    unknown_event = type(error).__name__ == "FnIndexInferError"
    return unknown_event or isinstance(
        error, LookupError | ValueError | TypeError | AttributeError | RecursionError
    )


def require_uploads(inputs: Any, folder: Path) -> None:
    """Raises BadRequest where `inputs` name, at any depth, a file that is no upload in `folder`.

    Gradio would fetch a path that is a web address, and remember one that leads to no file, or to a folder,
    for its clearing up, which ends there.
    """
    waiting = [inputs]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if path and not (isinstance(path, str) and _is_upload(Path(path), folder)):
                raise BadRequest(
                    "a photo that was uploaded", "none, or one no longer kept", "Upload the photo again."
                )
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)


def _is_upload(path: Path, folder: Path) -> bool:
    return path.is_file() and path.resolve().is_relative_to(folder.resolve())


def tell_mistakes_apart(blocks: Any) -> None:
    """Make `blocks` (gradio.Blocks) end an event with unfit input as the caller's mistake.

    Gradio answers 500 to whatever goes wrong in an event, prints a whole traceback for each. Input is checked
    before the event's function runs: what fails there, with an error that input can cause, gets one line in
    the log, while anything else stays a fault.
    """
    import gradio

    checked = blocks.preprocess_data

    async def preprocess_data(block_fn: Any, inputs: Any, *arguments: Any, **options: Any) -> Any:
        try:
            if block_fn.fn is None:
                raise LookupError("an event that runs in the browser alone")
            require_uploads(inputs, Path(blocks.GRADIO_CACHE))
            return await checked(block_fn, inputs, *arguments, **options)
        except Exception as error:
            if not (isinstance(error, gradio.Error | BadRequest) or is_mistake(error)):
                raise
            log.warning("malformed event %s: %s", str(block_fn.api_name)[:100], type(error).__name__)
            mistakes = MISTAKES.get()
            mistake = error if isinstance(error, BadRequest) else mistake_of_caller()
            if not mistakes and mistakes is not None:
                mistakes.append(mistake)
            # This class alone spares the log the traceback.
            raise gradio.Error(str(mistake), visible=False, print_exception=False) from None

    blocks.preprocess_data = preprocess_data
