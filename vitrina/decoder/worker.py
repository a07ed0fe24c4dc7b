"""The worker's own program: reads pictures on stdin, writes answers on stdout, ends when stdin ends."""

from __future__ import annotations

import math
import os
import signal
import sys
import warnings
from typing import Any, BinaryIO

from vitrina.decoder.examined import examine_bytes
from vitrina.decoder.survey_wire import surveyed_message
from vitrina.decoder.surveyed import survey_bytes
from vitrina.decoder.wire import WireError, examined_message, receive, refused_message, send
from vitrina.errors import PictureRefused
from vitrina.images import Limits


def main() -> int:
    """Answer until stdin ends. 0 then, 1 where the start fails (the answer to the first message says why)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the parent to answer.
    warnings.simplefilter("ignore")
    # Whatever a library prints goes nowhere; only answers go to the pipe.
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    try:
        settings, _ = receive(sys.stdin.buffer, most_bytes=0)
        limits = Limits(**settings["limits"])
        _warm_up()
        _take_limits(settings["memory_bytes"])
        send(answers, {"ready": True})
        return _serve(sys.stdin.buffer, answers, limits, seconds=settings["seconds"])
    except (WireError, BrokenPipeError):
        return 0  # The parent has gone.


def _warm_up() -> None:
    """Import all that a picture may need, before files can no longer be opened freely."""
    import io

    from PIL import Image, ImageCms

    from vitrina.images import FORMATS

    plain = Image.new("RGB", (64, 64), (200, 100, 50))
    for kind in FORMATS:
        file = io.BytesIO()
        plain.save(file, kind)
        examine_bytes(file.getvalue(), limits=Limits())
        survey_bytes(file.getvalue(), limits=Limits())
    ImageCms.createProfile("sRGB")


def _take_limits(memory_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows: the parent's wall limit is all there is.
        return
    _lower(resource.RLIMIT_AS, _address_space() + memory_bytes)
    _lower(resource.RLIMIT_FSIZE, 0)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(kind: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(kind, (most, most))
    except (OSError, ValueError):
        # macOS refuses some of them. A worker without is still a worker that may die alone.
        return


def _address_space() -> int:
    """Bytes of address space in use now; 0 where the system has no /proc."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _allow_seconds(seconds: float) -> None:
    """CPU seconds from now on; past them the system sends SIGXCPU, which ends the process."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds) + 1
    if hard == resource.RLIM_INFINITY or soft <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _serve(questions: BinaryIO, answers: BinaryIO, limits: Limits, *, seconds: float) -> int:
    while True:
        question, blobs = receive(questions, most_bytes=limits.max_bytes)
        _allow_seconds(seconds)
        header, parts = _answer(question, blobs[0], limits)
        send(answers, header, parts)


def _answer(question: dict[str, Any], data: bytes, limits: Limits) -> tuple[dict[str, Any], list[bytes]]:
    try:
        if question["look"] != "examine":
            pixels = question["look"] == "survey"
            return surveyed_message(survey_bytes(data, limits=limits, pixels=pixels))
        return examined_message(examine_bytes(data, limits=limits))
    except PictureRefused as refused:
        return refused_message(refused)
    except MemoryError:
        more, smaller = "one that needs more", "Make the picture smaller."
        reason = "too_much_memory"
        return refused_message(PictureRefused("a picture that fits in memory", more, smaller, reason=reason))
    except Exception as error:
        # Decoded, yet something after that broke: say which kind, stay alive for the next picture.
        found = f"one that cannot be worked with ({type(error).__name__})"
        return refused_message(
            PictureRefused("a sound picture", found, "Save the picture anew.", reason="corrupt")
        )


if __name__ == "__main__":
    sys.exit(main())
