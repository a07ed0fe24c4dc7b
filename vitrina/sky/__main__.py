"""python -m vitrina.sky FOLDER: draw a survey into class folders."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vitrina.errors import VitrinaError


def main() -> int:
    """Write FOLDER/<class>/simulated-<index>.png and print each path below FOLDER once its file is whole."""
    parser = argparse.ArgumentParser(prog="python -m vitrina.sky", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=600)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--size", type=int, default=224, help="side in px")
    options = parser.parse_args()
    from vitrina.sky.survey import render_survey

    try:
        for galaxy in render_survey(options.count, seed=options.seed, size=options.size):
            path = options.folder / galaxy.label / f"simulated-{galaxy.index:04d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            # Noise hardly compresses: a higher level only takes longer.
            galaxy.image.save(path, compress_level=1)
            print(path.relative_to(options.folder).as_posix(), flush=True)
    except VitrinaError as error:
        print(error, file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 1  # Whoever read the paths has gone.
    return 0


if __name__ == "__main__":
    sys.exit(main())
