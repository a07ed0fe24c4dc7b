"""A survey over the pipe: it comes back as it went, a worker taken over is not believed."""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from tests.hostile_pictures import encoded, photo, png
from vitrina.decoder import Surveyed
from vitrina.decoder.survey_wire import read_survey, surveyed_message
from vitrina.decoder.surveyed import survey_bytes
from vitrina.decoder.wire import WireError, receive, refused_message, send
from vitrina.errors import PictureRefused
from vitrina.images import Limits

MIB = 1024 * 1024


@pytest.mark.parametrize("pixels", [True, False])
def test_it_comes_back_as_it_went(pixels: bool) -> None:
    seen = survey_bytes(encoded(photo(500, 460), "JPEG"), limits=Limits(), pixels=pixels)
    stream = io.BytesIO()
    send(stream, *surveyed_message(seen))
    send(stream, *refused_message(PictureRefused("a", "b", "C.", reason="corrupt")))
    stream.seek(0)
    again = read_survey(*receive(stream, most_bytes=MIB), limits=Limits())
    assert isinstance(again, Surveyed)
    ours, theirs = asdict(seen), asdict(again)
    for name in ("small", "pixels"):
        assert np.array_equal(ours.pop(name), theirs.pop(name))
    assert ours == theirs
    assert (again.pixels is not None) == pixels
    refused = read_survey(*receive(stream, most_bytes=MIB), limits=Limits())
    assert isinstance(refused, PictureRefused)
    assert (str(refused), refused.reason) == ("Expected a; found b. C.", "corrupt")


@pytest.mark.parametrize(
    "lie",
    [
        {"width": 0}, {"width": True}, {"height": 10**9}, {"frames": -1}, {"channels": 17}, {"decodes": 0},
        {"format": "SVG"}, {"format": "JPEG\n"}, {"mode": ""}, {"mode": "<b>"}, {"mode": ["RGB"]},
        {"pixel_sha256": "0" * 63}, {"pixel_sha256": "0" * 64 + "\n"}, {"pixel_sha256": "../" + "0" * 61},
        {"brightness": 256.0}, {"brightness": float("nan")}, {"brightness": 1}, {"contrast": 128.0},
        {"contrast": -1.0}, {"sharpness": float("inf")}, {"sharpness": None}, {"shapes": None},
        {"shapes": [[8, 8]]}, {"shapes": [[8, 8], [8, 9]]}, {"shapes": [[8, 8], [8]]}, {"shapes": [8, 8]},
        {"shapes": [[8, 8], [-8, -8]]}, {"ok": 1}, {"ok": False, "reason": "because"},
    ],
    ids=repr,
)  # fmt: skip
def test_a_worker_taken_over_is_not_believed(lie: dict[str, Any]) -> None:
    header, blobs = surveyed_message(survey_bytes(png(8, 8), limits=Limits()))
    assert isinstance(read_survey(header, blobs, limits=Limits()), Surveyed)
    with pytest.raises(WireError):
        read_survey({**header, **lie}, blobs, limits=Limits())


def test_blobs_are_checked_as_well() -> None:
    header, blobs = surveyed_message(survey_bytes(png(8, 8), limits=Limits()))
    for wrong in ([b"<html>", *blobs[1:]], blobs[:1], [*blobs, b""], [blobs[0], blobs[1], blobs[2][:-1]]):
        with pytest.raises(WireError):
            read_survey(header, wrong, limits=Limits())
