"""Which run is best on the same test pictures, and whether the others are really behind."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vitrina.measures.compared import SHOWN, compare
from vitrina.measures.measured import read_run
from vitrina.measures.paired import PAIRED_RESAMPLES


def main(arguments: Sequence[str]) -> None:
    """Print the table and what the tests say; write both where a folder is named. Raises VitrinaError."""
    told = _parsed(arguments)
    runs = [read_run(Path(folder)) for folder in told.runs]
    report = compare(runs, seed=told.seed, resamples=told.resamples)
    print("\n".join([*_lined_up(_cells(report)), "", *sentences(report)]))
    if told.output_dir is not None:
        folder = Path(told.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        (folder / "compare.json").write_text(text, encoding="utf-8")
        (folder / "compare.md").write_text(markdown(report), encoding="utf-8")


def sentences(report: dict[str, Any]) -> list[str]:
    """What was measured, then one sentence for each test against the best."""
    n, tests = report["data"]["n"], report["tests"]
    said = [f"{n} test pictures, the same for all; 95 % intervals over resampled pictures in brackets."]
    if len(tests) > 1:
        said.append(f"p values corrected for {len(tests)} comparisons (Holm 1979).")
    return said + [_sentence(test, report["tested"], n) for test in tests]


def markdown(report: dict[str, Any]) -> str:
    """The table and the sentences, as GitHub and the Hub show them."""
    header, *rows = [[cell.replace("|", "\\|") for cell in row] for row in _cells(report)]
    lines = [header, ["---"] * len(header), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"# Runs compared\n\n{table}\n\n" + "\n".join(f"- {each}" for each in sentences(report)) + "\n"


def _sentence(test: dict[str, Any], tested: str, n: int) -> str:
    p = probability(test["p_adjusted"])
    if test["ahead"] is None:
        return f"{test['best']} and {test['other']}: no difference that {n} pictures could show, {p}."
    behind = test["other"] if test["ahead"] == test["best"] else test["best"]
    value, interval = test["difference"]["value"], test["difference"]["interval"]
    between = f" ({interval[0]:+.3f} to {interval[1]:+.3f})" if interval else ""
    difference = f"{tested} of {test['best']} less that of {test['other']} {value:+.3f}{between}"
    return f"{test['ahead']} is better than {behind}, {p}: {difference}."


def probability(p: float) -> str:
    """ "p = 0.03", "p < 0.001"."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def _cells(report: dict[str, Any]) -> list[list[str]]:
    """Header and one row a run, best first."""
    shown = list(SHOWN[report["task"]])
    rows = [["name", "model", "mode", *shown, "minutes", "parameters"]]
    for run in report["runs"]:
        minutes, parameters = run["minutes"], run["parameters"]
        rows.append(
            [
                run["name"],
                run["model"] or "-",
                run["mode"] or "-",
                *(_figure(run["figures"][name]) for name in shown),
                "-" if minutes is None else f"{minutes:.1f}",
                "-" if parameters is None else f"{parameters:,}",
            ]
        )
    return rows


def _figure(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return "-"
    interval = figure["interval"]
    return f"{figure['value']:.3f}" + (f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else "")


def _lined_up(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(f"{cell:{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training compare", description=__doc__, allow_abbrev=False
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folders of runs that were evaluated")
    parser.add_argument("--output_dir", help="folder for compare.json and compare.md")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same intervals")
    parser.add_argument(
        "--resamples", type=int, default=PAIRED_RESAMPLES, help="draws of the paired bootstrap"
    )
    return parser.parse_args(list(arguments))
