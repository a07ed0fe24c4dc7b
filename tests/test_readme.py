"""What the README promises to a stranger, done as it says."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

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
@pytest.mark.skipif(not os.environ.get("CI"), reason="installs 6 GB into a clean clone; set CI to run it")
@pytest.mark.timeout(900)
def test_from_a_clean_clone_by_the_first_command(tmp_path: Path) -> None:
    """The gallery before any model, then the classifier answering a photo."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
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
