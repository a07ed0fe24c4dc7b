from __future__ import annotations

import numpy as np
import pytest

from tests.duplicates.made import photo
from vitrina.duplicates.alignment import turn_array
from vitrina.duplicates.perceptual import as_integers, encode, encode_turns
from vitrina.errors import VitrinaError


def test_the_hash_is_imagededups_own() -> None:
    from imagededup.methods import PHash

    theirs = PHash(verbose=False)
    pictures = [np.asarray(photo(seed, (300 - 20 * seed, 150 + 9 * seed))) for seed in range(6)]
    pictures += [np.asarray(photo(7).convert("L")), np.full((40, 50, 3), 90, np.uint8)]
    pictures.append(np.random.default_rng(0).integers(0, 256, (7, 5, 3)).astype(np.uint8))
    for pixels in pictures:
        assert encode(pixels) == theirs.encode_image(image_array=pixels)


@pytest.mark.parametrize("turn", range(8))
def test_turned_hashes_are_those_of_turned_pictures(turn: int) -> None:
    pixels = np.asarray(photo(3).convert("L"))
    told = int(encode_turns(pixels)[turn])
    real = int(as_integers([encode(turn_array(pixels, turn))])[0])
    assert (told ^ real).bit_count() <= 2  # Lanczos rounds otherwise in a turned picture.


def test_turn_nought_is_the_hash_itself() -> None:
    pixels = np.asarray(photo(4))
    assert int(encode_turns(pixels)[0]) == int(encode(pixels), 16)


def test_hexadecimal_becomes_integers() -> None:
    assert as_integers(["00000000000000ff", "8000000000000000"]).tolist() == [255, 2**63]
    assert as_integers([]).shape == (0,)


@pytest.mark.parametrize("wrong", ["ff", "zz00000000000000", "0" * 15, " " * 16])
def test_other_strings_are_refused(wrong: str) -> None:
    with pytest.raises(VitrinaError) as caught:
        as_integers(["0" * 16, wrong])
    assert str(caught.value) == (
        f"Expected hashes of 16 hexadecimal digits; found {wrong!r}. Make them with `encode`."
    )
