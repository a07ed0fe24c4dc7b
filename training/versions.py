"""The versions of a repository: when each came, how it was measured, which is in force and why."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from vitrina.repositories.manifest import MANIFEST, Manifest, manifest_of
from vitrina.repositories.opening import find_repository
from vitrina.repositories.repository import KINDS
from vitrina.repositories.versions import alias_of, champion, history, versions


def main(arguments: Sequence[str]) -> None:
    """Print them. Raises VitrinaError."""
    parser = argparse.ArgumentParser(
        prog="python -m training versions", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("repository", help="org/name on the Hub, or the folder that plays its part")
    parser.add_argument(
        "--kind", choices=KINDS, help="where several on the Hub have that name; else a model first"
    )
    told = parser.parse_args(list(arguments))
    repository = find_repository(told.repository, told.kind)
    there = champion(repository)
    known = versions(repository)
    if not known:
        print(f"{repository.name} has no version yet.")
    for one in known:
        if MANIFEST not in repository.files(one.revision):
            print(f"{one.name:5} {one.revision[:12]}  not published by Vitrina")
            continue
        manifest = manifest_of(repository.read(MANIFEST, revision=one.revision))
        mark = (
            f"  <- {alias_of(repository.kind)} since {there.since}"
            if there and there.version == one.name
            else ""
        )
        figure = _figure(manifest)
        print(f"{one.name:5} {one.revision[:12]}  {manifest.created}{'  ' if figure else ''}{figure}{mark}")
        if manifest.forced:
            print(f"{'':20}published in spite of the gate: {manifest.forced}")
    for entry in history(repository):
        print(
            f"  {entry.at}  {entry.action} {entry.version} by {entry.by}{': ' + entry.reason if entry.reason else ''}"
        )


def _figure(manifest: Manifest) -> str:
    figures = (manifest.test or {}).get("figures", {})
    for name in ("accuracy", "mean_average_precision", "mae"):
        if figures.get(name, {}).get("value") is not None:
            figure = figures[name]
            low, high = figure["interval"]
            return f"{name} {figure['value']:.3f} ({low:.3f} to {high:.3f}, n {figure['n']})"
    return ""
