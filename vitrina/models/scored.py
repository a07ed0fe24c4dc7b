"""A classifier's answers on labelled pictures of a source, scored."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest, PictureRefused
from vitrina.models.inputs import as_rgb
from vitrina.models.measure import measure, wilson_interval
from vitrina.prediction import Prediction

if TYPE_CHECKING:
    from vitrina.models.classifier import Classifier
    from vitrina.readers.item import Item, Source


def labelled(items: Sequence[Item], classifier: Classifier) -> list[Item]:
    """The items, all of which carry a label the classifier can give. Raises BadRequest."""
    known = set(classifier.labels.names)
    other = sorted({str(item.label) for item in items if item.label not in known})
    if other or not items:
        raise BadRequest(
            f"class folders named among {', '.join(classifier.labels.names[:20])}",
            f"{', '.join(other[:20])}" if other else "no pictures",
            "Point --data to one folder a class, named as the classes are.",
        )
    return list(items)


def predict_all(
    classifier: Classifier, source: Source, items: Sequence[Item], *, batch_size: int
) -> tuple[list[tuple[Item, Prediction]], list[dict[str, str]]]:
    """(item, prediction) of every picture of `source` among `items` that decodes; name and reason of the others."""
    rows: list[tuple[Item, Prediction]] = []
    refused: list[dict[str, str]] = []
    decoded = _decoded(source, items, refused)
    while batch := list(islice(decoded, max(1, batch_size))):
        predictions = classifier.predict([image for _, image in batch], batch_size=max(1, batch_size))
        rows += [(item, prediction) for (item, _), prediction in zip(batch, predictions, strict=True)]
        if sys.stderr.isatty():
            print(f"\r{len(rows) + len(refused)} of {len(items)}", end="", file=sys.stderr)
    return rows, refused


def _decoded(
    source: Source, items: Sequence[Item], refused: list[dict[str, str]]
) -> Iterator[tuple[Item, Any]]:
    for item, data in source.read(items):
        try:
            if isinstance(data, PictureRefused):
                raise data
            yield item, as_rgb(data)
        except PictureRefused as error:
            refused.append({"file_name": item.file_name, "reason": f"{error.reason}: {error}"})


def score(rows: Sequence[tuple[Item, Prediction]], classifier: Classifier) -> dict[str, Any]:
    """Figures over all pictures as if it never abstained, then over those it answers.

    Raises BadRequest where there are no rows.
    """
    truth = [str(item.label) for item, _ in rows]
    overall = measure([prediction.top_label for _, prediction in rows], truth, classifier.labels)
    answered = [(item, prediction) for item, prediction in rows if not prediction.abstained]
    right = sum(prediction.top_label == item.label for item, prediction in answered)
    return {
        "revision": classifier.revision,
        **overall,
        "not_measured": [
            name for name in classifier.labels.names if not overall["per_class"][name]["support"]
        ],
        "abstention": {
            "abstain_below": classifier.abstain_below,
            "answered": len(answered),
            "coverage": len(answered) / len(rows),
            "accuracy": right / len(answered) if answered else None,
            "interval": list(wilson_interval(right, len(answered))),
        },
    }


def table(report: dict[str, Any]) -> str:
    """The figures for a terminal; shares as they are, 0 to 1."""
    low, high = report["interval"]
    lines = [
        f"{report['revision']} on {report['data']}",
        f"accuracy {report['accuracy']:.3f} (95 % interval {low:.3f} to {high:.3f}, n = {report['n']}), "
        f"macro F1 {report['macro_f1']:.3f}",
        "",
        f"{'class':16} precision  recall      F1  support",
    ]
    for name, figures in report["per_class"].items():
        if figures["support"] or figures["precision"] is not None:
            shares = "  ".join(f"{_share(figures[key]):>6}" for key in ("precision", "recall", "f1"))
            lines.append(f"{name:16}    {shares}  {figures['support']:7d}")
    abstention = report["abstention"]
    low, high = abstention["interval"]
    lines += [
        "",
        f"answers {abstention['answered']} (coverage {abstention['coverage']:.3f}) at "
        f"{abstention['abstain_below']}; accuracy of those {_share(abstention['accuracy'])} "
        f"({low:.3f} to {high:.3f})",
    ]
    if report["not_measured"]:
        lines.append(f"not measured, no pictures: {', '.join(report['not_measured'][:20])}")
    lines += [f"left out: {each['file_name']} ({each['reason']})" for each in report["refused"]]
    return "\n".join(lines)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def write(report: dict[str, Any], rows: Sequence[tuple[Item, Prediction]], folder: Path) -> None:
    """eval_results.json with the figures, predictions.jsonl with one line a picture."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (folder / "eval_results.json").write_text(text, encoding="utf-8")
    with (folder / "predictions.jsonl").open("w", encoding="utf-8") as stream:
        for item, prediction in rows:
            line = {"file_name": item.file_name, "label": item.label} | asdict(prediction)
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
