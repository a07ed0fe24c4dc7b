"""The Space's entry: settings from the environment, one server, served."""

from __future__ import annotations

import logging
import os
import sys

from vitrina.errors import VitrinaError
from vitrina.server.app import build_server
from vitrina.server.hugging_face_space import storage_in_words
from vitrina.server.serve import listen, serve
from vitrina.server.settings import Settings


def main() -> int:
    """Serve until told to stop. Exit code 2 and one clear message when it cannot start."""
    # Nothing here reports home, whatever a library's default is.
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    # What the first start reached is said in the terminal, too.
    logging.basicConfig(format="%(message)s")
    logging.getLogger("vitrina").setLevel(logging.INFO)
    try:
        settings = Settings.from_environment(os.environ)
        if said := storage_in_words(settings, os.environ):
            print(said, file=sys.stderr)
        # First the port: a run that finds it taken has touched nothing of the one that has it.
        with listen(settings) as listener:
            serve(build_server(settings), listener)
    except VitrinaError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
