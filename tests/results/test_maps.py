"""The map stands beside the page, in every language and theme or not at all."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from vitrina.results.maps import place_maps


def maps_in(folder: Path) -> dict[str, Path]:
    folder.mkdir()
    paths = {}
    for theme, colour in (("day", "white"), ("night", "black")):
        paths[theme] = folder / f"{theme}.png"
        Image.new("RGB", (240, 120), colour).save(paths[theme])
    return paths


def test_each_theme_serves_every_language(tmp_path: Path) -> None:
    maps = maps_in(tmp_path / "made")
    plot = place_maps(maps, tmp_path)
    assert plot is not None
    assert (plot.width, plot.height) == (100, 50)
    assert plot.alts["es"].startswith("Mapa de la colección")
    for language in ("en", "es"):
        assert (tmp_path / f"map-{language}-night.png").read_bytes() == maps["night"].read_bytes()


def test_a_file_that_lies_there_already_stays(tmp_path: Path) -> None:
    made = maps_in(tmp_path / "made")
    place_maps(made, tmp_path)
    own = {name: tmp_path / f"map-{name}.png" for name in ("en-day", "en-night", "es-day", "es-night")}
    assert place_maps(own, tmp_path) is not None
    assert all(path.is_file() for path in own.values())


def test_without_one_of_them_there_is_no_map(tmp_path: Path) -> None:
    maps = maps_in(tmp_path / "made")
    place_maps(maps, tmp_path)
    assert place_maps({"day": maps["day"]}, tmp_path) is None
    assert not list(tmp_path.glob("map-*"))
