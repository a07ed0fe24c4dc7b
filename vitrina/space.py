"""The Space's settings inside README.md, generated from space.yaml."""

from __future__ import annotations

from pathlib import Path

from vitrina.errors import VitrinaError

FENCE = "---\n"


def space_block(settings: str) -> str:
    """The YAML block of a README from the text of space.yaml: the same settings without its comments."""
    lines = [line for line in settings.splitlines(keepends=True) if not line.startswith("#")]
    return FENCE + "".join(lines) + FENCE


def with_space_block(readme: str, settings: str) -> str:
    """The README with its block replaced, or put before everything where it has none."""
    if readme.startswith(FENCE):
        end = readme.find("\n" + FENCE, len(FENCE) - 1)
        if end < 0:
            raise VitrinaError(
                "a closing '---' after the README's first block", "none", "Close the block, then try again."
            )
        readme = readme[end + 1 + len(FENCE) :]
    return space_block(settings) + readme


def write_space_block(root: Path) -> bool:
    """Bring README.md in `root` up to date with space.yaml; whether it changed."""
    readme, settings = root / "README.md", root / "space.yaml"
    for path in (readme, settings):
        if not path.is_file():
            raise VitrinaError(
                f"{path.name} in {root}", "no such file", "Run this in the checkout, or give --root."
            )
    before = readme.read_text(encoding="utf-8")
    after = with_space_block(before, settings.read_text(encoding="utf-8"))
    readme.write_text(after, encoding="utf-8")
    return after != before
