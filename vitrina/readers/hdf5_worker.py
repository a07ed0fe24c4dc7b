"""The program that reads an HDF5 file: questions on stdin, answers on stdout, until stdin ends."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

from vitrina.errors import BadRequest, PictureRefused, VitrinaError
from vitrina.readers.budget import GIB, ArchiveLimits, damaged
from vitrina.readers.frames import Frames
from vitrina.readers.hdf5_file import OpenHdf5
from vitrina.readers.hdf5_process import receive, send
from vitrina.readers.pairing import Array

_MEMORY_BYTES = 3 * GIB


def main() -> int:
    """Answer until stdin ends: the first message names the file, the others ask for its parts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the parent to answer.
    warnings.simplefilter("ignore")
    # Whatever a library prints goes nowhere; only answers go to the pipe.
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    try:
        told, _ = receive(sys.stdin.buffer)
        _take_limits()
        file: OpenHdf5 | None = None
        while True:
            try:
                if file is None:
                    file = OpenHdf5(Path(told["path"]), ArchiveLimits(**told["limits"]))
                    send(answers, {})
                else:
                    question, _ = receive(sys.stdin.buffer)
                    send(answers, *_answer(file, question))
            except VitrinaError as error:
                send(answers, _refusal(error))
            except MemoryError:
                send(answers, _refusal(damaged("more memory than there is")))
            if file is None:
                return 1
    except (EOFError, OSError):
        return 0  # The parent has gone.


def _answer(file: OpenHdf5, question: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    if question["ask"] == "arrays":
        return {"arrays": [dataclasses.asdict(array) for array in file.arrays()]}, b""
    told = question["array"]
    array = Array(**{**told, "shape": tuple(told["shape"])})
    if question["ask"] == "values":
        values = file.values(array)
        if array.kind == "S":
            return {}, json.dumps([_text(value) for value in values.reshape(-1).tolist()]).encode()
        return {}, json.dumps(values.tolist()).encode()
    return {}, file.frame(array, Frames(**question["frames"]), question["number"]).tobytes()


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _refusal(error: VitrinaError) -> dict[str, Any]:
    said = [error.expected, error.found, error.next_step]
    if isinstance(error, PictureRefused):
        return {"refused": [*said, error.reason]}
    if not isinstance(error, BadRequest):
        raise error
    return {"bad": said}


def _take_limits() -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent's wall limit is all there is.
        return
    for kind, value in ((resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):
            continue  # macOS refuses some of them.


if __name__ == "__main__":
    sys.exit(main())
