"""A working folder as the stages leave it, out of pictures that are made here."""

from __future__ import annotations

import io
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageFilter

from training.arguments import CollectArguments
from training.collect import collect
from vitrina.pile import Pile, open_pile

END = "</script><script>window.pwned = true</script>"
BOLD = "<b>bold & $x_1$"
TRICK = "\"><img src=x onerror='window.pwned = true'>.png"
CLASSES = (BOLD, "glass", "metal")
EACH = 8


def picture(seed: int, *, size: tuple[int, int] = (48, 36)) -> Image.Image:
    """Blobs of colour that no other seed gives."""
    drawn = random.Random(seed)
    coarse = Image.new("RGB", (6, 4))
    coarse.putdata([tuple(drawn.randrange(256) for _ in range(3)) for _ in range(24)])
    return coarse.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1))


def saved(image: Image.Image, *, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def make_pile(folder: Path) -> None:
    """Three classes of eight; in glass a copy by bytes, a smaller one; in metal a copy of a glass one, a broken one."""
    for place, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number in range(EACH):
            image = picture(100 * place + number, size=(48, 36) if number % 2 else (36, 48))
            (folder / name / f"{number}.png").write_bytes(saved(image))
    glass, metal = folder / "glass", folder / "metal"
    (glass / "copy.png").write_bytes((glass / "0.png").read_bytes())
    (glass / "small.png").write_bytes(saved(picture(101).resize((24, 18))))
    (metal / "torn.png").write_bytes((glass / "2.png").read_bytes())
    (metal / TRICK).write_bytes(saved(picture(999).convert("L")))
    (metal / "broken.png").write_bytes((metal / "1.png").read_bytes()[:80])
    (folder / "notes.txt").write_text("not a picture", encoding="utf-8")


def collected(work: Path, pile: Path) -> Pile:
    """The real stage on the pile, without features."""
    told = CollectArguments(output_dir=str(work), backbone="none", processes=1)
    return open_pile(collect(str(pile), told, seed=0))


class Reports:
    """Reports of the later stages, written by the contract's schema about the rows of a collection."""

    def __init__(self, work: Path, pile: Pile) -> None:
        self.work = work
        self.collected = pile.report
        self.rows = {
            str(row["file_name"]): {**row, "row": number}
            for number, row in enumerate(pile.survey.to_dict("records"))
        }

    def picture(self, name: str, *, kept: bool) -> dict[str, Any]:
        row = self.rows[name]
        keys = ("picture_id", "file_name", "label", "width", "height", "sharpness")
        return {key: row[key] for key in keys} | {"kept": kept}

    def cluster(self, kind: str, names: Sequence[str], *, conflict: bool = False) -> dict[str, Any]:
        """The first of `names` stays, or all of them where their labels differ."""
        pictures = [self.picture(name, kept=conflict or place == 0) for place, name in enumerate(names)]
        return {"id": self.rows[names[0]]["row"], "kind": kind, "conflict": conflict, "pictures": pictures}

    def line(self, name: str, kinds: Mapping[str, str], **more: Any) -> dict[str, Any]:
        row = self.rows[name]
        partners = [self.rows[one]["picture_id"] for one in more.pop("partners", ())]
        told = {key: row[key] for key in ("picture_id", "file_name", "label", "row")}
        told |= {"kinds": list(kinds), "reasons": list(kinds.values()), "score": 0.9, "suggestion": None}
        return told | {"partners": partners} | more

    def clean(self, queue: Sequence[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """WORK/cleaned: one exact copy and one near copy out, one picture relabelled, one removed."""
        clusters = [
            self.cluster("bytes", ["glass/0.png", "glass/copy.png"]),
            self.cluster("near", ["glass/1.png", "glass/small.png"]),
            self.cluster("bytes", ["glass/2.png", "metal/torn.png"], conflict=True),
        ]
        decided = [self.event("metal/6.png", "relabel", "glass"), self.event("metal/7.png", "remove", None)]
        after = dict(self.collected["classes"]) | {"glass": 9, "metal": 8}
        counts = self.collected["counts"]
        report = {
            "stage": "clean",
            "vitrina": "0",
            "input": {"fingerprint": self.collected["fingerprint"], "pictures": counts["taken"]},
            "settings": {"remove": "near", "label_errors": True},
            "counts": {
                "original": counts["found"],
                "quarantined": counts["quarantined"],
                "pictures": counts["taken"],
                "exact_duplicates": 1,
                "near_duplicates": 1,
                "relabelled": 1,
                "irrelevant": 1,
                "final": counts["taken"] - 3,
            },
            "classes": {"before": self.collected["classes"], "after": after},
            "clusters": clusters,
            "removed": [],
            "decided": decided,
            "related": {"pairs": 3, "groups": 1, "pictures": 4},
            "review": {
                "total": len(queue),
                "kinds": dict(Counter(kind for line in queue for kind in line["kinds"])),
                "file": "review_queue.jsonl",
            },
            "fingerprint": "f" * 64,
        }
        lines = "".join(json.dumps(line | {"rank": rank + 1}) + "\n" for rank, line in enumerate(queue))
        self.write("cleaned/review_queue.jsonl", lines)
        return self.write("cleaned/clean_report.json", report | more)

    def event(self, name: str, kind: str, label: str | None) -> dict[str, Any]:
        row = self.rows[name]
        told = {"picture_id": row["picture_id"], "kind": kind, "label": label, "replaces": row["label"]}
        return told | {"annotator": "Ana", "made": "2026-01-02T03:04:05Z"}

    def split(self, **more: Any) -> dict[str, Any]:
        """WORK/split: 24 pictures on three sides; two leaking groups before, none after."""
        counts = {"train": 6, "validation": 1, "test": 1}
        sides = [
            self.rows[name] | {"side": side}
            for name, side in (("glass/0.png", "train"), ("glass/copy.png", "test"))
        ]
        keys = ("picture_id", "file_name", "label", "side")
        example = [{key: row[key] for key in keys} for row in sides]
        report = {
            "stage": "split",
            "vitrina": "0",
            "input": {"fingerprint": "f" * 64, "pictures": 24},
            "settings": {"shares": {"train": 0.75, "validation": 0.125, "test": 0.125}, "seed": 0},
            "said": "New splits: train, validation, test.",
            "counts": {
                side: {
                    "pictures": 3 * n, "rows": 3 * n, "groups": 3 * n, "classes": dict.fromkeys(CLASSES, n)
                }
                for side, n in counts.items()
            },
            "left_out": [example[0] | {"reason": "no label"}],
            "leaks": {
                "before": {
                    "what": "a random split by picture", "groups": 2, "pictures": 5, "examples": [example]
                },
                "after": {"what": "the splits as written", "groups": 0, "pictures": 0, "examples": []},
            },
            "class_weights": None,
            "balance": None,
            "hashes": {side: letter * 64 for side, letter in zip(counts, "abc", strict=True)},
            "fingerprint": "e" * 64,
        }  # fmt: skip
        return self.write("split/split_report.json", report | more)

    def write(self, name: str, value: Any) -> Any:
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = value if isinstance(value, str) else json.dumps(value, indent=2)
        path.write_text(text, encoding="utf-8")
        return value


def usual_queue(reports: Reports) -> list[dict[str, Any]]:
    """Six doubts; one picture has two reasons, one reason is hostile."""
    return [
        reports.line("glass/2.png", {"label_conflict": "glass here, metal there"}, partners=["metal/torn.png"]),
        reports.line(
            "glass/3.png", {"label_error": "glass 0.02, metal 0.95"}, suggestion="metal", partners=["metal/3.png"]
        ),
        reports.line("metal/4.png", {"label_error": END, "dark": "mean grey level 9"}, suggestion=BOLD),
        reports.line(f"{BOLD}/5.png", {"blurred": "sharpness 2.1, median 310"}),
        reports.line(f"metal/{TRICK}", {"outlier": "further than all the others"}),
        reports.line("metal/5.png", {"never_heard_of": "a kind of a later version"}),
    ]  # fmt: skip
