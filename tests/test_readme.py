"""What the README promises to a stranger, done as it says."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from importlib import metadata
from importlib.util import cache_from_source
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.served import ROOT, free_port
from tests.server.conftest import photo

README = (ROOT / "README.md").read_text(encoding="utf-8")


def command(name: str) -> str:
    """The one line in the block behind the comment <!-- name -->."""
    found = re.search(rf"<!-- {name} -->\n```bash\n(.*)\n```", README)
    assert found is not None, name
    return found.group(1)


def test_ci_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    extract = next(line for line in script.splitlines() if line.startswith("command="))
    shown = subprocess.run(
        ["bash", "-c", f'{extract}; printf %s "$command"'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == command("tests")
    assert 'eval "$command"' in script


def test_every_command_of_the_readme_exists() -> None:
    import sys

    blocks = "\n".join(re.findall(r"```bash\n(.*?)```", README, re.DOTALL))
    modules = set(re.findall(r"-m (vitrina|training)( \w+)?", blocks))
    promised = {("vitrina", " account"), ("vitrina", " import"), ("training", " prepare")}
    assert promised | {("training", " evaluate")} <= modules
    for module, verb in sorted(modules):
        done = subprocess.run(
            [sys.executable, "-m", module, verb.strip(), "--help"], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(
    not os.environ.get("CI"), reason="makes an environment in a clean clone; set CI to run it"
)
@pytest.mark.timeout(900)
def test_from_a_clean_clone_by_the_first_command(tmp_path: Path) -> None:
    """The gallery before any model, then the classifier answering a photo."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    lend_what_is_installed(clone)
    port = free_port()
    outside = {
        k: v for k, v in os.environ.items() if not k.startswith(("VITRINA_", "GRADIO_", "VIRTUAL_ENV"))
    }
    # Bytecode of all that is installed takes pip a third of its time; one start needs a part of it.
    environment = {**outside, "GRADIO_SERVER_PORT": str(port), "PIP_COMPILE": "0"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", command("start")],
            cwd=clone,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        first = until(address, process, tmp_path / "log", lambda health: True)
        assert httpx.get(f"{address}/?collection=simulated-sky-survey").status_code == 200
        assert "ready" not in first["models"].values()
        until(
            address,
            process,
            tmp_path / "log",
            lambda health: health["models"]["restaurant-photos"] == "ready",
        )
        answer = httpx.post(f"{address}/predict", files={"file": ("photo.jpg", photo(1))}, timeout=60)
        assert answer.status_code == 201
        assert answer.json()["scores"]
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
        shutil.rmtree(clone, ignore_errors=True)


def lend_what_is_installed(clone: Path) -> None:
    """An environment with what requirements.txt asks for, and what that needs, linked from the one of these tests.

    Unpacking 6 GB once more would prove no more: pip looks at each of them, and fetches what is missing here.
    """
    subprocess.run(["python3", "-m", "venv", str(clone / ".venv")], check=True)
    there = next((clone / ".venv").glob("lib/python3.*/site-packages"))
    for name in needed((ROOT / "requirements.txt").read_text(encoding="utf-8")):
        found = metadata.distribution(name)
        for file in found.files or ():
            source = Path(str(found.locate_file(file)))
            if ".." in file.parts or not source.is_file():
                continue
            for one in (source, Path(cache_from_source(source)) if source.suffix == ".py" else source):
                place = there / file.parent / one.relative_to(source.parent)
                if one.is_file() and not place.exists():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    os.link(one, place)


def needed(requirements: str) -> list[str]:
    """The distributions that a list asks for, with all that they need themselves; those of the tests are not there."""
    open_ones = [Requirement(line) for line in requirements.splitlines() if line.strip() and line[0] != "#"]
    seen: dict[str, set[str]] = {}
    while open_ones:
        wanted = open_ones.pop()
        extras = seen.setdefault(canonicalize_name(wanted.name), set())
        fresh = ({""} | wanted.extras) - extras
        extras |= fresh
        for line in metadata.requires(wanted.name) or () if fresh else ():
            one = Requirement(line)
            if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in fresh):
                open_ones.append(one)
    return sorted(seen)


def until(
    address: str, process: subprocess.Popen[bytes], log: Path, true_of: object
) -> dict[str, dict[str, str]]:
    """The first answer of /health for which `true_of` holds."""
    end = time.monotonic() + 800
    while True:
        assert process.poll() is None, log.read_text(errors="replace")[-3000:]
        assert time.monotonic() < end, log.read_text(errors="replace")[-3000:]
        try:
            health: dict[str, dict[str, str]] = httpx.get(f"{address}/health", timeout=30).json()
        except httpx.HTTPError:
            time.sleep(0.25)
            continue
        if true_of(health):  # type: ignore[operator]
            return health
        time.sleep(0.25)
